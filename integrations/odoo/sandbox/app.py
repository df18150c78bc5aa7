"""From a path to the layer that answers it."""

from __future__ import annotations

from urllib.parse import quote

import orjson

from . import control, json2, pages, rpc_json, rpc_xml
from .engine import Engine
from .http_types import JSON, XML, Request, Response, page, redirect
from .service import version


def answer(engine: Engine, request: Request) -> Response:
    """Answer one request; never raises for bad input."""
    path = request.path
    if path.startswith("/_sandbox/"):
        return control.handle(engine, request)
    if path == "/jsonrpc":
        if request.method != "POST":
            return page(405, "Method Not Allowed", "The method is not allowed for the requested URL.")
        return Response(200, rpc_json.handle(engine, request.body), JSON)
    if path in ("/xmlrpc/2/common", "/xmlrpc/2/object"):
        if request.method != "POST":
            return page(405, "Method Not Allowed", "The method is not allowed for the requested URL.")
        return Response(200, rpc_xml.handle(engine, path.rsplit("/", 1)[1], request.body), XML)
    if path.startswith(json2.PREFIX):
        return json2.handle(engine, request)
    if path == "/web/version" and engine.series >= 19:
        own = version(engine.series)
        short = {"version": own["server_version"], "version_info": own["server_version_info"]}
        return Response(200, orjson.dumps(short), JSON)
    if path == "/web/login":
        return page(200, "Log in", "This is a sandbox: its pages need no log-in. Go to /odoo.")
    if path == "/mail/view":
        params = request.params()
        return redirect(f"/odoo/{quote(params.get('model', ''))}/{quote(params.get('res_id', ''))}")
    if path in ("/web", "/web/"):
        return redirect("/odoo")
    if path == "/":
        return redirect("/odoo")
    if path == "/odoo" or path.startswith("/odoo/"):
        return pages.handle(engine, request)
    return page(404, "Not Found", "The requested URL was not found on the server.")

"""``/json/2/<model>/<method>`` of series 19: named arguments in, the bare result out, errors by status."""

from __future__ import annotations

import inspect
from typing import Any

import orjson

from .engine import Engine
from .errors import BuiltinError, HttpError, OdooError
from .http_types import JSON, Request, Response, page, redirect
from .rpc_json import OPTIONS, describe, plain

PREFIX = "/json/2/"


def handle(engine: Engine, request: Request) -> Response:
    """Answer one JSON-2 request. 16 does not know the path, 18 sends it to its login page."""
    if engine.series <= 16:
        return page(404, "Not Found", "The requested URL was not found on the server.")
    if engine.series < 19:
        return redirect("/web/login")
    if request.headers.get("x-odoo-database", engine.name) != engine.name:
        return page(404, "Not Found", "No database is selected and the requested URL was not found in the server.")
    if not request.headers.get("content-type", "").startswith("application/json"):
        return page(415, "Unsupported Media Type", "Request inferred type is compatible with http, not with json.")
    if request.method != "POST":
        return page(405, "Method Not Allowed", "The method is not allowed for the requested URL.")
    try:
        result = _call(engine, request)
        return Response(200, orjson.dumps(plain(engine, result), option=OPTIONS), JSON)
    except OdooError as error:
        extra = (("WWW-Authenticate", "Bearer "),) if error.status == 401 else ()
        return Response(error.status, orjson.dumps(describe(error), option=OPTIONS), JSON, extra)


def _call(engine: Engine, request: Request) -> Any:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise HttpError(
            "Unauthorized", "User not authenticated, use an API Key with a Bearer Authorization header.", 401
        )
    uid = engine.user_of_key(key.strip())
    model_name, _, method_name = request.path.removeprefix(PREFIX).partition("/")
    model = engine.models.get(model_name)
    if model is None or (model_name.startswith("crm.") and not engine.settings.crm_installed):
        raise HttpError("NotFound", f"the model '{model_name}' does not exist", 404)
    try:
        method, kind = engine.method(model, method_name)
    except BuiltinError as error:
        raise HttpError("NotFound", error.message, 404) from None
    arguments = _arguments(request.body)
    context = dict(arguments.pop("context", None) or {})
    first = [arguments.pop("ids", [])] if kind == "records" else []
    try:
        inspect.signature(method).bind(None, *first, **arguments)
    except TypeError as error:
        raise HttpError("UnprocessableEntity", str(error), 422) from None
    return engine.run(uid, model_name, method_name, context, lambda env: method(env, *first, **arguments))


def _arguments(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        arguments = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HttpError("BadRequest", "The body is not valid JSON", 400) from None
    if not isinstance(arguments, dict):
        raise HttpError("BadRequest", "The body must be a JSON object", 400)
    return arguments

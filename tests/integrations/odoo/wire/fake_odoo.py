"""A few lines over a real socket that answer like Odoo, for what recordings and sandbox do not show."""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response


class FakeOdoo:
    """Per method ("read") or model and method ("res.users.read") a value, a `refusal`, or a function of the arguments.

    Speaks JSON-RPC and JSON-2. `calls` keeps (way, method, arguments) of every request.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("")
        self.series = 18
        self.answers: dict[str, Any] = {"context_get": {"lang": "en_US", "tz": "UTC", "uid": 7}}
        self.calls: list[tuple[str, str, Any]] = []
        server.expect_request("/jsonrpc").respond_with_handler(self.jsonrpc)
        server.expect_request("/web/version").respond_with_handler(self.web_version)
        server.expect_request(re.compile("/json/2/.*")).respond_with_handler(self.json2)

    def answer(self, model: str, method: str, args: Any) -> Any:
        answers = {
            "version": {"server_version": f"{self.series}.0", "server_version_info": [self.series, 0]},
            "authenticate": 7,
            **self.answers,
        }
        found = answers.get(f"{model}.{method}", answers.get(method))
        return found(*args) if callable(found) else found

    def jsonrpc(self, request: Request) -> Response:
        params = json.loads(request.data)["params"]
        args = params["args"]
        if params["service"] == "common":
            model, method, given = "", params["method"], args
        else:
            model, method, given = args[3], args[4], args[5:]
        self.calls.append(("jsonrpc", method, given))
        answer = self.answer(model, method, given)
        body = answer if isinstance(answer, dict) and "error" in answer else {"result": answer}
        return self.response({"jsonrpc": "2.0", "id": 1, **body})

    def json2(self, request: Request) -> Response:
        _, _, _, model, method = request.path.split("/")
        body = json.loads(request.data)
        self.calls.append(("json2", method, body))
        return self.response(self.answer(model, method, [list(body.values()), {}]))

    def web_version(self, request: Request) -> Response:
        self.calls.append(("http", "version", None))
        return self.response({"version": f"{self.series}.0", "version_info": [self.series, 0]})

    def response(self, body: Any) -> Response:
        return Response(json.dumps(body), content_type="application/json")

    def methods(self) -> list[str]:
        return [method for _, method, _ in self.calls]

    def last(self) -> Any:
        return self.calls[-1][2]


def refusal(name: str, message: str = "") -> dict[str, Any]:
    """An exception of Odoo as JSON-RPC tells it."""
    return {"error": {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": message}}}

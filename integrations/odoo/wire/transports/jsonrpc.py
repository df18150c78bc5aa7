"""JSON-RPC at /jsonrpc: Odoo 15 to 21. Every answer is HTTP 200; errors stand in the body."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.errors import RateLimited
from integrations.network.http import HttpReply
from integrations.odoo.wire.classify import Asked, named_error, reply_error
from integrations.odoo.wire.transports.base import Call, Login, WireRequest, to_json

NO_SUCH_PAGE = "No Odoo answers at this address: it has no /jsonrpc."


class JsonRpc:
    """See `base.Transport`."""

    name = "jsonrpc"
    needs_uid = True

    def __init__(self, login: Login) -> None:
        self._login = login

    def version_request(self) -> WireRequest:
        return self._wire("common", "version", [])

    def read_version(self, reply: HttpReply) -> dict[str, Any]:
        value = self.read(reply, Asked(method="version"))
        return value if isinstance(value, dict) else {}

    def uid_request(self) -> WireRequest:
        login = self._login
        return self._wire("common", "authenticate", [login.database, login.username, login.secret, {}])

    def read_uid(self, reply: HttpReply) -> int | None:
        value = self.read(reply, Asked(method="authenticate"))
        return value if isinstance(value, int) and value else None

    def request(self, call: Call, uid: int) -> WireRequest:
        login = self._login
        args = [login.database, uid, login.secret, call.model, call.method, list(call.args), call.named()]
        return self._wire("object", "execute_kw", args)

    def _wire(self, service: str, method: str, args: list[Any]) -> WireRequest:
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 1,
            "params": {"service": service, "method": method, "args": args},
        }
        return WireRequest("POST", "/jsonrpc", {"Content-Type": "application/json"}, to_json(body))

    def read(self, reply: HttpReply, asked: Asked) -> Any:
        if reply.status in (429, 503):
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE)
        try:
            body = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE)
        error = body.get("error")
        data = error.get("data") if isinstance(error, dict) else None
        if isinstance(error, dict) and (isinstance(data, dict) or reply.status == 200):
            data = data if isinstance(data, dict) else {}
            text = str(data.get("message") or error.get("message") or "")
            found = named_error(str(data.get("name") or ""), text, asked)
            if isinstance(found, RateLimited):
                found.retry_after = reply.retry_after
            raise found
        if reply.status != 200 or "jsonrpc" not in body:
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE)
        return body.get("result")

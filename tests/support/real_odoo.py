"""A real Odoo in place of the sandbox, for tests that say what both sides hold at the end.

PROPERTY_ODOO_URL, _DB, _USERNAME and _API_KEY name the server and Tandem's user, PROPERTY_ODOO_ADMIN and
_ADMIN_API_KEY an administrator who plays the people there. Its leads, partners and tags are deleted before each
example, therefore only a server on this machine is taken.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.support.sandbox import Control, ControlError, RunningSandbox

TWO_WAY = ("crm.lead", "res.partner", "crm.tag", "res.partner.category")
NOT_DUMPED = ("one2many", "binary", "reference", "properties", "properties_definition")


@dataclass
class RealControl(Control):
    """What the tests use of the sandbox's control API, done by the administrator over JSON-RPC."""

    database: str = ""
    admin: str = "admin"
    admin_key: str = ""
    seen: dict[str, dict[int, str]] = field(default_factory=dict)

    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def _rpc(self, service: str, method: str, *args: Any) -> Any:
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=150)
        try:
            connection.request("POST", "/jsonrpc", orjson.dumps(body), {"Content-Type": "application/json"})
            answer = orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise ControlError(f"{args[3:5]}: {answer['error']['data']['message']}")
        return answer.get("result")

    @cached_property
    def _uid(self) -> int:
        return int(self._rpc("common", "authenticate", self.database, self.admin, self.admin_key, {}))

    def health(self) -> dict[str, Any]:
        """Which Odoo it is."""
        return {"ok": True, "series": int(self._rpc("common", "version")["server_version_info"][0])}

    def call(self, model: str, method: str, *args: Any, user: str = "admin", **kwargs: Any) -> Any:
        return self._rpc("object", "execute_kw", self.database, self._uid, self.admin_key, model, method, args, kwargs)

    def reset(self, **_values: Any) -> None:
        """Delete every lead, tag and partner but those of users and companies."""
        own = [*self._all("res.users", "partner_id"), *self._all("res.company", "partner_id")]
        keep = [row["partner_id"] for row in own]
        for model in TWO_WAY:
            domain = [["id", "not in", keep]] if model == "res.partner" else []
            if found := self.call(model, "search", domain, context={"active_test": False}):
                self.call(model, "unlink", found)
        self.reset_counters()

    def reset_counters(self) -> None:
        self.seen = self._written()

    def counters(self) -> dict[str, Any]:
        """`calls` names a load per model in which a write_date moved or a record came; how often is not known."""
        before, now = self.seen, self._written()
        moved = {
            f"{model}.load": sum(1 for key, date in rows.items() if before.get(model, {}).get(key) != date)
            for model, rows in now.items()
        }
        return {"calls": {name: count for name, count in moved.items() if count}}

    def dump(self, model: str, *fields: str) -> list[dict[str, Any]]:
        rows = self._all(model, *(fields or self._names(model)))
        owned: dict[int, list[str]] = {}
        for entry in self.call("ir.model.data", "search_read", [["model", "=", model]], ["complete_name", "res_id"]):
            owned.setdefault(entry["res_id"], []).append(entry["complete_name"])
        return [{**row, "xmlids": owned.get(row["id"], [])} for row in rows]

    def _written(self) -> dict[str, dict[int, str]]:
        return {model: {row["id"]: row["write_date"] for row in self._all(model, "write_date")} for model in TWO_WAY}

    def _all(self, model: str, *fields: str) -> list[dict[str, Any]]:
        found = self.call(model, "search_read", [], list(fields), order="id", load="", context={"active_test": False})
        rows: list[dict[str, Any]] = found
        return rows

    def _names(self, model: str) -> tuple[str, ...]:
        if model not in self.known:
            infos = self.call(model, "fields_get", [], ["type", "store"])
            self.known[model] = tuple(
                name for name, info in infos.items() if info.get("store") and info["type"] not in NOT_DUMPED
            )
        return self.known[model]


@dataclass
class RealOdoo(RunningSandbox):
    """A server that runs already, under the names that the sandbox's own has."""

    real: RealControl | None = None

    @property
    def control(self) -> RealControl:
        assert self.real is not None
        return self.real


def real_odoo() -> RealOdoo | None:
    """The server that the environment names, or None. Raises RuntimeError when it is not on this machine."""
    url = os.environ.get("PROPERTY_ODOO_URL", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.hostname != "127.0.0.1":
        raise RuntimeError("PROPERTY_ODOO_URL must be at 127.0.0.1: what the server holds is deleted")
    told = {name: os.environ[f"PROPERTY_ODOO_{name}"] for name in ("DB", "USERNAME", "API_KEY", "ADMIN_API_KEY")}
    control = RealControl(
        parts.port or 80,
        database=told["DB"],
        admin=os.environ.get("PROPERTY_ODOO_ADMIN", "admin"),
        admin_key=told["ADMIN_API_KEY"],
    )
    return RealOdoo(
        series=control.health()["series"],
        port=control.port,
        data=Path(),
        options=(),
        database=told["DB"],
        username=told["USERNAME"],
        api_key=told["API_KEY"],
        real=control,
    )

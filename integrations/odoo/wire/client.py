"""The door to one Odoo: every remote call of this product to Odoo is a method here.

One call is one transaction in Odoo. Nothing is retried: an error's class says what to do, and the outbox does it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from integrations.errors import (
    AuthRejected,
    ConfigError,
    IntegrationError,
    MethodUnknown,
    PermanentError,
    RecordMissing,
    RightMissing,
    UnknownOutcome,
)
from integrations.network.http import HttpDoor, HttpReply
from integrations.odoo.wire.classify import Asked
from integrations.odoo.wire.line import Line
from integrations.odoo.wire.results import (
    ExternalRef,
    FieldInfo,
    LoadResult,
    ServerVersion,
    check_load,
    parse_version,
    read_field_infos,
    read_load_result,
)
from integrations.odoo.wire.target import CallInfo, CallRecord, OdooTarget, base_url
from integrations.odoo.wire.transports.base import NO_VALUE, Call, Login, Transport, WireRequest
from integrations.odoo.wire.transports.json2 import Json2
from integrations.odoo.wire.transports.jsonrpc import JsonRpc
from integrations.odoo.wire.transports.xmlrpc import XmlRpc

__all__ = [
    "NO_VALUE",
    "CallInfo",
    "CallRecord",
    "ExternalRef",
    "FieldInfo",
    "LoadResult",
    "OdooClient",
    "OdooTarget",
    "ServerVersion",
    "base_url",
]

TRANSPORTS: dict[str, Callable[[Login], Transport]] = {"jsonrpc": JsonRpc, "xmlrpc": XmlRpc, "json2": Json2}
FIRST_JSON2_SERIES = 19

# Everything else may change something, whatever the caller says: its lost answer is an unknown outcome.
READ_METHODS = frozenset(
    {
        "authenticate",
        "check_access_rights",
        "check_object_reference",
        "context_get",
        "default_get",
        "fields_get",
        "formatted_read_group",
        "get_external_id",
        "get_metadata",
        "has_access",
        "has_group",
        "name_get",
        "name_search",
        "read",
        "read_group",
        "search",
        "search_count",
        "search_read",
        "version",
        "web_read",
        "web_search_read",
    }
)
FIELD_ATTRIBUTES = ("string", "type", "selection", "required", "readonly", "relation", "store")


class OdooClient:
    """Calls one Odoo as one user. May be shared by threads; opens connections lazily, after a fork too.

    `http`: a door to share, else an own one; `before_call`: told of every request right before its bytes leave, may
    raise to keep it here; `on_call`: told of every request that ended (its exceptions are logged, not raised);
    `on_close`: called when the client is closed; `on_refused`: told of a call that names companies and lacks a right,
    may raise a better reason; `uid`: the user's id when known, which saves half a second of `authenticate`;
    `context`: what every call says, unless it says otherwise itself.

    Every method may raise any IntegrationError. A write (`load`, `create`, …, any method not known as a read) ends
    after 90 s, a read after 60 s; a write without a whole answer raises UnknownOutcome, a read TransientError.
    """

    def __init__(
        self,
        target: OdooTarget,
        *,
        http: HttpDoor | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        before_call: Callable[[CallInfo], None] | None = None,
        on_close: Callable[[], object] | None = None,
        on_refused: Callable[[OdooClient], object] | None = None,
        uid: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        if target.transport != "auto" and target.transport not in TRANSPORTS:
            raise ConfigError(f"“{target.transport}” is not a transport: auto, jsonrpc, xmlrpc or json2.")
        self.target = target
        url = base_url(target.url)
        self._own_door = http is None
        self._door = http or HttpDoor(allowed_hosts=target.allowed_hosts)
        self._line = Line(self._door, url, secret=target.secret, before_call=before_call, on_call=on_call)
        self._on_close = on_close
        self._on_refused = on_refused
        self._login = Login(target.database, target.username, target.secret)
        self._transport: Transport | None = None
        self._version: ServerVersion | None = None
        self._uid = uid
        self._context = dict(context or {})
        self._lock = threading.RLock()

    # --- the server and the user ---

    def version(self, *, refresh: bool = False) -> ServerVersion:
        """The server's version, asked once without credentials."""
        with self._lock:
            if self._version is None or refresh:
                self._version = self._ask_version()
            return self._version

    @property
    def transport(self) -> Transport:
        """The transport in use; asks for the version first when it is "auto"."""
        with self._lock:
            if self._transport is None:
                name = self.target.transport
                if name == "auto":
                    name = "json2" if self.version().series >= FIRST_JSON2_SERIES else "jsonrpc"
                self._transport = TRANSPORTS[name](self._login)
            return self._transport

    @property
    def uid(self) -> int:
        """The user's database id; asked for once and kept until Odoo refuses the user. Raises AuthRejected."""
        with self._lock:
            if self._uid is None:
                self._uid = self._ask_uid()
            return self._uid

    @property
    def clock_offset(self) -> timedelta | None:
        """How far Odoo's clock is ahead of ours, to about a second, by the last answer; None before it."""
        return self._line.clock_offset

    # --- calls ---

    def call(
        self,
        model: str,
        method: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        write: bool = False,
    ) -> Any:
        """Call a method and return its value as Odoo gives it, or NO_VALUE when it is done but cannot be told.

        `timeout`: seconds. Methods not known as reads count as writes even with `write=False`.
        """
        said = {**self._context, **context} if context else self._context
        call = Call(model, method, tuple(args), dict(kwargs or {}), said or None)
        write = write or method not in READ_METHODS
        transport = self.transport
        uid = self.uid if transport.needs_uid else 0
        asked = Asked(model, method, write, call.field_names())
        rows = len(call.args[1]) if method == "load" and len(call.args) > 1 else None
        try:
            return self._exchange(
                transport.request(call, uid),
                asked,
                lambda reply: transport.read(reply, asked),
                timeout=timeout,
                rows=rows,
                remote_id=call.record_id(),
            )
        except RightMissing:
            if self._on_refused is not None and said.get("allowed_company_ids"):
                self._on_refused(self)
            raise

    def search(
        self,
        model: str,
        domain: Sequence[Any],
        *,
        order: str = "id",
        limit: int | None = None,
        offset: int = 0,
        context: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Ids that match the domain."""
        kwargs: dict[str, Any] = {"order": order}
        if limit is not None:
            kwargs["limit"] = limit
        if offset:
            kwargs["offset"] = offset
        found = self.call(model, "search", [list(domain)], kwargs, context=context)
        return [int(number) for number in _list(found, "search")]

    def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        order: str = "id",
        limit: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Records that match, with `id` and the named fields; many2one fields as bare ids, empty as False."""
        kwargs: dict[str, Any] = {"fields": list(fields), "order": order, "load": ""}
        if limit is not None:
            kwargs["limit"] = limit
        return _records(self.call(model, "search_read", [list(domain)], kwargs, context=context), "search_read")

    def read(
        self,
        model: str,
        ids: Iterable[int],
        fields: Sequence[str],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Records by id, in the order asked; missing ones are left out. Values as in `search_read`."""
        args = [list(ids), list(fields)]
        return _records(self.call(model, "read", args, {"load": ""}, context=context), "read")

    def load(
        self,
        model: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> LoadResult:
        """Create or update records in one transaction; all or nothing.

        Cells are text. Raises ValueRefused before anything is sent for a row of the wrong length, a cell that is no
        text, a `.id` that is no number (an empty one makes a new record in Odoo 19), or `.id` beside `id`.
        """
        check_load(columns, rows)
        args = [list(columns), [list(row) for row in rows]]
        value = self.call(model, "load", args, context=context, write=True)
        result = read_load_result(value)
        if result is None:
            raise UnknownOutcome("Odoo's answer to a load was not readable.", detail=type(value).__name__)
        return result

    def fields_get(self, model: str, names: Iterable[str]) -> dict[str, FieldInfo]:
        """What Odoo knows about these fields; unknown ones are left out. Never asks for all fields."""
        wanted = list(names)
        if not wanted:
            return {}
        value = self.call(model, "fields_get", [wanted, list(FIELD_ATTRIBUTES)])
        return read_field_infos(value)

    def check_object_reference(
        self, module: str, name: str, *, context: Mapping[str, Any] | None = None
    ) -> ExternalRef:
        """Whether an external id exists. Always asks for archived records too (`active_test: false`).

        "hidden" means that it exists and this user may not see its record: treat as unknown, never as no.
        """
        full = {**(context or {}), "active_test": False}
        try:
            value = self.call("ir.model.data", "check_object_reference", [module, name], context=full)
        except RecordMissing:
            return ExternalRef("missing", None, None)
        except RightMissing:
            # The look-up of the external id has passed: it is the record's model that may not be read.
            return ExternalRef("hidden", None, None)
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise PermanentError("Odoo's answer about an external id was not readable.")
        model, remote_id = value
        if not remote_id:
            return ExternalRef("hidden", str(model), None)
        return ExternalRef("found", str(model), int(remote_id))

    def get_external_ids(self, model: str, ids: Iterable[int]) -> dict[int, str]:
        """The oldest external id of each record, "" for none; every id asked for has an entry.

        Over XML-RPC it needs the right to read the records (`get_metadata`), else no right at all.
        """
        wanted = list(ids)
        if not wanted:
            return {}
        found = dict.fromkeys(wanted, "")
        if self.transport.name == "xmlrpc":
            for row in _records(self.call(model, "get_metadata", [wanted]), "get_metadata"):
                found[int(row["id"])] = row.get("xmlid") or ""
            return found
        value = self.call(model, "get_external_id", [wanted])
        if not isinstance(value, dict):
            raise PermanentError("Odoo's answer about external ids was not readable.")
        found.update({int(key): name or "" for key, name in value.items()})
        return found

    def check_access(self, model: str, operation: str) -> bool:
        """Whether the user may "read", "write", "create" or "unlink" records of the model, by access right."""
        try:
            return self.call(model, "check_access_rights", [operation], {"raise_exception": False}) is True
        except MethodUnknown:
            return self.call(model, "has_access", [[], operation]) is True

    def close(self) -> None:
        """Close the connections, if the door is this client's own; tell whoever listens."""
        if self._own_door:
            self._door.close()
        if self._on_close is not None:
            self._on_close()

    # --- one request ---

    def _ask_version(self) -> ServerVersion:
        first = "jsonrpc" if self.target.transport == "auto" else self.target.transport
        second = "jsonrpc" if first == "json2" else "json2"
        try:
            raw = self._version_by(first)
        except (ConfigError, PermanentError) as error:
            # A server may have closed one of the ways; the first answer is the better explanation.
            try:
                raw = self._version_by(second)
            except IntegrationError:
                raise error from None
        version = parse_version(raw.get("server_version"), raw.get("server_version_info"))
        if version is None:
            raise ConfigError("The server at this address did not say which Odoo it is.")
        return version

    def _version_by(self, name: str) -> dict[str, Any]:
        transport = TRANSPORTS[name](self._login)
        asked = Asked(method="version")
        raw: dict[str, Any] = self._exchange(transport.version_request(), asked, transport.read_version)
        return raw

    def _ask_uid(self) -> int:
        transport = self.transport
        asked = Asked(method="authenticate")

        def read(reply: HttpReply) -> int | None:
            uid = transport.read_uid(reply)
            if uid is None and transport.needs_uid:
                raise AuthRejected("Odoo does not accept this user with this key.")
            return uid

        uid: int | None = self._exchange(transport.uid_request(), asked, read)
        if uid is None:
            # The key is accepted, only its owner was not told.
            found = self.search("res.users", [["login", "=", self.target.username]], limit=1)
            uid = found[0] if found else None
        if uid is None:
            raise AuthRejected("Odoo does not accept this user with this key.")
        return uid

    def _exchange(self, request: WireRequest, asked: Asked, read: Callable[[HttpReply], Any], **known: Any) -> Any:
        try:
            return self._line.exchange(request, asked, read, **known)
        except AuthRejected:
            self._uid = None
            raise


def _list(value: Any, method: str) -> list[Any]:
    if not isinstance(value, list):
        raise PermanentError(f"Odoo's answer to {method} was not a list.", detail=type(value).__name__)
    return value


def _records(value: Any, method: str) -> list[dict[str, Any]]:
    rows = _list(value, method)
    if not all(isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows):
        raise PermanentError(f"Odoo's answer to {method} was not a list of records.")
    return rows

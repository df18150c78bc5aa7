"""What every transport does: write a call down as one HTTP request, and read the reply.

A transport knows no network, no clock and no retry. It holds the secret and puts it into requests only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from integrations.errors import ValueRefused
from integrations.network.http import HttpReply
from integrations.odoo.wire.classify import Asked


class _NoValue:
    """The type of NO_VALUE."""

    def __repr__(self) -> str:
        return "NO_VALUE"

    def __bool__(self) -> bool:
        return False


# The call is done and committed, but Odoo could not write its result down: never send it again, read back instead.
NO_VALUE: Final = _NoValue()


@dataclass(frozen=True, slots=True)
class Login:
    """Who calls which database. The secret is an API key or a password and stays out of `repr`."""

    database: str
    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One method call on a model, as Python writes it: positional and named arguments, and the context."""

    model: str
    method: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] | None = None

    def named(self) -> dict[str, Any]:
        """The named arguments with the context among them."""
        named = dict(self.kwargs)
        if self.context is not None:
            named["context"] = dict(self.context)
        return named

    def record_id(self) -> int | None:
        """The record that the call is about, when it is one alone that exists already."""
        if self.method == "load":
            columns, rows = self.args or (self.kwargs["fields"], self.kwargs["data"])
            return int(rows[0][list(columns).index(".id")]) if len(rows) == 1 and ".id" in columns else None
        ids = self.args[0] if self.args else None
        alone = isinstance(ids, list) and len(ids) == 1 and type(ids[0]) is int
        return ids[0] if alone and isinstance(ids, list) else None

    def field_names(self) -> list[str]:
        """The fields or columns that the call speaks of, as far as an error may be about one of them."""
        names = self.args[0] if self.method == "load" and self.args else self.kwargs.get("fields", ())
        return [name for name in names if isinstance(name, str)]


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One HTTP request to the server. `path` begins with a slash; `headers` and `content` may hold the secret."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


class Transport(Protocol):
    """One way to speak to Odoo.

    `read` returns the method's value (NO_VALUE when it is done but cannot be told) or raises an IntegrationError;
    `read_version` returns Odoo's own dictionary with `server_version`; `read_uid` returns None when Odoo refused
    the user. `needs_uid`: whether calls carry the user's id, so that it must be asked for first.
    """

    name: str
    needs_uid: bool

    def version_request(self) -> WireRequest: ...

    def read_version(self, reply: HttpReply) -> dict[str, Any]: ...

    def uid_request(self) -> WireRequest: ...

    def read_uid(self, reply: HttpReply) -> int | None: ...

    def request(self, call: Call, uid: int) -> WireRequest: ...

    def read(self, reply: HttpReply, asked: Asked) -> Any: ...


def to_json(value: Any) -> bytes:
    """JSON for Odoo. Raises ValueRefused for what Odoo has no form for: dates as objects (write "2030-01-15 09:00:00"),
    integers beyond 64 bit, halves of surrogate pairs.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError as error:
        # orjson's words name the type, never the value.
        raise ValueRefused("A value of the request cannot be written as JSON.", detail=str(error)) from None

"""XML-RPC at /xmlrpc/2: every Odoo up to 21, twice as slow as JSON-RPC.

Going out:

* XML 1.0 has no form for most control characters (and for U+FFFE, U+FFFF and halves of surrogate pairs): they are
  left out. Tab, line feed and carriage return are kept, the last one as `&#13;`, or a parser would turn it into a
  line feed.
* Integers beyond 32 bit are refused: XML-RPC has no type for them and Odoo's integer fields hold no more.
* None becomes False, which is how Odoo writes empty.

Coming in:

* Document types and entities are refused (defusedxml), so no entity bomb is ever expanded.
* Control characters that some server let through are cut from the reply and it is read again: the batch survives.
* Integers of any length, `<i8>` and `<nil/>` are understood; `<nil/>` is None.
* "cannot marshal None", "dictionary key must be string" and the like come after Odoo has committed: NO_VALUE.
"""

from __future__ import annotations

import base64
import re
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser

from integrations.errors import PermanentError, ValueRefused
from integrations.network.http import HttpReply
from integrations.odoo.wire.classify import Asked, fault_error, reply_error
from integrations.odoo.wire.transports.base import NO_VALUE, Call, Login, WireRequest

NO_SUCH_PAGE = "No Odoo answers at this address: it has no /xmlrpc/2."

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORBIDDEN_BYTES = bytes(code for code in range(32) if code not in (9, 10, 13))
_FORBIDDEN_REFERENCE = re.compile(rb"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")


class XmlRpc:
    """See `base.Transport`."""

    name = "xmlrpc"
    needs_uid = True

    def __init__(self, login: Login) -> None:
        self._login = login

    def version_request(self) -> WireRequest:
        return _wire("common", "version", [])

    def read_version(self, reply: HttpReply) -> dict[str, Any]:
        value = self.read(reply, Asked(method="version"))
        return value if isinstance(value, dict) else {}

    def uid_request(self) -> WireRequest:
        login = self._login
        return _wire("common", "authenticate", [login.database, login.username, login.secret, {}])

    def read_uid(self, reply: HttpReply) -> int | None:
        value = self.read(reply, Asked(method="authenticate"))
        return value if isinstance(value, int) and value else None

    def request(self, call: Call, uid: int) -> WireRequest:
        login = self._login
        args = [login.database, uid, login.secret, call.model, call.method, list(call.args), call.named()]
        return _wire("object", "execute_kw", args)

    def read(self, reply: HttpReply, asked: Asked) -> Any:
        if reply.status != 200 or reply.is_html:
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE)
        try:
            return _tidy(parse(reply.body))
        except xmlrpc.client.Fault as fault:
            error = fault_error(fault.faultCode, str(fault.faultString), asked)
            if error is None:
                return NO_VALUE
            raise error from None
        except DefusedXmlException as error:
            raise PermanentError("The answer holds forbidden XML (entities).", detail=type(error).__name__) from None
        except Exception:
            # Whatever the standard library's reader stumbles over: the answer is not whole.
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE) from None


def _wire(service: str, method: str, params: Sequence[Any]) -> WireRequest:
    body = "".join(write_call(method, params)).encode()
    return WireRequest("POST", f"/xmlrpc/2/{service}", {"Content-Type": "text/xml"}, body)


def write_call(method: str, params: Sequence[Any]) -> Iterator[str]:
    """The pieces of a methodCall document. Raises ValueRefused for values that have no form (see above)."""
    yield f"<?xml version='1.0'?>\n<methodCall><methodName>{method}</methodName><params>"
    for param in params:
        yield "<param>"
        yield from _write(param)
        yield "</param>"
    yield "</params></methodCall>"


def _write(value: Any) -> Iterator[str]:
    if value is None or isinstance(value, bool):
        yield f"<value><boolean>{int(bool(value))}</boolean></value>"
    elif isinstance(value, str):
        yield f"<value><string>{_escape(value)}</string></value>"
    elif isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            raise ValueRefused("XML-RPC carries no integer beyond 32 bit.", detail="OverflowError")
        yield f"<value><int>{value}</int></value>"
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueRefused("XML-RPC carries no infinite number.", detail="float")
        yield f"<value><double>{value!r}</double></value>"
    elif isinstance(value, Mapping):
        yield "<value><struct>"
        for key, item in value.items():
            yield f"<member><name>{_escape(str(key))}</name>"
            yield from _write(item)
            yield "</member>"
        yield "</struct></value>"
    elif isinstance(value, (list, tuple)):
        yield "<value><array><data>"
        for item in value:
            yield from _write(item)
        yield "</data></array></value>"
    else:
        raise ValueRefused("A value of the request cannot be written as XML.", detail=type(value).__name__)


def _escape(text: str) -> str:
    text = _FORBIDDEN.sub("", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def parse(body: bytes) -> Any:
    """The value of a methodResponse. Raises xmlrpc.client.Fault, DefusedXmlException, or whatever is wrong with it."""
    try:
        return _parse(body)
    except ExpatError:
        cleaned = _FORBIDDEN_REFERENCE.sub(b"", body.translate(None, _FORBIDDEN_BYTES))
        cleaned = cleaned.decode("utf-8", "replace").replace("\ufffe", "").replace("\uffff", "").encode()
        if cleaned == body:
            raise
        return _parse(cleaned)


def _parse(body: bytes) -> Any:
    unmarshaller = xmlrpc.client.Unmarshaller(use_builtin_types=True)
    parser = DefusedExpatParser(unmarshaller, forbid_dtd=True)
    parser.feed(body)
    parser.close()
    values = unmarshaller.close()
    return values[0]


def _tidy(value: Any) -> Any:
    """Dates and bytes in the forms that Odoo's JSON has: UTC text with seconds, base64 text."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value

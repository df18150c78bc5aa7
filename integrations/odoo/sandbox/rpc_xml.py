"""``/xmlrpc/2/common`` and ``/xmlrpc/2/object``, with the fault codes and marshalling limits of Odoo.

A result that XML-RPC cannot carry (None, records, integer keys) is a fault although the work is committed.
"""

from __future__ import annotations

import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml.xmlrpc import DefusedExpatParser

from .engine import Engine
from .errors import BuiltinError, OdooError
from .models.rpc import Recordset
from .service import common, execute

UNEXPECTED = 1


def handle(engine: Engine, service: str, body: bytes) -> bytes:
    """Answer one XML-RPC request to ``common`` or ``object``."""
    try:
        method, params = _parse(body)
        answer = common if service == "common" else execute
        return _marshal(engine, answer(engine, method, params))
    except OdooError as error:
        return _fault(error)


def _parse(body: bytes) -> tuple[str, list[Any]]:
    target = xmlrpc.client.Unmarshaller(use_datetime=False)
    parser = DefusedExpatParser(target, forbid_dtd=True)
    try:
        parser.feed(body)
        parser.close()
        return str(target.getmethodname() or ""), list(target.close())
    except (ExpatError, xmlrpc.client.Error, ValueError, TypeError, IndexError) as error:
        raise BuiltinError("Exception", f"Invalid XML-RPC request: {error}") from None


def _marshal(engine: Engine, result: Any) -> bytes:
    if isinstance(result, Recordset):
        if engine.series < 19:
            raise BuiltinError("TypeError", f"cannot marshal <class 'odoo.api.{result.model}'> objects")
        result = list(result.ids)
    try:
        text = xmlrpc.client.dumps((result,), methodresponse=True, allow_none=False)
    except TypeError as error:
        raise BuiltinError("TypeError", str(error)) from None
    except OverflowError as error:
        raise BuiltinError("OverflowError", str(error)) from None
    return text.encode()


def _fault(error: OdooError) -> bytes:
    text = error.message
    if error.fault_code == UNEXPECTED:
        kind = error.name.removeprefix("builtins.")
        shown = repr(error.arguments[0]) if kind == "KeyError" else error.message
        text = f'Traceback (most recent call last):\n  File "odoo/http.py", line 1, in dispatch\n{kind}: {shown}'
    fault = xmlrpc.client.Fault(error.fault_code, text)
    return xmlrpc.client.dumps(fault, methodresponse=True).encode()

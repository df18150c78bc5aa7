"""``/jsonrpc``: HTTP 200 whatever happens, the error inside. Shapes as Odoo 16, 18 and 19 send them."""

from __future__ import annotations

from typing import Any

import orjson

from .engine import Engine
from .errors import DatabaseError, OdooError
from .models.rpc import Recordset
from .service import common, execute

OPTIONS = orjson.OPT_NON_STR_KEYS


def handle(engine: Engine, body: bytes) -> bytes:
    """Answer one JSON-RPC request."""
    request: Any = None
    try:
        request = orjson.loads(body)
        params = request["params"]
        result = _call(engine, params["service"], params["method"], list(params.get("args", [])))
        envelope = {"jsonrpc": "2.0", "id": request.get("id"), "result": result}
    except OdooError as error:
        envelope = {"jsonrpc": "2.0", "id": _id_of(request), "error": _error(engine, error)}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        refusal = DatabaseError("werkzeug.exceptions.BadRequest", "400 Bad Request: Invalid JSON-RPC data")
        envelope = {"jsonrpc": "2.0", "id": _id_of(request), "error": _error(engine, refusal)}
    return orjson.dumps(envelope, option=OPTIONS)


def _id_of(request: Any) -> Any:
    return request.get("id") if isinstance(request, dict) else None


def _call(engine: Engine, service: str, method: str, args: list[Any]) -> Any:
    if service == "common":
        return common(engine, method, args)
    return plain(engine, execute(engine, method, args))


def plain(engine: Engine, result: Any) -> Any:
    """Return a result as JSON can say it: records are ids from 19 on, before that a text."""
    if isinstance(result, Recordset):
        return list(result.ids) if engine.series >= 19 else str(result)
    return result


def _error(engine: Engine, error: OdooError) -> dict[str, Any]:
    return {
        "code": 0 if engine.series >= 19 else 200,
        "message": "Odoo Server Error",
        "data": describe(error),
    }


def describe(error: OdooError) -> dict[str, Any]:
    """Return the structured part of an error, the same in JSON-RPC and JSON-2."""
    return {
        "name": error.name,
        "message": error.message,
        "arguments": error.arguments,
        "context": {},
        "debug": f"Traceback (most recent call last):\n{error.name}: {error.message}\n",
    }

"""The two services behind XML-RPC and JSON-RPC: ``common`` and ``object``."""

from __future__ import annotations

from typing import Any

from .engine import Engine
from .errors import BuiltinError, DatabaseError

VERSIONS = {
    16: ("16.0", [16, 0, 0, "final", 0, ""]),
    18: ("18.0+e-20241005", [18, 0, 0, "final", 0, ""]),
    19: ("19.0", [19, 0, 0, "final", 0, ""]),
}


def version(series: int) -> dict[str, Any]:
    """Return what a server of this series tells about itself."""
    text, info = VERSIONS[series]
    return {
        "server_version": text,
        "server_version_info": info,
        "server_serie": f"{series}.0",
        "protocol_version": 1,
    }


def check_database(engine: Engine, name: Any) -> None:
    """Raise PostgreSQL's error for a database that does not exist."""
    if name != engine.name:
        raise DatabaseError(
            "psycopg2.OperationalError",
            f'connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "{name}" does not exist\n',
        )


def common(engine: Engine, method: str, args: list[Any]) -> Any:
    """Answer ``version``, ``authenticate`` and ``login``. A wrong password is ``False``, no error."""
    if method == "version":
        return version(engine.series)
    if method in ("authenticate", "login") and len(args) >= 3:
        check_database(engine, args[0])
        engine.calls[f"common.{method}"] += 1
        return engine.authenticate(str(args[1]), str(args[2]))
    raise BuiltinError("Exception", f"Method not found: {method}")


def execute(engine: Engine, method: str, args: list[Any]) -> Any:
    """Answer ``execute_kw`` and ``execute``. Raises ``OdooError``."""
    if method not in ("execute_kw", "execute") or len(args) < 5:
        raise BuiltinError("Exception", f"Method not found: {method}")
    database, uid, secret, model, name = args[:5]
    check_database(engine, database)
    engine.check_secret(uid, secret)
    if method == "execute":
        return engine.call(uid, model, name, list(args[5:]), {})
    positional = list(args[5]) if len(args) > 5 and args[5] else []
    keywords = dict(args[6]) if len(args) > 6 and args[6] else {}
    return engine.call(uid, model, name, positional, keywords)

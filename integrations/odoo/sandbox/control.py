"""``/_sandbox/…``: what tests and demos do behind Odoo's back. JSON in, JSON out, from this machine only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from .base_data import API_KEYS, install
from .engine import Engine
from .env import Env
from .errors import OdooError
from .faults import KINDS, Fault
from .http_types import JSON, Request, Response, own_host
from .models.rpc import Recordset
from .rpc_json import OPTIONS, describe, plain
from .seed import sow
from .transaction import Transaction

LOOPBACK = ("127.", "::1", "::ffff:127.")
Action = Callable[[Engine, dict[str, Any]], Any]


def handle(engine: Engine, request: Request) -> Response:
    """Answer a control request; what is wrong with it is said in ``error``."""
    if not request.client.startswith(LOOPBACK):
        return _json(403, {"error": "The control API answers only to this machine"})
    if request.headers.get("origin") or not own_host(request):
        return _json(403, {"error": "The control API is not for web pages"})
    name = request.path.removeprefix("/_sandbox/").strip("/")
    action = (READS if request.method == "GET" else WRITES).get(name)
    if action is None:
        return _json(404, {"error": f"No such control: {request.method} {name}", "known": sorted({*READS, *WRITES})})
    try:
        values = request.params() if request.method == "GET" else orjson.loads(request.body or b"{}")
        return _json(200, action(engine, values))
    except OdooError as error:
        return _json(422, {"error": error.message, **describe(error)})
    except KeyError as error:
        return _json(400, {"error": f"Missing or unknown: {error.args[0]}"})
    except (TypeError, ValueError, AttributeError) as error:
        return _json(400, {"error": str(error)})


def _json(status: int, value: Any) -> Response:
    return Response(status, orjson.dumps(value, option=OPTIONS), JSON)


# -- reading ----------------------------------------------------------------------------------------------


def health(engine: Engine, _values: dict[str, Any]) -> Any:
    """Tell that the sandbox runs, and what it is."""
    return {"ok": True, "series": engine.series, "database": engine.name}


def counters(engine: Engine, _values: dict[str, Any]) -> Any:
    """Tell calls per ``model.method``, mails, webhooks, records per model, and twins.

    ``mails`` counts what a real Odoo would have sent. ``twins`` lists names (partners by e-mail) that occur more
    than once among active records, as ``{model: {value: count}}``.
    """
    with engine.database.lock:
        records = {name: len(table.rows) for name, table in engine.database.tables.items() if table.rows}
        twins = {
            "res.partner": _twins(engine, "res.partner", "email"),
            "crm.lead": _twins(engine, "crm.lead", "name"),
        }
        targets = Counter((row["model"], row["res_id"]) for row in engine.database.rows("ir.model.data"))
    return {
        "calls": dict(engine.calls),
        "mails": records.get("mail.mail", 0),
        "webhooks": dict(engine.webhooks.counts),
        "records": records,
        "twins": twins,
        "records_with_several_external_ids": sum(1 for count in targets.values() if count > 1),
    }


def diary(engine: Engine, _values: dict[str, Any]) -> Any:
    """Tell the last calls since the counters were reset: ``at`` (seconds), ``uid``, ``call``, ``context``."""
    with engine.database.lock:
        rows = list(engine.diary)
    return [{"at": at, "uid": uid, "call": name, "context": context} for at, uid, name, context in rows]


def _twins(engine: Engine, model: str, name: str) -> dict[str, int]:
    found = Counter(row[name] for row in engine.database.rows(model) if row.get(name) and row.get("active"))
    return {value: count for value, count in found.items() if count > 1}


def dump(engine: Engine, values: dict[str, Any]) -> Any:
    """Return all records of ``model``, archived ones too, with raw ids and their external ids in ``xmlids``.

    ``fields`` (comma separated) limits the columns.
    """
    model = engine.models[values["model"]]
    names = values["fields"].split(",") if values.get("fields") else None
    with engine.database.lock:
        env = _system(engine)
        rows = sorted(engine.database.rows(model.name), key=lambda row: row["id"])
        answers = model.answer(env, rows, names, classic=False)
        owned: dict[int, list[str]] = {}
        for entry in engine.database.rows("ir.model.data"):
            if entry["model"] == model.name:
                owned.setdefault(entry["res_id"], []).append(entry["complete_name"])
    for one in answers:
        one["xmlids"] = owned.get(one["id"], [])
    return answers


def settings(engine: Engine, _values: dict[str, Any]) -> Any:
    """Return the switches."""
    return {**engine.settings.dump(), "pace": engine.pace, "webhook_synchronous": engine.webhooks.synchronous}


def faults(engine: Engine, _values: dict[str, Any]) -> Any:
    """Return the faults that have not struck yet."""
    return [
        {"kind": fault.kind, "model": fault.model, "method": fault.method, "count": fault.count}
        for fault in engine.faults.waiting()
    ]


def _system(engine: Engine) -> Env:
    env = Env(engine, Transaction(engine.database), 1, {"active_test": False})
    env.is_system = True
    return env


# -- changing ---------------------------------------------------------------------------------------------


def reset(engine: Engine, values: dict[str, Any]) -> Any:
    """Start anew: base data, then ``partners`` and ``leads`` from ``seed``; counters, faults, switches too."""
    with engine.database.lock:
        engine.database.clear()
        engine.settings.change(type(engine.settings)().dump())
        engine.build_models()
        engine.faults.clear()
        engine.calls.clear()
        engine.diary.clear()
        engine.webhooks.counts.clear()
        engine.open.clear()
        install(engine)
        engine.save_settings()
    return seed(engine, values) if values.get("partners") or values.get("leads") else {}


def seed(engine: Engine, values: dict[str, Any]) -> Any:
    """Add ``partners`` and ``leads`` (counts) from ``seed``; ``same_write_date`` gives all one stamp."""
    return sow(
        engine,
        partners=int(values.get("partners", 0)),
        leads=int(values.get("leads", 0)),
        seed=int(values.get("seed", 1)),
        same_write_date=bool(values.get("same_write_date", False)),
    )


def reset_counters(engine: Engine, _values: dict[str, Any]) -> Any:
    """Forget calls and webhooks counted so far; mails are records and stay."""
    engine.calls.clear()
    engine.diary.clear()
    engine.webhooks.counts.clear()
    return {}


def call(engine: Engine, values: dict[str, Any]) -> Any:
    """Do what a person does in Odoo: ``model``, ``method``, ``args``, ``kwargs`` as ``user`` (a login, else admin)."""
    result = engine.call(
        _uid(engine, values),
        values["model"],
        values["method"],
        list(values.get("args", [])),
        dict(values.get("kwargs", {})),
    )
    return {"result": list(result.ids) if isinstance(result, Recordset) else plain(engine, result)}


def _uid(engine: Engine, values: dict[str, Any]) -> int:
    login = values.get("user", "admin")
    with engine.database.lock:
        for user in engine.database.rows("res.users"):
            if user.get("login") == login:
                return int(user["id"])
    raise ValueError(f"No user {login}")


def begin(engine: Engine, values: dict[str, Any]) -> Any:
    """Make a call in a transaction that stays open, its rows locked; answers ``tx`` for commit or rollback.

    Its write_date is now, however late it commits: a row behind the cursor.
    """
    model = engine.models[values["model"]]
    method, _ = engine.method(model, values["method"])
    work = engine.bind(model, values["method"], method, list(values.get("args", [])), dict(values.get("kwargs", {})))
    number, result = engine.begin(_uid(engine, values), work)
    return {"tx": number, "result": plain(engine, result)}


def commit(engine: Engine, values: dict[str, Any]) -> Any:
    """Commit an open transaction ``tx``."""
    engine.finish(int(values["tx"]), commit=True)
    return {}


def rollback(engine: Engine, values: dict[str, Any]) -> Any:
    """Roll an open transaction ``tx`` back."""
    engine.finish(int(values["tx"]), commit=False)
    return {}


def fault(engine: Engine, values: dict[str, Any]) -> Any:
    """Order a fault for the next ``count`` calls of ``model`` and ``method``; ``kind`` is one of ``KINDS``."""
    if values["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
    engine.faults.add(Fault(**values))
    return faults(engine, {})


def clear_faults(engine: Engine, _values: dict[str, Any]) -> Any:
    """Cancel all faults that wait."""
    engine.faults.clear()
    return {}


def change_settings(engine: Engine, values: dict[str, Any]) -> Any:
    """Set switches; see ``GET settings`` for their names."""
    if "pace" in values:
        engine.pace = bool(values.pop("pace"))
    if "webhook_synchronous" in values:
        engine.webhooks.synchronous = bool(values.pop("webhook_synchronous"))
    engine.settings.change(values)
    engine.save_settings()
    if "absent_fields" in values:
        engine.build_models()
    if "crm_installed" in values:
        crm = [row["id"] for row in engine.database.rows("ir.module.module") if row["name"] == "crm"]
        state = "installed" if engine.settings.crm_installed else "uninstalled"
        patch(engine, {"model": "ir.module.module", "ids": crm, "values": {"state": state}})
    return settings(engine, {})


def expire_key(engine: Engine, values: dict[str, Any]) -> Any:
    """Let the API key of ``user`` run out; ``renew`` true makes it good again."""
    end = "2036-11-19 01:20:56" if values.get("renew") else "2020-01-01 00:00:00"
    uid = _uid(engine, values)
    with engine.database.lock:
        transaction = Transaction(engine.database)
        for entry in list(engine.database.rows("res.users.apikeys")):
            if entry.get("user_id") == uid:
                transaction.put("res.users.apikeys", {**entry, "expiration_date": end})
        engine.database.commit(transaction)
    return {"key": API_KEYS.get(values.get("user", "admin"), "")}


def add_key(engine: Engine, values: dict[str, Any]) -> Any:
    """Give ``user`` one more API key, ``key``, as if made in the pages."""
    with engine.database.lock:
        transaction = Transaction(engine.database)
        uid, number = _uid(engine, values), engine.database.next_id("res.users.apikeys")
        now = transaction.now
        row = {"id": number, "name": "One more", "user_id": uid, "x_sandbox_key": values["key"]}
        stamps = {"create_uid": uid, "create_date": now, "write_uid": uid, "write_date": now}
        transaction.put("res.users.apikeys", {**row, **stamps})
        engine.database.commit(transaction)
    return {"id": number}


def drop_key(engine: Engine, values: dict[str, Any]) -> Any:
    """Delete the API key ``key``, as its owner does in the pages."""
    with engine.database.lock:
        transaction = Transaction(engine.database)
        for entry in list(engine.database.rows("res.users.apikeys")):
            if entry.get("x_sandbox_key") == values["key"]:
                transaction.delete("res.users.apikeys", entry["id"])
        engine.database.commit(transaction)
    return {}


def patch(engine: Engine, values: dict[str, Any]) -> Any:
    """Store ``values`` in ``model`` ``ids`` byte for byte, without rules, events or a new write_date."""
    with engine.database.lock:
        transaction = Transaction(engine.database)
        model = engine.models[values["model"]]
        for row in transaction.some(model.name, list(values["ids"])):
            transaction.put(model.name, model.merged(row, values["values"]))
        engine.database.commit(transaction)
    return {}


READS: dict[str, Action] = {
    "health": health,
    "counters": counters,
    "diary": diary,
    "dump": dump,
    "settings": settings,
    "faults": faults,
}
WRITES: dict[str, Action] = {
    "reset": reset,
    "seed": seed,
    "counters/reset": reset_counters,
    "call": call,
    "begin": begin,
    "commit": commit,
    "rollback": rollback,
    "fault": fault,
    "faults/clear": clear_faults,
    "settings": change_settings,
    "expire_key": expire_key,
    "add_key": add_key,
    "drop_key": drop_key,
    "patch": patch,
}

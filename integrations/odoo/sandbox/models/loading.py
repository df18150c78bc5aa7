"""``load``: Odoo's import, an upsert by external id or by database id, all rows or none.

Texts and shapes were measured on Odoo 16, 18 and 19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import access
from ..errors import BuiltinError, DatabaseError, OdooError, RequiredError, value_error
from ..fields import Field, Row
from .cells import CellError, cell_value, database_id, full_name, xid_target

if TYPE_CHECKING:
    from ..env import Env
    from .base import BaseModel

Message = dict[str, Any]
Column = tuple[str, Field | None, str]
MOST_ERRORS = 10
TOO_MANY = (
    "Found more than 10 errors and more than one error per 10 records, interrupted to avoid showing too many errors."
)
CONFLICT = "could not serialize access due to concurrent update\n"


def load_rows(env: Env, model: BaseModel, fields: list[str], data: list[list[Any]]) -> dict[str, Any]:
    """Return ``{"ids", "messages", "nextrow"}``; ``ids`` is False if any row was refused, and then nothing is written.

    Raises ``BuiltinError`` for an unknown column, which fails the whole call.
    """
    columns = [_column(env, model, name) for name in fields]
    kinds = {kind for kind, _, _ in columns}
    if {"id", ".id"} <= kinds:
        raise value_error("Columns 'id' and '.id' cannot be loaded together")
    start = env.tx.mark()
    complaints: list[Message] = []
    refusals: list[Message] = []
    ids: list[int] = []
    for number, cells in enumerate(data):
        if not isinstance(cells, list) or len(cells) != len(columns):
            raise BuiltinError("IndexError", "list index out of range")
        mark = env.tx.mark()
        try:
            _one_row(env, model, columns, cells, number, complaints, ids)
        except OdooError as error:
            if _fails_the_call(error):
                raise
            env.tx.rollback_to(mark)
            refusals.append(_refusal(number, error))
        if len(refusals) >= MOST_ERRORS and len(refusals) >= (number + 1) / 10:
            refusals.append({"type": "warning", "message": TOO_MANY})
            break
    if refusals and model.names_every_row(env):
        refusals = [_message(number, message=refusals[0]["message"]) for number in range(len(data))]
    injected = env.engine.faults.bad_row(model.name)
    if injected is not None and data:
        complaints.append(_message(min(injected.row, len(data) - 1), message=injected.message))
    messages = complaints + refusals
    if messages:
        env.tx.rollback_to(start)
        return {"ids": False, "messages": messages, "nextrow": 0}
    return {"ids": ids, "messages": messages, "nextrow": 0}


def conflict_answer() -> dict[str, Any]:
    """Return what ``load`` says when another transaction was first: it does not try again by itself."""
    return {"ids": False, "messages": [_message(0, message=CONFLICT)], "nextrow": 0}


def unique_answer(message: str) -> dict[str, Any]:
    """Return what ``load`` says when the same external id was committed meanwhile."""
    return {"ids": False, "messages": [_message(0, message=message)], "nextrow": 0}


def _column(env: Env, model: BaseModel, header: str) -> Column:
    if header in ("id", ".id"):
        return header, None, ""
    name, _, kind = header.partition("/")
    own = model.fields.get(name)
    if own is None:
        if env.series <= 16:
            raise BuiltinError("KeyError", name)
        raise value_error(f"Invalid field name '{name}'")
    return name, own, kind


def _message(number: int, *, message: str, **more: Any) -> Message:
    return {
        "rows": {"from": number, "to": number},
        "record": number,
        "type": "error",
        "message": message,
        **more,
    }


def _fails_the_call(error: OdooError) -> bool:
    """Whether Odoo lets an error out instead of naming the row: a cell that is no string, an id that is no number."""
    if isinstance(error, BuiltinError):
        return error.kind == "AttributeError"
    return isinstance(error, DatabaseError) and "InvalidText" in error.name


def _refusal(number: int, error: OdooError) -> Message:
    if isinstance(error, RequiredError):
        return _message(number, message=error.load_message, field=error.field)
    return _message(number, message=error.message)


def _one_row(
    env: Env,
    model: BaseModel,
    columns: list[Column],
    cells: list[Any],
    number: int,
    complaints: list[Message],
    ids: list[int],
) -> None:
    """Apply one row; append its id, or its complaints about cells. Odoo tries the rest of such a row all the same."""
    values: Row = {}
    xid = ""
    target: int | None = None
    for (name, own, kind), cell in zip(columns, cells, strict=True):
        try:
            if own is None and name == "id":
                xid = str(cell)
            elif own is None:
                target = database_id(env, model, cell)
            else:
                values[name] = cell_value(env, own, kind, cell)
        except CellError as error:
            complaints.append(_complaint(number, name, own, error))
            if own is None:
                return
    if xid:
        target = xid_target(env, model.name, full_name(xid))
    if target is None:
        target = _create(env, model, values, full_name(xid) if xid else "")
    else:
        _update(env, model, target, values)
    ids.append(target)


def _complaint(number: int, name: str, own: Field | None, error: CellError) -> Message:
    message: Message = {
        "rows": {"from": number, "to": number},
        "type": "error",
        "record": number,
        "field": name,
        "message": error.message,
    }
    if error.more is not None:
        message["moreinfo"] = error.more
    if own is not None:
        message["field_name"] = own.string
    return message


def _create(env: Env, model: BaseModel, values: Row, xid: str) -> int:
    access.check(env, model, "create")
    env.cost += 0.0044 if env.quiet else 0.012
    row = model.insert(env, values)
    if xid:
        module, _, name = xid.partition(".")
        add_external_id(env, module, name, model.name, row["id"])
    return int(row["id"])


def _update(env: Env, model: BaseModel, record_id: int, values: Row) -> None:
    access.check(env, model, "write")
    env.cost += 0.006
    model.before_load_update(env, values)
    row = model.known(env, [record_id])[0]
    if values:
        model.change(env, row, values)
    else:
        model.touch(env, row)


def add_external_id(env: Env, module: str, name: str, model: str, record_id: int) -> None:
    """Give a record an external id."""
    env.tx.put(
        "ir.model.data",
        {
            "id": env.engine.database.next_id("ir.model.data"),
            "module": module,
            "name": name,
            "complete_name": f"{module}.{name}",
            "model": model,
            "res_id": record_id,
            "create_uid": env.uid,
            "create_date": env.tx.now,
            "write_uid": env.uid,
            "write_date": env.tx.now,
        },
    )

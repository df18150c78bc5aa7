"""Cells of ``load``: strings become values, or one of Odoo's complaints about them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import BuiltinError, DatabaseError
from ..fields import Field

if TYPE_CHECKING:
    from ..env import Env
    from .base import BaseModel

TRUE = ("1", "true", "yes")
FALSE = ("", "0", "false", "no")


class CellError(Exception):
    """A cell that Odoo names in ``messages``; ``more`` is its ``moreinfo``."""

    def __init__(self, message: str, more: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.more = more


def cell_value(env: Env, own: Field, kind: str, cell: Any) -> Any:
    """Return the RPC value of a cell; ``kind`` is ``""``, ``id`` or ``.id`` after the slash.

    Raises ``CellError`` for what goes to ``messages``, ``BuiltinError`` for a cell that is no string.
    """
    if not isinstance(cell, str):
        raise BuiltinError("AttributeError", f"'{type(cell).__name__}' object has no attribute 'strip'")
    if own.type == "many2one":
        return one_link(env, own, kind, cell) if cell else False
    if own.type in ("many2many", "one2many"):
        ids = [one_link(env, own, kind, part.strip()) for part in cell.split(",") if part.strip()]
        return [[6, 0, ids]]
    return _PARSERS.get(own.type, _text)(env, own, cell)


def one_link(env: Env, own: Field, kind: str, cell: str) -> int:
    """Return the id a link cell stands for. Raises ``CellError`` if there is none."""
    target = env.model(own.relation or "")
    if kind == ".id":
        if not cell.isdigit():
            raise CellError(f"Invalid database id '{cell}' for the field '{own.string}'", _choices(env, target))
        row = env.tx.get(target.name, int(cell))
        if row is not None and env.series <= 16 and env.context.get("active_test", True):
            row = row if "active" not in target.fields or row.get("active") else None
        # From 17 on a foreign company is found here and refused when the record is stored.
        rule = target.visible(env) if env.series <= 16 or target.name != "res.company" else None
        if row is not None and (rule is None or rule(row)):
            return int(row["id"])
        raise CellError(_no_match("database id", cell, own), _choices(env, target))
    if kind == "id":
        found = xid_target(env, target.name, full_name(cell))
        if found is None:
            raise CellError(_no_match("external id", cell, own), _choices(env, target))
        return found
    matches = [row for row in env.tx.rows(target.name) if target.display(env, row).casefold() == cell.casefold()]
    if not matches:
        raise CellError(_no_match("name", cell, own), _choices(env, target))
    return int(matches[0]["id"])


def full_name(name: str) -> str:
    """Return an external id with its module; Odoo puts ``__import__`` before a bare one."""
    return name if "." in name else f"__import__.{name}"


def xid_target(env: Env, model: str, complete_name: str) -> int | None:
    """Return the record an external id of this model points to, or None."""
    for entry in env.tx.by("ir.model.data", "complete_name", [complete_name]):
        if entry["model"] == model and env.tx.get(model, entry["res_id"]) is not None:
            return int(entry["res_id"])
    return None


def database_id(env: Env, model: BaseModel, cell: Any) -> int | None:
    """Return the id of a ``.id`` cell, or None where this series creates a record.

    Raises ``CellError`` for an id that is not found in this context, ``DatabaseError`` as PostgreSQL does for a
    cell that is no number. Measured on Odoo 16, 18 and 19.
    """
    text = str(cell)
    if text == "" and env.series >= 19:
        return None
    if text == "" and env.series >= 17:
        raise CellError("Unknown database identifier ''")
    if not text.lstrip("-").isdigit():
        raise DatabaseError(
            "psycopg2.errors.InvalidTextRepresentation",
            f'invalid input syntax for type integer: "{text}"\nLINE 1: ... WHERE ("id" = \'{text}\')\n',
        )
    found = model.find(env, [["id", "=", int(text)]], "id")
    if not found:
        raise CellError(f"Unknown database identifier '{text}'")
    return int(text)


def _no_match(kind: str, cell: str, own: Field) -> str:
    return f"No matching record found for {kind} '{cell}' in field '{own.string}'"


def _choices(env: Env, target: BaseModel) -> dict[str, Any]:
    return {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form" if env.series >= 18 else "tree,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
        "res_model": "ir.model.data",
        "domain": [["model", "=", target.name]],
    }


def _text(_env: Env, _own: Field, cell: str) -> Any:
    return cell or False


def _boolean(_env: Env, own: Field, cell: str) -> bool:
    if cell.lower() in TRUE:
        return True
    if cell.lower() in FALSE:
        return False
    raise CellError(f"Unknown value '{cell}' for boolean field '{own.string}'", "Use '1' for yes and '0' for no")


def _integer(_env: Env, own: Field, cell: str) -> Any:
    if not cell:
        return False
    try:
        return int(cell)
    except ValueError:
        raise CellError(f"'{cell}' does not seem to be an integer for field '{own.string}'") from None


def _number(_env: Env, own: Field, cell: str) -> Any:
    if not cell:
        return False
    try:
        return float(cell)
    except ValueError:
        raise CellError(f"'{cell}' does not seem to be a number for field '{own.string}'") from None


def _selection(_env: Env, own: Field, cell: str) -> Any:
    if not cell:
        return False
    for value, label in own.selection:
        if cell in (value, label):
            return value
    raise CellError(
        f"Value '{cell}' not found in selection field '{own.string}'", [label for _, label in own.selection]
    )


def _date(_env: Env, own: Field, cell: str) -> Any:
    if not cell:
        return False
    try:
        return date.fromisoformat(cell[:10]).isoformat()
    except ValueError:
        raise CellError(
            f"'{cell}' does not seem to be a valid date for field '{own.string}'",
            "Use the format '2012-12-31'",
        ) from None


def _datetime(env: Env, own: Field, cell: str) -> Any:
    """Odoo reads the cell in the context's zone, else the user's: hours off for who does not say ``tz``."""
    if not cell:
        return False
    try:
        moment = datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - its zone follows below
    except ValueError:
        raise CellError(
            f"'{cell}' does not seem to be a valid datetime for field '{own.string}'",
            "Use the format '2012-12-31 23:59:59'",
        ) from None
    try:
        zone = ZoneInfo(env.context.get("tz") or env.user.get("tz") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return moment.replace(tzinfo=zone).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


_PARSERS: dict[str, Any] = {
    "boolean": _boolean,
    "integer": _integer,
    "many2one_reference": _integer,
    "float": _number,
    "monetary": _number,
    "selection": _selection,
    "date": _date,
    "datetime": _datetime,
}

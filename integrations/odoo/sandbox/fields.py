"""Fields: their description for ``fields_get``, and the way from an RPC value to a stored one.

A stored row is a dict without its empty values; what is absent reads as ``Field.empty``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import nh3

from .errors import value_error

Row = dict[str, Any]
Compute = Callable[[Any, Row], Any]

EMPTY_BY_TYPE: dict[str, Any] = {
    "integer": 0,
    "many2one_reference": 0,
    "float": 0.0,
    "monetary": 0.0,
    "many2many": [],
    "one2many": [],
}
MANY = frozenset({"many2many", "one2many"})
NUMBERS = frozenset({"integer", "float", "monetary", "many2one_reference"})
_TAG = re.compile(r"<[a-zA-Z/!]")
_HTML_TAGS = nh3.ALLOWED_TAGS | {"font", "section", "t", "u", "style"} - {"style"}
_HTML_ATTRIBUTES = {**{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}}
_HTML_ATTRIBUTES["*"] = {"style", "class", "title", "lang", "dir", "align"}
_HTML_ATTRIBUTES.setdefault("a", set()).update({"href", "target"})
_HTML_ATTRIBUTES["t"] = {"t-out", "t-esc", "t-if"}


@dataclass(frozen=True, slots=True)
class Field:
    """One column. ``since`` and ``until`` are the series that have it, both included."""

    name: str
    type: str
    string: str
    relation: str | None = None
    selection: tuple[tuple[str, str], ...] = ()
    required: bool = False
    readonly: bool = False
    store: bool = True
    compute: Compute | None = None
    since: int = 0
    until: int = 99
    looked_up: bool = False
    digits: int | None = None
    empty: Any = field(init=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "empty", EMPTY_BY_TYPE.get(self.type, False))

    def describe(self) -> dict[str, Any]:
        """Return what ``fields_get`` says about this field."""
        answer: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "string": self.string,
            "required": self.required,
            "readonly": self.readonly,
            "store": self.store,
            "searchable": True,
            "sortable": self.store,
        }
        if self.relation:
            answer["relation"] = self.relation
        if self.selection:
            answer["selection"] = [list(pair) for pair in self.selection]
        return answer

    def convert(self, model: str, value: Any) -> Any:
        """Return the stored form of an RPC value; ``None`` means empty.

        Raises ``BuiltinError`` as Odoo does: a wrong selection or a number that is none is a ValueError.
        """
        return _CONVERTERS.get(self.type, _same)(self, model, value)


def html(text: str) -> str:
    """Return HTML as Odoo stores it: plain text in one ``<p>``, scripts and event handlers removed."""
    if not _TAG.search(text):
        return f"<p>{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</p>"
    return nh3.clean(text, tags=_HTML_TAGS, attributes=_HTML_ATTRIBUTES, link_rel=None)


def _same(_field: Field, _model: str, value: Any) -> Any:
    return value or None


def _text(_field: Field, _model: str, value: Any) -> str | None:
    if value is None or value is False or value == "":
        return None
    text = value if isinstance(value, str) else str(value)
    if "\x00" in text:
        raise value_error("A string literal cannot contain NUL (0x00) characters.")
    return text


def _html(own: Field, model: str, value: Any) -> str | None:
    text = _text(own, model, value)
    return None if text is None else html(text)


def _integer(_field: Field, _model: str, value: Any) -> int | None:
    try:
        return int(value or 0) or None
    except (TypeError, ValueError):
        raise value_error(f"invalid literal for int() with base 10: {value!r}") from None


def _float(own: Field, _model: str, value: Any) -> float | None:
    try:
        number = float(value or 0.0)
    except (TypeError, ValueError):
        raise value_error(f"could not convert string to float: {value!r}") from None
    return (round(number, own.digits) if own.digits is not None else number) or None


def _boolean(_field: Field, _model: str, value: Any) -> bool | None:
    return bool(value) or None


def _date(_field: Field, _model: str, value: Any) -> str | None:
    if not value:
        return None
    text = str(value)[:10]
    try:
        date.fromisoformat(text)
    except ValueError:
        raise value_error(f"time data {text!r} does not match format '%Y-%m-%d'") from None
    return text


def _datetime(_field: Field, _model: str, value: Any) -> str | None:
    if not value:
        return None
    text = str(value)
    if len(text) == 10:
        text += " 00:00:00"
    try:
        datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - only its form is checked
    except ValueError:
        raise value_error(f"time data {text!r} does not match format '%Y-%m-%d %H:%M:%S'") from None
    return text[:19]


def _selection(own: Field, model: str, value: Any) -> str | None:
    if value is None or value is False or value == "":
        return None
    if own.selection and value not in [key for key, _ in own.selection]:
        raise value_error(f"Wrong value for {model}.{own.name}: {value!r}")
    return value


def _many2one(own: Field, model: str, value: Any) -> int | None:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if not value:
        return None
    if not isinstance(value, int):
        raise value_error(f"Wrong value for {model}.{own.name}: {value!r}")
    return value


_CONVERTERS: dict[str, Callable[[Field, str, Any], Any]] = {
    "char": _text,
    "text": _text,
    "html": _html,
    "integer": _integer,
    "many2one_reference": _integer,
    "float": _float,
    "monetary": _float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "selection": _selection,
    "many2one": _many2one,
    "binary": _text,
}


def many2many(current: list[int], value: Any) -> list[int]:
    """Apply Odoo's link commands (``[6, 0, ids]``, ``[4, id]``, ``[3, id]``, ``[5]``) or take a plain list."""
    if not value:
        return []
    if all(isinstance(item, int) for item in value):
        return sorted(set(value))
    chosen = set(current)
    for command in value:
        code = command[0]
        if code == 6:
            chosen = set(command[2])
        elif code == 5:
            chosen = set()
        elif code == 4:
            chosen.add(command[1])
        elif code in (2, 3):
            chosen.discard(command[1])
        else:
            raise value_error(f"Wrong value for a many2many command: {command!r}")
    return sorted(chosen)


def char(name: str, string: str, **options: Any) -> Field:
    """Describe a line of text."""
    return Field(name, "char", string, **options)


def many2one(name: str, string: str, relation: str, **options: Any) -> Field:
    """Describe a link to one record."""
    return Field(name, "many2one", string, relation=relation, **options)


def selection(name: str, string: str, *pairs: tuple[str, str], **options: Any) -> Field:
    """Describe a choice."""
    return Field(name, "selection", string, selection=pairs, **options)

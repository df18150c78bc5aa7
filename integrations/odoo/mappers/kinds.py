"""How one value looks here, in Odoo, and in a cell of `load`.

Each kind knows four forms: the attribute here; *here*, a JSON value made of it; *remote*, Odoo's raw JSON value in
canonical form; and the *cell*, a string for `load`. The base keeps the pair (here, remote).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any, ClassVar, Protocol

from crm.html import from_lines, to_lines

Json = Any


class Unresolved(Enum):
    """A many2one whose target is not here (coming), or has no counterpart there (going)."""

    UNRESOLVED = "unresolved"


UNRESOLVED = Unresolved.UNRESOLVED


class Direction(Enum):
    """Which way a field travels."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class Refs(Protocol):
    """Look-up of rows here by Odoo id and back, prepared for one chunk."""

    def here(self, model: str, remote_id: int) -> Any: ...

    def remote(self, model: str, key: Any) -> int | None: ...


@dataclass(frozen=True, kw_only=True)
class Field:
    """One mapped field. `remote` is Odoo's name, `local` the attribute here.

    `lacking` says in words what happens in a series or database without the field. `with_parent` is False for
    fields that a company above owns (rule 10). `ask_before_emptying` turns an emptying in Odoo into a conflict.
    """

    remote: str
    local: str
    direction: Direction = Direction.BOTH
    lacking: str = "kept here only"
    with_parent: bool = True
    with_partner: bool = True

    empty_here: ClassVar[Json] = ""
    empty_remote: ClassVar[Json] = ""
    target: ClassVar[str | None] = None

    @property
    def attname(self) -> str:
        """The attribute that holds the stored value (`owner_id` for `owner`)."""
        return self.local

    @property
    def column(self) -> str:
        """The column's name in `load`."""
        return self.remote

    @property
    def attributes(self) -> tuple[str, ...]:
        """The model fields here that `write` may touch."""
        return (self.local,)

    @property
    def reads(self) -> tuple[str, ...]:
        """Odoo's fields that are read for this one."""
        return (self.remote,)

    def cells(self, here: Json, refs: Refs, obj: Any) -> dict[str, str] | Unresolved:
        """The columns of `load` that carry this value; most fields have one."""
        cell = self.cell(here, refs)
        return cell if isinstance(cell, Unresolved) else {self.column: cell}

    def canon_row(self, row: Mapping[str, Json]) -> Json:
        """The canonical form of this field in a raw row."""
        return self.canon(row[self.remote])

    def read(self, obj: Any) -> Json:
        """The value here, as JSON."""
        return getattr(obj, self.attname)

    def ours(self, obj: Any) -> bool:
        """Whether the value here was meant by somebody here, so that it may be sent or clash."""
        return True

    def follows(self, obj: Any) -> bool:
        """Whether Odoo's value is taken even where only the value here has changed."""
        return False

    def write(self, obj: Any, here: Json) -> None:
        """Set the attribute from its JSON form."""
        setattr(obj, self.attname, here)

    def canon(self, raw: Json) -> Json:
        """Odoo's raw value in canonical form: false is empty."""
        return raw or ""

    def incoming(self, remote: Json, refs: Refs) -> Json:
        """What the value here would be, given Odoo's."""
        return remote

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        """What to put into a cell of `load`."""
        return str(here)

    def same(self, one: Json, other: Json) -> bool:
        """Whether two values here mean the same (rule 15)."""
        return bool(one == other)


class Text(Field):
    """A char or plain text; nothing is trimmed."""


class Website(Field):
    """Odoo puts http:// before an address without scheme."""

    def same(self, one: Json, other: Json) -> bool:
        return self._full(one) == self._full(other)

    @staticmethod
    def _full(value: str) -> str:
        if not value:
            return ""
        if value.startswith("//"):
            return f"http:{value}"
        return value if "://" in value else f"http://{value}"


class Html(Field):
    """Rich text in Odoo, plain text here: compared by its text and links."""

    def incoming(self, remote: Json, refs: Refs) -> Json:
        return to_lines(remote) if remote else ""

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        return from_lines(here) if here else ""

    def same(self, one: Json, other: Json) -> bool:
        return bool(one.split() == other.split())


class Choice(Field):
    """A selection with the same values on both sides."""

    empty_here = "0"
    empty_remote = "0"

    def canon(self, raw: Json) -> Json:
        return raw or "0"


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A float in Odoo, a decimal here; `places` digits are kept here."""

    places: int = 2

    empty_remote: ClassVar[Json] = 0.0

    def canon(self, raw: Json) -> Json:
        return float(raw or 0)

    def incoming(self, remote: Json, refs: Refs) -> Json:
        return self._text(Decimal(repr(remote)))

    def read(self, obj: Any) -> Json:
        value = getattr(obj, self.attname)
        return "" if not value else self._text(Decimal(value))

    def write(self, obj: Any, here: Json) -> None:
        setattr(obj, self.attname, Decimal(here) if here else self._none())

    def _none(self) -> Any:
        return Decimal(0)

    def _text(self, value: Decimal) -> str:
        rounded = value.quantize(Decimal(1).scaleb(-self.places), rounding=ROUND_HALF_UP)
        return str(rounded) if rounded else ""

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        return here or "0"


@dataclass(frozen=True, kw_only=True)
class Degrees(Number):
    """A coordinate; Odoo keeps 7 digits and knows no empty, zero means unset."""

    places: int = 7

    def _none(self) -> Any:
        return None


class Day(Field):
    """A date."""

    def read(self, obj: Any) -> Json:
        value: date | None = getattr(obj, self.attname)
        return value.isoformat() if value else ""

    def write(self, obj: Any, here: Json) -> None:
        setattr(obj, self.attname, date.fromisoformat(here) if here else None)


class Moment(Field):
    """A date-time, UTC with whole seconds on both sides."""

    def read(self, obj: Any) -> Json:
        value: datetime | None = getattr(obj, self.attname)
        return odoo_time(value) if value else ""

    def write(self, obj: Any, here: Json) -> None:
        setattr(obj, self.attname, parse_time(here) if here else None)


def odoo_time(value: datetime) -> str:
    """A date-time as Odoo writes it: naive UTC with whole seconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def parse_time(value: str) -> datetime:
    """An Odoo date-time (naive UTC, with or without microseconds) as an aware one, cut to the second."""
    return datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Ref(Field):
    """A many2one to a model that has a table here; remote is the id, here the primary key."""

    model: str = ""

    empty_here: ClassVar[Json] = None
    empty_remote: ClassVar[Json] = None

    @property
    def attname(self) -> str:
        return f"{self.local}_id"

    @property
    def column(self) -> str:
        return f"{self.remote}/.id"

    def canon(self, raw: Json) -> Json:
        return raw or None

    def incoming(self, remote: Json, refs: Refs) -> Json:
        if remote is None:
            return None
        found = refs.here(self.model, remote)
        return UNRESOLVED if found is None else found

    def through(self, remote: Json, refs: Refs) -> bool:
        """Whether the value here hangs on where the target itself stands, so that it follows when that one moves."""
        return False

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        if here is None:
            return ""
        remote_id = refs.remote(self.model, here)
        return UNRESOLVED if remote_id is None else str(remote_id)


@dataclass(frozen=True, kw_only=True)
class NameRef(Ref):
    """A many2one to a model without a table here: the name stands here, the id there. `make` adds missing names."""

    make: bool = False

    empty_here: ClassVar[Json] = ""

    @property
    def attname(self) -> str:
        return self.local

    def incoming(self, remote: Json, refs: Refs) -> Json:
        if remote is None:
            return ""
        found = refs.here(self.model, remote)
        return UNRESOLVED if found is None else found

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        if not here:
            return ""
        remote_id = refs.remote(self.model, here)
        return UNRESOLVED if remote_id is None else str(remote_id)


@dataclass(frozen=True, kw_only=True)
class TagRefs(Field):
    """A many2many to tags; both sides are sorted lists of ids. `obj.tag_ids` is set by whoever loads the object."""

    model: str = ""

    empty_here: ClassVar[Json] = []
    empty_remote: ClassVar[Json] = []

    @property
    def column(self) -> str:
        return f"{self.remote}/.id"

    def read(self, obj: Any) -> Json:
        return sorted(obj.tag_ids)

    def write(self, obj: Any, here: Json) -> None:
        obj.tag_ids = list(here)

    def canon(self, raw: Json) -> Json:
        return sorted(raw) if raw else []

    def incoming(self, remote: Json, refs: Refs) -> Json:
        found = [refs.here(self.model, remote_id) for remote_id in remote]
        return UNRESOLVED if None in found else sorted(found)

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        found = [refs.remote(self.model, key) for key in here]
        return UNRESOLVED if None in found else ",".join(str(remote_id) for remote_id in found)

    def same(self, one: Json, other: Json) -> bool:
        return list(one) == list(other)


class Active(Field):
    """Archived there is in the trash here (rule 14)."""

    empty_here = True
    empty_remote = True

    def read(self, obj: Any) -> Json:
        return obj.archived_at is None

    def write(self, obj: Any, here: Json) -> None:
        obj.archived_at = None if here else datetime.now(UTC)

    def canon(self, raw: Json) -> Json:
        return bool(raw)

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        return "True" if here else "False"


Base = Mapping[str, Json]


class Awaited(Enum):
    """Odoo's half of a base that was sent and not read back yet."""

    AWAITED = "awaited"


AWAITED = Awaited.AWAITED


def store_sent(field: Field, base: dict[str, Json], here: Json) -> None:
    """Note in a base what was sent; Odoo's half comes with the read-back."""
    base[field.remote] = [here]


def base_pair(field: Field, base: Base) -> tuple[Json, Json]:
    """What both sides last agreed on; a field without an entry was empty on both sides, or never compared.

    The two need not be told apart: with both sides taken as empty, equal values become the base, an empty side takes
    the other's, and different ones go to the rule, exactly as for a pair without a base (rule 12).
    """
    if field.remote not in base:
        return field.empty_here, field.empty_remote
    held = base[field.remote]
    if not isinstance(held, list):
        return held, held
    return (held[0], held[1]) if len(held) == 2 else (held[0], AWAITED)


def store_pair(field: Field, base: dict[str, Json], here: Json, remote: Json) -> None:
    """Put a pair into a base: left out when both are empty, single when equal texts, so that bases stay small."""
    if field.same(here, field.empty_here) and remote == field.empty_remote:
        base.pop(field.remote, None)
    elif isinstance(here, str) and here == remote:
        base[field.remote] = here
    else:
        base[field.remote] = [here, remote]

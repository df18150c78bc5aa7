"""Fields of Odoo that are the user's own: what maps them to values kept here under the same name.

A value here stands in the record's `custom`, by Odoo's name of the field, so that a field that is taken off the map and
put on it again finds its values and its base. What is mapped is kept on the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from crm.custom import PREFIX, CustomField, Kind, plain
from integrations.odoo.mappers.kinds import Direction, Field, Json, Refs, Unresolved

# What each of Odoo's types is here.
KINDS: Mapping[str, Kind] = {
    "char": Kind.LINE,
    "text": Kind.LINES,
    "integer": Kind.WHOLE,
    "float": Kind.DECIMAL,
    "monetary": Kind.DECIMAL,
    "boolean": Kind.FLAG,
    "date": Kind.DAY,
    "datetime": Kind.MOMENT,
    "selection": Kind.CHOICE,
}
# Fields of a company that Odoo copies down to its people (rule 10).
OF_COMPANY = frozenset({"company_registry", "credit_limit"})


@dataclass(frozen=True, kw_only=True)
class OwnField:
    """One line of the map. `type` is Odoo's; `token` names this entry: put on the map again, a field gets another."""

    model: str
    name: str
    label: str
    type: str
    direction: Direction
    token: str
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def here(self) -> CustomField:
        """What it is on our side."""
        return CustomField(self.name, self.label, KINDS[self.type], self.direction is Direction.BOTH, self.choices)

    def kept(self) -> dict[str, Any]:
        """As a connection keeps it."""
        return {
            "model": self.model,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "direction": self.direction.value,
            "token": self.token,
            "choices": [list(pair) for pair in self.choices],
        }


def read_own(kept: list[dict[str, Any]]) -> tuple[OwnField, ...]:
    """The map as a connection keeps it."""
    return tuple(
        OwnField(
            model=one["model"],
            name=one["name"],
            label=one["label"],
            type=one["type"],
            direction=Direction(one["direction"]),
            token=one["token"],
            choices=tuple((value, words) for value, words in one.get("choices", ())),
        )
        for one in kept
    )


@dataclass(frozen=True, kw_only=True)
class Custom(Field):
    """A text of the user's own, of one line or several, or a choice by its value."""

    own: CustomField

    @property
    def attributes(self) -> tuple[str, ...]:
        return ("custom",)

    def read(self, obj: Any) -> Json:
        return obj.custom.get(self.own.key, self.empty_here)

    def write(self, obj: Any, here: Json) -> None:
        held = {key: value for key, value in obj.custom.items() if key != self.own.key}
        obj.custom = held if self.same(here, self.empty_here) else {**held, self.own.key: here}


class CustomWhole(Custom):
    """A whole number; Odoo knows no empty one."""

    empty_here: ClassVar[Json] = 0
    empty_remote: ClassVar[Json] = 0

    def canon(self, raw: Json) -> Json:
        return int(raw or 0)


class CustomDecimal(Custom):
    """A float or an amount in Odoo, a decimal as text here, with all digits that Odoo shows."""

    empty_remote: ClassVar[Json] = 0.0

    def canon(self, raw: Json) -> Json:
        return float(raw or 0)

    def incoming(self, remote: Json, refs: Refs) -> Json:
        return plain(Decimal(repr(remote)))

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        return here or "0"


class CustomFlag(Custom):
    """Yes or no; Odoo knows no empty one."""

    empty_here: ClassVar[Json] = False
    empty_remote: ClassVar[Json] = False

    def canon(self, raw: Json) -> Json:
        return bool(raw)

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        return "True" if here else "False"


class CustomMoment(Custom):
    """A date-time, UTC with whole seconds."""

    def canon(self, raw: Json) -> Json:
        return raw[:19] if raw else ""


_CLASSES: Mapping[Kind, type[Custom]] = {
    Kind.WHOLE: CustomWhole,
    Kind.DECIMAL: CustomDecimal,
    Kind.FLAG: CustomFlag,
    Kind.MOMENT: CustomMoment,
}


def field_of(own: OwnField) -> Custom:
    """The mapped field of one line of the map."""
    here = own.here
    return _CLASSES.get(here.kind, Custom)(
        remote=own.name,
        local=f"{PREFIX}{own.name}",
        direction=own.direction,
        with_parent=own.name not in OF_COMPANY,
        own=here,
    )

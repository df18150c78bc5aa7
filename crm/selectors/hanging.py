"""What points to a record: every foreign key of every table, so that none added later is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from crm import nouns
from crm.models import Linked, Record
from crm.nouns import Noun


@dataclass(frozen=True)
class Pointer:
    """A foreign key to the noun. `noun` is that of the table when Odoo is told where its rows point to."""

    table: Any
    name: str
    noun: Noun | None

    @property
    def key(self) -> str:
        return f"{self.table._meta.label}.{self.name}"


@cache
def pointers(model: type[Record]) -> tuple[Pointer, ...]:
    """All foreign keys to this model but those of its tags; those of its own tree first. No query."""
    relations: list[Any] = [one for one in model._meta.get_fields(include_hidden=True) if one.one_to_many]
    found = [
        Pointer(one.related_model, one.field.name, _told(one.related_model, one.field.name))
        for one in relations
        if not one.related_model._meta.auto_created
    ]
    return tuple(sorted(found, key=lambda one: (one.table is not model, one.key)))


def own_tree(model: type[Record]) -> tuple[str, ...]:
    """The fields by which rows of the model stand below others of their kind."""
    return tuple(pointer.name for pointer in pointers(model) if pointer.table is model)


def hanging(record: Record) -> list[tuple[str, int]]:
    """How many rows hang on the record, by what they are; none that are zero. A query for each foreign key."""
    counted: dict[str, int] = {}
    for pointer in pointers(type(record)):
        title = str(pointer.table._meta.verbose_name_plural)
        count = pointer.table._default_manager.filter(**{pointer.name: record}).count()
        counted[title] = counted.get(title, 0) + count
    return [(title, count) for title, count in counted.items() if count]


def _told(table: Any, name: str) -> Noun | None:
    """Activities, tasks and notes stay where they were sent to in Odoo; what is no detail is not in Odoo."""
    noun = nouns.noun_of(table)
    return noun if noun and not issubclass(table, Linked) and name in noun.detail_fields else None

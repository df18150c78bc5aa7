"""The nouns that people work with: what a list of each shows, how it is filtered and sorted, which services write it.

Pages, exports, search and the API read from here; the apps above `crm` join theirs in AppConfig.ready().
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import QuerySet

from crm.models import Record, User
from crm.routes import address_of, record_address

Cell = Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column: its key in addresses, its title, and what a row shows in it (escaped; no query of its own).

    `sort` names the field by which it sorts, which needs an index together with id. `number` aligns to the right.
    `fields` are the model's fields behind the cell, which an export writes one by one; none means the key itself.
    `edits` names the one that is changed in the cell, where there are several.
    """

    key: str
    title: Any
    cell: Cell
    sort: str = ""
    number: bool = False
    shown: bool = True
    fields: tuple[str, ...] = ()
    edits: str = ""

    @property
    def behind(self) -> tuple[str, ...]:
        """The model's fields that the cell shows."""
        return self.fields or (self.key,)


@dataclass(frozen=True)
class Noun:
    """One kind of record. `key` stands in addresses ("accounts"); `icon` is one of the vendored icons.

    `related` and `prefetched` are what a row of the list needs, so that cells cost no query. `order` is the order
    of the list when nobody asks for another one; `fields` are asked for when one is made,
    `details` are the sections of its page: a title and the fields under it; `bulk` are the choices that many rows can
    be given at once. `board` names the address of its board.
    `hint` says in a few words which record this is, where only its name stands; `letter` is its key after g and c.
    """

    key: str
    model: type[Record]
    title: Any
    plural: Any
    icon: str
    filters: type[django_filters.FilterSet]
    columns: tuple[Column, ...]
    order: str
    fields: tuple[str, ...]
    details: tuple[tuple[Any, tuple[str, ...]], ...]
    create: Callable[..., Any]
    update: Callable[..., Any]
    archive: Callable[..., Any]
    restore: Callable[..., Any]
    related: tuple[str, ...] = ()
    prefetched: tuple[str, ...] = ()
    owner_filter: str = "owner"
    bulk: tuple[str, ...] = ()
    board: str = ""
    hint: Callable[[Any], str] = lambda row: ""
    letter: str = ""
    merges: bool = False  # whether two of them can be made one

    def rows(self, user: User) -> QuerySet[Any]:
        """Every row this user may see, in no order, with what a list needs."""
        rows = self.model._default_manager.all().visible_to(user)
        return rows.select_related(*self.related).prefetch_related(*self.prefetched)

    def allows(self, user: User, action: str) -> bool:
        """Whether the user's role includes `action` (view, add or change) on this noun."""
        meta = self.model._meta
        return user.has_perm(f"{meta.app_label}.{action}_{meta.model_name}")

    def sorts(self) -> dict[str, Column]:
        """The sortable columns by the field they sort by."""
        return {column.sort: column for column in self.columns if column.sort}

    @staticmethod
    def editable(record: Any) -> bool:
        """Whether the record's details can be changed now: it is no history and not in the trash."""
        return not record.frozen_reason and record.archived_at is None

    def edited_by(self, column: Column) -> str:
        """The simple field that is changed in the cells of this column; "" for none."""
        name = column.edits or (column.behind[0] if len(column.behind) == 1 else "")
        known = name in self.detail_fields and column is not self.columns[0]
        return name if known and not self.model._meta.get_field(name).many_to_many else ""

    @property
    def detail_fields(self) -> list[str]:
        """All fields of the record's page, in order."""
        return [name for _title, names in self.details for name in names]

    @property
    def list_url(self) -> str:
        return address_of("workspace:list", self.key)


_nouns: dict[str, Noun] = {}
_by_model: dict[type[Record], Noun] = {}


def register(*nouns: Noun) -> None:
    """Let people work with these; the order is the one of the sidebar."""
    for noun in nouns:
        _nouns[noun.key] = noun
        _by_model[noun.model] = noun


def all_nouns() -> list[Noun]:
    """All nouns, in the order in which they joined."""
    return list(_nouns.values())


def noun_of_key(key: str) -> Noun:
    """The noun of an address. Raises KeyError."""
    return _nouns[key]


def noun_of(record: Record | type[Record]) -> Noun | None:
    """The noun of a record or model; None for what has no pages of its own, such as a note."""
    return _by_model.get(record if isinstance(record, type) else type(record))


def url_of(record: Record) -> str:
    """The page of a record; "" for what has none."""
    noun = noun_of(record)
    return record_address("workspace:record", noun.key, uuid=record.uuid) if noun else ""

"""What the API serves: a table with its filters, the fields it sorts by, and the services that write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import django_filters

from crm.filters import NoteFilters, TagFilters
from crm.models import Note, Record, Tag
from crm.nouns import Noun
from crm.services import notes, tags

Service = Callable[..., Any]


def written_once(record: Record, **_values: Any) -> Record:
    """Stands where nothing can be changed; such a resource offers no PATCH."""
    raise TypeError(f"{record._meta.label} is written once.")


@dataclass(frozen=True)
class Resource:
    """One kind of record in the API; `order` is the one of its list when nobody asks for another."""

    model: type[Record]
    filters: type[django_filters.FilterSet]
    sorts: tuple[str, ...]
    order: str
    create: Service
    archive: Service
    restore: Service
    update: Service = written_once

    @classmethod
    def of(cls, noun: Noun) -> Self:
        """The resource of a noun: the same filters, sorts and services as its pages."""
        return cls(
            model=noun.model,
            filters=noun.filters,
            sorts=tuple(noun.sorts()),
            order=noun.order,
            create=noun.create,
            archive=noun.archive,
            restore=noun.restore,
            update=noun.update,
        )


NOTES = Resource(
    model=Note,
    filters=NoteFilters,
    sorts=("id",),
    order="-id",
    create=notes.write_note,
    archive=notes.archive_note,
    restore=notes.restore_note,
)
TAGS = Resource(
    model=Tag,
    filters=TagFilters,
    sorts=("name",),
    order="name",
    create=tags.create_tag,
    archive=tags.archive_tag,
    restore=tags.restore_tag,
    update=tags.update_tag,
)

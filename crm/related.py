"""What stands beside a record: boxes of related records with their totals, joined by apps in AppConfig.ready()."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from crm.nouns import Noun, url_of

SHOWN = 6


@dataclass(frozen=True)
class Line:
    """One related record: its name, where it is, and a fact beside it."""

    name: str
    url: str
    fact: Any = ""


@dataclass(frozen=True)
class Box:
    """Some related records of one kind. `total` is a fact on all of them; `all_url` lists the others, "" if none."""

    title: Any
    icon: str
    lines: list[Line]
    total: Any = ""
    all_url: str = ""
    add_url: str = ""


Boxes = Callable[[Any, Any], Iterable[Box]]
_sources: list[Boxes] = []


def register(source: Boxes) -> None:
    """Show these beside every record; called with the record and the user who looks."""
    if source not in _sources:
        _sources.append(source)


def boxes(record: Any, user: Any) -> Iterator[Box]:
    """All boxes of this record for this user."""
    for source in _sources:
        yield from source(record, user)


def box(
    noun: Noun,
    user: Any,
    rows: QuerySet[Any],
    *,
    fact: Callable[[Any], Any] = lambda row: "",
    total: Any = "",
    listed: dict[str, Any] | None = None,
    begun: dict[str, Any] | None = None,
) -> Box:
    """A box of the first six of these rows. `listed` filters the noun's list to them, `begun` fills in a new one."""
    found = list(rows[: SHOWN + 1])
    more = len(found) > SHOWN and listed is not None
    may_add = begun is not None and noun.allows(user, "add")
    return Box(
        title=noun.plural,
        icon=noun.icon,
        lines=[Line(str(row), url_of(row), fact(row)) for row in found[:SHOWN]],
        total=total,
        all_url=f"{noun.list_url}?{urlencode(listed)}" if more and listed else "",
        add_url=f"{reverse('workspace:add', args=(noun,))}?{urlencode(begun)}" if may_add and begun else "",
    )

"""One stream of what happened about a record, newest first, from sources that apps join in AppConfig.ready().

Entries are ordered by moment, then by source, then by key; a cursor names the last one shown, so that no entry is
shown twice or left out, however many share a moment.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

PAGE = 20


@dataclass(frozen=True)
class Entry:
    """One thing that happened: what, by whom, and where more stands. `body` is harmless HTML or escaped text."""

    when: datetime
    key: int
    icon: str
    title: Any
    body: Any = ""
    who: str = ""
    url: str = ""
    open: bool = False


@dataclass(frozen=True)
class Source:
    """Where entries come from: rows about a record as this user sees them, the field of their moment, their look."""

    name: str
    rows: Callable[[Any, Any], QuerySet[Any] | None]
    moment: str
    entry: Callable[[Any], Entry]


_sources: list[Source] = []


def register(*sources: Source) -> None:
    """Let these be part of every timeline; the order decides where moments are equal."""
    for source in sources:
        if source not in _sources:
            _sources.append(source)


@dataclass(frozen=True)
class Stretch:
    """Some entries, and the cursor of what came before them; "" when there is nothing."""

    entries: list[Entry]
    earlier: str


def stretch(record: Any, user: Any, *, cursor: str = "", size: int = PAGE) -> Stretch:
    """The newest entries about a record, or those before a cursor. One query a source, however long the stream.

    A cursor that is none begins at the newest entry.
    """
    after = _read(cursor)
    streams = [_stream(source, place, record, user, after, size + 1) for place, source in enumerate(_sources)]
    merged = heapq.merge(*streams, key=lambda one: (-one[1].when.timestamp(), one[0], -one[1].key))
    found = [(place, entry) for (place, entry), _number in zip(merged, range(size + 1), strict=False)]
    shown = found[:size]
    earlier = f"{shown[-1][1].when.isoformat()}~{shown[-1][0]}~{shown[-1][1].key}" if len(found) > size else ""
    return Stretch([entry for _place, entry in shown], earlier)


def _stream(
    source: Source, place: int, record: Any, user: Any, after: tuple[datetime, int, int] | None, size: int
) -> Iterator[tuple[int, Entry]]:
    rows = source.rows(record, user)
    if rows is None:
        return
    if after is not None:
        rows = rows.filter(_behind(source.moment, place, *after))
    for row in rows.order_by(f"-{source.moment}", "-id")[:size]:
        yield place, source.entry(row)


def _behind(moment: str, place: int, when: datetime, last_place: int, key: int) -> Q:
    """Rows of one source that come after the cursor's entry in the stream."""
    if place < last_place:
        return Q(**{f"{moment}__lt": when})
    if place > last_place:
        return Q(**{f"{moment}__lte": when})
    return Q(**{f"{moment}__lt": when}) | Q(**{moment: when, "id__lt": key})


def _read(cursor: str) -> tuple[datetime, int, int] | None:
    when, _, rest = cursor.partition("~")
    place, _, key = rest.partition("~")
    try:
        moment = parse_datetime(when)
        return (moment, int(place), int(key)) if moment is not None else None
    except ValueError:
        return None

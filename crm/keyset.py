"""Keyset pagination: the last page costs what the first one costs, because each page begins where the other ended.

Rows are ordered by one field and then by id. Rows in which the field is empty come last, in both directions; they are
a section of their own, so that each query walks an index: first the filled rows after the cursor, then the empty ones.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q, QuerySet

M = TypeVar("M", bound=models.Model)
COUNT_LIMIT = 10_000
FORWARD, BACKWARD = "n", "p"


class BadCursor(Exception):
    """The cursor was not made by this list, in this order."""


@dataclass(frozen=True)
class Order:
    """One sortable field and a direction; the field's column needs an index together with id."""

    field: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> Order:
        """`-updated_at` is the newest first."""
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.field}" if self.descending else self.field


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind this row, in this direction. `value` is None for a row whose field is empty."""

    direction: str
    value: Any
    pk: int

    def encode(self, field: models.Field[Any, Any]) -> str:
        """The cursor as it stands in an address."""
        shown = None if self.value is None else field.to_python(self.value)
        body = json.dumps([self.direction, None if shown is None else str(shown), self.pk])
        return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, field: models.Field[Any, Any]) -> Cursor:
        """Read what `encode` wrote. Raises BadCursor on anything else."""
        try:
            body = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            direction, shown, pk = body
            if direction not in (FORWARD, BACKWARD) or type(pk) is not int:
                raise BadCursor(text)
            value = None if shown is None else field.to_python(shown)
            _ensure_storable(value, field)
            return cls(direction, value, pk)
        except (binascii.Error, ValueError, TypeError, OverflowError, ValidationError) as error:
            raise BadCursor(text) from error


@dataclass(frozen=True)
class Page(Generic[M]):
    """The rows of one page, and the cursors of its neighbours; "" where there is none."""

    rows: list[M]
    next: str
    previous: str


def page_of(queryset: QuerySet[M], order: Order, *, cursor: str = "", size: int = 50) -> Page[M]:
    """One page of `queryset` in this order; `cursor` comes from a neighbouring page. At most two queries.

    Raises BadCursor, and FieldDoesNotExist when the order names no field of the model's own.
    """
    field = queryset.model._meta.get_field(order.field)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(order.field)
    start = Cursor.decode(cursor, field) if cursor else None
    back = start is not None and start.direction == BACKWARD
    rows = _rows(queryset, field, order, start, back, size + 1)
    more = len(rows) > size
    rows = rows[:size]
    if back:
        rows.reverse()
    onwards = (more or back) and bool(rows)
    backwards = (more if back else start is not None) and bool(rows)
    return Page(
        rows=rows,
        next=_cursor(FORWARD, rows[-1], field) if onwards else "",
        previous=_cursor(BACKWARD, rows[0], field) if backwards else "",
    )


def count_of(queryset: QuerySet[Any]) -> int:
    """How many rows, exact up to COUNT_LIMIT; COUNT_LIMIT + 1 stands for more. One query that reads no further."""
    return queryset.order_by()[: COUNT_LIMIT + 1].count()


def walk(queryset: QuerySet[M], order: Order, *, chunk: int) -> Iterator[M]:
    """Every row in this order, streamed: memory for `chunk` rows. Two queries, and the prefetches per chunk.

    One walk sees the rows as they stood when it began: what somebody saves meanwhile is neither missed nor doubled.
    """
    field = queryset.model._meta.get_field(order.field)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(order.field)
    for condition, keys in _sections(field, order, None, False):
        yield from queryset.filter(condition).order_by(*keys).iterator(chunk_size=chunk)


def _ensure_storable(value: Any, field: models.Field[Any, Any]) -> None:
    """Raise ValueError or the like for a value that no row can hold: a forged cursor is no fault of ours."""
    if isinstance(value, str) and b"\x00" in value.encode():
        raise ValueError(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(value)
        value.astimezone(UTC)  # overflows at both ends of time
    if isinstance(field, models.DecimalField) and value is not None:
        field.run_validators(value)


def _cursor(direction: str, row: models.Model, field: models.Field[Any, Any]) -> str:
    return Cursor(direction, getattr(row, field.attname), row.pk).encode(field)


def _rows(
    queryset: QuerySet[M],
    field: models.Field[Any, Any],
    order: Order,
    start: Cursor | None,
    back: bool,
    size: int,
) -> list[M]:
    """Up to `size` rows behind the cursor, walking backwards where `back`."""
    rows: list[M] = []
    for condition, keys in _sections(field, order, start, back):
        if len(rows) < size:
            rows.extend(queryset.filter(condition).order_by(*keys)[: size - len(rows)])
    return rows


def _sections(
    field: models.Field[Any, Any], order: Order, start: Cursor | None, back: bool
) -> Iterator[tuple[Q, tuple[str, ...]]]:
    """The filled rows and the empty ones, in the order in which they are walked, each with where to begin."""
    name = field.name
    falling = order.descending != back
    sign, beyond = ("-", "lt") if falling else ("", "gt")
    filled: tuple[Q, tuple[str, ...]] | None = (Q(), (f"{sign}{name}", f"{sign}id"))
    empty: tuple[Q, tuple[str, ...]] | None = (Q(**{f"{name}__isnull": True}), (f"{sign}id",)) if field.null else None
    if field.null:
        filled = (Q(**{f"{name}__isnull": False}), (f"{sign}{name}", f"{sign}id"))
    if start is not None and start.value is None:
        empty = (Q(**{f"{name}__isnull": True, f"id__{beyond}": start.pk}), (f"{sign}id",))
        filled = filled if back else None
    elif start is not None:
        # The first condition bounds the walk along the index; the second leaves out what the last page showed.
        behind = Q(**{f"{name}__{beyond}": start.value}) | Q(**{name: start.value, f"id__{beyond}": start.pk})
        filled = (Q(**{f"{name}__{beyond}e": start.value}) & behind, (f"{sign}{name}", f"{sign}id"))
        empty = None if back else empty
    for section in (empty, filled) if back else (filled, empty):
        if section is not None:
            yield section

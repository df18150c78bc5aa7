"""Records as lines of a CSV file: plain values that a spreadsheet and an import can read, and that run nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.models import Record
from crm.nouns import Column

# Without it Excel takes UTF-8 for the code page of its machine.
BOM = "\ufeff"
CHUNK = 500
# A spreadsheet runs what begins so as a formula; an apostrophe in front makes it text. Numbers are no formulas.
_FORMULA = re.compile(r"[\s\x00]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_HARMLESS = re.compile(r"\+[\d ()./]*\Z|-?\d+(?:\.\d+)?\Z")


class _Line:
    """Gives csv.writer's lines back instead of keeping them."""

    def write(self, text: str) -> str:
        return text


def lines(model: type[Record], records: Iterable[Any], columns: Sequence[Column]) -> Iterator[str]:
    """The head and one line a record, some hundred lines at a time. No query of its own: give what columns need."""
    write = csv.writer(_Line()).writerow
    names = [(column, name) for column in columns for name in column.behind]
    head = [BOM + write([_title(model, column, name) for column, name in names])]
    body = (write([safe(plain(record, name)) for _column, name in names]) for record in records)
    stream = chain(head, body)
    while some := list(islice(stream, CHUNK)):
        yield "".join(some)


def plain(record: Any, name: str) -> str:
    """The value of a field for machines and people: a day as 2026-01-31, a number with a point, a choice in words.

    Times are those of the current time zone. No query when relations and tags are at hand.
    """
    field = record._meta.get_field(name)
    if field.many_to_many:
        return ", ".join(str(one) for one in getattr(record, name).all())
    value = getattr(record, name)
    if value is None:
        return ""
    if field.choices:
        return str(getattr(record, f"get_{name}_display")())
    match value:
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
    return str(value)


def safe(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it; numbers and phone numbers stay."""
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.match(text) else text


def _title(model: type[Record], column: Column, name: str) -> str:
    """The column's own title, or the field's where the column shows several."""
    if len(column.behind) == 1:
        return str(column.title)
    field: Any = model._meta.get_field(name)
    return capfirst(str(field.verbose_name))

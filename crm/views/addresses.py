"""What stands in the address of a list or board: its parts changed, and its filters in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters import FilterSet

from crm.filters import OfRecord


@dataclass(frozen=True)
class Chip:
    """A filter in use: what it says, and the address without it."""

    label: str
    words: str
    address: str


def tidy(query: QueryDict) -> QueryDict:
    """What was asked for, without the fields that a form sends along empty."""
    asked = QueryDict(mutable=True)
    for name, values in query.lists():
        if said := [value for value in values if value]:
            asked.setlist(name, said)
    return asked


def address(query: QueryDict, **changes: str) -> str:
    """The address with these parts changed; an empty part is left out."""
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return f"?{changed.urlencode()}" if changed else "?"


def kept(query: QueryDict, names: Iterable[str]) -> list[tuple[str, str]]:
    """What of the address goes along when the filters change, as names and values."""
    return [(name, value) for name in names if (value := query.get(name))]


def used(query: QueryDict, chosen: Any) -> list[tuple[str, str]]:
    """The filters in use as names and values, as they were typed; without the words searched."""
    return [(name, value) for name in chosen.form.fields if name != "q" for value in query.getlist(name) if value]


def chips(query: QueryDict, chosen: Any) -> list[Chip]:
    """The filters in use in words; those that were refused are shown as they were typed."""
    found = []
    for name, typed in groupby(used(query, chosen), key=itemgetter(0)):
        words = ", ".join(_in_words(chosen, name, value) for _name, value in typed)
        found.append(Chip(str(chosen.form.fields[name].label), words, address(query, **{name: "", "cursor": ""})))
    return found


def _in_words(chosen: FilterSet, name: str, value: str) -> str:
    asked = chosen.filters[name]
    if isinstance(asked, OfRecord):
        return asked.named(value, chosen.request.user)
    choices = {str(key): str(words) for key, words in getattr(asked.field, "choices", ())}
    return choices.get(value, {"true": _("yes"), "false": _("no")}.get(value, value))

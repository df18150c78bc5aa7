"""The details of a record: label, value and field name, in sections."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from crm import cells, registry
from crm.models import OwnFields
from crm.nouns import Noun


class Detail(NamedTuple):
    """One value under its label; `value` is "" where there is none, `name` is "" for a field of the user's own."""

    label: str
    value: Any
    name: str = ""


class Section(NamedTuple):
    """Some details under a title: those that say something, and the empty ones."""

    title: Any
    filled: list[Detail]
    empty: list[Detail]


def detail_of(record: Any, name: str) -> Detail:
    """One field of a record."""
    return Detail(str(record._meta.get_field(name).verbose_name), cells.detail(record, name), name)


def sections_of(noun: Noun, record: Any) -> list[Section]:
    """All details of a record's page, then the filled ones of the user's own fields."""
    found = [_section(title, [detail_of(record, name) for name in names]) for title, names in noun.details]
    fields = registry.own_fields(noun.model) if issubclass(noun.model, OwnFields) else []
    own = [Detail(one.label, one.words(record.custom.get(one.key))) for one in fields]
    return [*found, Section(_("Own fields"), [one for one in own if one.value], [])]


def _section(title: Any, details: list[Detail]) -> Section:
    return Section(title, [one for one in details if one.value], [one for one in details if not one.value])

"""The details of a record: label, value and field name, in sections."""

from __future__ import annotations

from typing import Any, NamedTuple

from crm import cells, registry
from crm.custom import CustomField
from crm.nouns import Noun
from crm.own_form import TITLE, form_name


class Detail(NamedTuple):
    """One value under its label; `value` is "" where there is none, `name` is "" for one that is not changed here."""

    label: str
    value: Any
    name: str = ""


class Section(NamedTuple):
    """Some details under a title: those that say something, and the empty ones."""

    title: Any
    filled: list[Detail]
    empty: list[Detail]


def detail_of(record: Any, name: str, own: CustomField | None = None) -> Detail:
    """One field of a record; `own` when it is one of the user's own."""
    if own is not None:
        return Detail(own.label, own.words(record.custom.get(own.key)), name if own.editable else "")
    return Detail(str(record._meta.get_field(name).verbose_name), cells.detail(record, name), name)


def sections_of(noun: Noun, record: Any) -> list[Section]:
    """All details of a record's page, the user's own fields last."""
    found = [_section(title, [detail_of(record, name) for name in names]) for title, names in noun.details]
    own = [detail_of(record, form_name(one), one) for one in registry.own_fields(noun.model)]
    return [*found, _section(TITLE, own)]


def _section(title: Any, details: list[Detail]) -> Section:
    return Section(title, [one for one in details if one.value], [one for one in details if not one.value])

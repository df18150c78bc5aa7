"""What mapped fields and their values are called by people: names instead of keys, words instead of codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.odoo.mappers import NounMap
from integrations.odoo.mappers.crm_lead import OURS, Customer, LeadSource, LeadType, Standing
from integrations.odoo.mappers.custom import Custom
from integrations.odoo.mappers.kinds import (
    Active,
    Choice,
    Day,
    Field,
    Json,
    Moment,
    NameRef,
    Ref,
    TagRefs,
    parse_time,
)

TAG = "crm.Tag"


def label(noun: NounMap, one: Field) -> str:
    """What people call a field."""
    if isinstance(one, Customer):
        return _("Customer")
    if isinstance(one, LeadType):
        return _("Lead or opportunity")
    if isinstance(one, Standing):
        return _("Open, lost or archived")
    if isinstance(one, Active):
        return _("In use")
    if isinstance(one, Custom):
        return one.own.label
    return capfirst(str(noun.model._meta.get_field(one.local).verbose_name))  # type: ignore[union-attr]


class Words:
    """Values in words. `want` what is going to be shown, `load` once, then ask: one query per table pointed into."""

    def __init__(self) -> None:
        self._wanted: dict[str, set[int]] = defaultdict(set)
        self._names: dict[tuple[str, int], str] = {}

    def want(self, noun: NounMap, one: Field, values: Iterable[Json]) -> None:
        """Note what these values point to."""
        for value in values:
            for table, key in _pointed(noun, one, value):
                self._wanted[table].add(key)

    def load(self) -> None:
        """Look up the names of what was noted."""
        for table, keys in self._wanted.items():
            for row in apps.get_model(table)._default_manager.filter(pk__in=keys):
                self._names[table, row.pk] = str(row)
        self._wanted.clear()

    def of(self, noun: NounMap, one: Field, value: Json) -> str:
        """A value in words; "" for an empty one."""
        if (pointed := _pointed(noun, one, value)) or isinstance(one, TagRefs):
            return ", ".join(self._names.get(pair, _("(gone)")) for pair in pointed)
        if isinstance(one, Standing):
            return {"open": _("Open"), "lost": _("Lost"), "archived": _("In the trash")}.get(str(value), str(value))
        if isinstance(one, Active):
            return _("Yes") if value else _("No, in the trash")
        if isinstance(one, Custom):
            return one.own.words(value)
        if isinstance(one, LeadSource) and str(value).startswith(OURS):
            choices = dict(noun.model._meta.get_field("source").flatchoices)  # type: ignore[union-attr]
            return str(choices.get(value.removeprefix(OURS), value))
        if value is None or value == "":
            return ""
        if isinstance(one, Choice):
            choices = dict(noun.model._meta.get_field(one.local).flatchoices)  # type: ignore[union-attr]
            return str(choices.get(value, value))
        if isinstance(one, Day):
            return date_format(date.fromisoformat(value), "DATE_FORMAT")
        if isinstance(one, Moment):
            return date_format(timezone.localtime(parse_time(value)), "DATETIME_FORMAT")
        return str(value)


def _pointed(noun: NounMap, one: Field, value: Json) -> list[tuple[str, int]]:
    """What a value points to: table and key."""
    if not value:
        return []
    if isinstance(one, TagRefs):
        return [(TAG, key) for key in value]
    if isinstance(one, Customer):
        kind, _colon, key = str(value).partition(":")
        return [(f"crm.{kind.capitalize()}", int(key))]
    if isinstance(one, Ref) and not isinstance(one, NameRef):
        table: Any = noun.model._meta.get_field(one.local).related_model
        return [(table._meta.label, value)]
    return []

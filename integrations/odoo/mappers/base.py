"""A field map: which noun here answers to which record in Odoo, field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from integrations.odoo.mappers.custom import OwnField
from integrations.odoo.mappers.kinds import Direction, Field, Html, TagRefs

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class NounMap:
    """How one noun here maps to an Odoo model.

    `constants` are columns sent once, at creation. `title` names the field that must not be empty; an Odoo record
    without one is called `untitled`.
    """

    label: str
    remote_model: str
    fields: tuple[Field, ...]
    constants: Mapping[str, str] = field(default_factory=dict)
    title: str = "name"

    @cached_property
    def model(self) -> type[Model]:
        """The Django model."""
        return apps.get_model(self.label)

    @property
    def content_type(self) -> ContentType:
        return ContentType.objects.get_for_model(self.model)

    @cached_property
    def tag_field(self) -> TagRefs | None:
        """The field that carries tags, if any."""
        return next((one for one in self.fields if isinstance(one, TagRefs)), None)

    @cached_property
    def by_remote(self) -> dict[str, Field]:
        """The fields by Odoo's name."""
        return {one.remote: one for one in self.fields}

    def outgoing_fields(self) -> list[Field]:
        """Fields that may be sent."""
        return [one for one in self.fields if one.direction is not Direction.IN]


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelMap:
    """An Odoo model and the nouns its records become here; `label_of` says which one a row becomes.

    `own`: fields of the user's own, by Odoo's name; the connection adds them.
    """

    remote_model: str
    nouns: tuple[NounMap, ...]
    label_of: Callable[[Row], str]
    reads: tuple[str, ...] = ()
    rights: tuple[str, ...] = ("read", "write", "create")
    own: Mapping[str, OwnField] = field(default_factory=dict)

    @cached_property
    def remote_fields(self) -> tuple[str, ...]:
        """Every Odoo field that a pull asks for, in a stable order; the schema drops what does not exist."""
        wanted = ["write_date", "write_uid", "create_uid", *self.reads]
        for noun in self.nouns:
            for one in noun.fields:
                wanted.extend(one.reads)
        return tuple(dict.fromkeys(wanted))

    @cached_property
    def long_texts(self) -> frozenset[str]:
        """The fields without a bound: rich text, which may hold whole pictures."""
        return frozenset(one.remote for noun in self.nouns for one in noun.fields if isinstance(one, Html))

    @cached_property
    def _by_label(self) -> dict[str, NounMap]:
        return {noun.label: noun for noun in self.nouns}

    def noun_of(self, row: Row) -> NounMap:
        """What a row of Odoo becomes here."""
        return self._by_label[self.label_of(row)]

    def noun_for(self, label: str) -> NounMap:
        """The map of one noun, by Django label in any case. Raises KeyError."""
        for noun in self.nouns:
            if noun.label.lower() == label.lower():
                return noun
        raise KeyError(label)

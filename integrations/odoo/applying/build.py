"""Making a new business object from an Odoo record."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.models import CharField
from django.utils.translation import gettext as _

from crm.models import Stage
from integrations.models.bulk import row_maker
from integrations.odoo.mappers.base import NounMap
from integrations.odoo.mappers.kinds import Field, Json, NameRef, Ref, Refs, Text, Unresolved, store_pair
from integrations.odoo.merge import following


class RowRefused(Exception):
    """This record cannot be kept here; says why in a sentence for people."""


@dataclass
class Built:
    """A new object, not saved yet, with its base and its links (see `Merged`)."""

    obj: Any
    base: dict[str, Json] = field(default_factory=dict)
    links: dict[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Recipe:
    """What is known of a noun before any row comes: plain texts are by far the most fields, and go a short way."""

    make: Callable[..., Any]
    limits: Mapping[str, int]
    texts: tuple[tuple[str, str, int, bool], ...]
    others: tuple[Field, ...]


@lru_cache(maxsize=32)
def _recipe(noun: NounMap) -> _Recipe:
    limits = {
        one.name: one.max_length
        for one in noun.model._meta.concrete_fields
        if isinstance(one, CharField) and one.max_length is not None and not one.choices
    }
    texts = [one for one in noun.fields if type(one) is Text]
    return _Recipe(
        make=row_maker(noun.model),
        limits=limits,
        texts=tuple((one.remote, one.local, limits.get(one.local, sys.maxsize), one.with_parent) for one in texts),
        others=tuple(one for one in noun.fields if type(one) is not Text),
    )


def check_length(noun: NounMap, attribute: str, value: Json) -> None:
    """Raise RowRefused when a text is longer than we can keep."""
    limit = _recipe(noun).limits.get(attribute)
    if limit is not None and isinstance(value, str) and len(value) > limit:
        raise _too_long(attribute, len(value), limit)


def _too_long(attribute: str, length: int, limit: int) -> RowRefused:
    return RowRefused(
        _("%(field)s has %(length)d characters; Tandem keeps up to %(limit)d. Shorten it in Odoo.")
        % {"field": attribute, "length": length, "limit": limit}
    )


def build(
    noun: NounMap, row: Mapping[str, Any], refs: Refs, *, now: datetime, object_uuid: uuid.UUID | None = None
) -> Built:
    """Make an unsaved object of an Odoo record. Costs no query.

    Raises RowRefused when a value cannot be kept here.
    """
    recipe = _recipe(noun)
    obj = recipe.make(uuid=object_uuid or uuid.uuid4(), created_at=now, updated_at=now)
    held = obj.__dict__
    under_company = bool(row.get("parent_id"))
    base: dict[str, Json] = {}
    for remote, local, limit, with_parent in recipe.texts:
        value = row.get(remote)
        if value and (with_parent or not under_company):
            if len(value) > limit:
                raise _too_long(local, len(value), limit)
            held[local] = base[remote] = value
    built = Built(obj, base)
    for one in recipe.others:
        if under_company and not one.with_parent:
            continue
        try:
            remote_value = one.canon_row(row)
        except KeyError:
            continue
        if remote_value == one.empty_remote:
            continue
        here = one.incoming(remote_value, refs)
        if isinstance(here, Unresolved):
            if isinstance(one, Ref) and not isinstance(one, NameRef):
                built.links[one.remote] = (one.model, remote_value)
                store_pair(one, base, one.empty_here, remote_value)
            continue
        check_length(noun, one.local, here)
        one.write(obj, here)
        store_pair(one, base, here, remote_value)
    if under_company:
        built.links |= following(noun, base, refs)
    if not getattr(obj, noun.title):
        _name(noun, obj, row, base)
    if hasattr(obj, "build_search_text"):
        obj.search_text = obj.build_search_text()
    return built


def _name(noun: NounMap, obj: Any, row: Mapping[str, Any], base: dict[str, Json]) -> None:
    """Odoo lets some records be nameless; ours need a name, and it is not sent back."""
    title = row.get("email") or row.get("email_from") or _("(no name)")
    setattr(obj, noun.title, title[:255])
    base["name"] = [title[:255], ""]


def default_stage_id() -> int | None:
    """The first open stage, for an opportunity that has none in Odoo."""
    return (
        Stage.objects.filter(archived_at=None, is_lost=False, is_won=False)
        .order_by("sequence", "id")
        .values_list("pk", flat=True)
        .first()
    )


def moment(value: str) -> datetime:
    """An Odoo time of a row as an aware date-time, whole seconds."""
    return datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)

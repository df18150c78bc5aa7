"""The audit log in words: what was changed on a record, from which value to which."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from crm import cells, registry
from crm.audit import TAGS
from crm.custom import PREFIX, CustomField
from crm.models import Change, Tag

Targets = Mapping[tuple[type, Any], Any]
STRETCH = 50
# The action says it already.
SAID = frozenset({"archived_at"})


@dataclass(frozen=True)
class Line:
    """One field: its label, its value before and after, safe to show; `had`: there was a value before."""

    label: str
    before: Any
    after: Any
    had: bool


@dataclass(frozen=True)
class Entry:
    """One change with its fields in words."""

    change: Change
    lines: list[Line]


def of_record(object_uuid: uuid.UUID, *, before: int | None = None) -> tuple[list[Entry], int | None]:
    """The last changes of a record, newest first, and the id to go on from; None at the end.

    `before`: only changes with a smaller id. One query, and one per table that a changed field points to.
    """
    rows = Change.objects.filter(object_uuid=object_uuid).select_related("actor", "content_type").order_by("-id")
    found = list((rows.filter(pk__lt=before) if before else rows)[: STRETCH + 1])
    shown = found[:STRETCH]
    return in_words(shown), shown[-1].pk if len(found) > STRETCH else None


def label_of(change: Change, name: str) -> str:
    """What a changed field is called. No query; a field of the user's own goes by its key."""
    field = _field(change, name)
    if name == TAGS or field is None:
        return str(Tag._meta.verbose_name_plural) if name == TAGS else name.removeprefix(PREFIX)
    return str(field.verbose_name)


def in_words(changes: Sequence[Change]) -> list[Entry]:
    """These changes with their fields in words. One query per table that a changed field points to."""
    targets = _targets(changes)
    models = {_model(one) for one in changes} - {None}
    own = {model: {f"{PREFIX}{one.key}": one for one in registry.own_fields(model)} for model in models}
    return [Entry(one, list(_lines(one, targets, own.get(_model(one), {})))) for one in changes]


def _model(change: Change) -> Any:
    return change.content_type.model_class()


def _targets(changes: Iterable[Change]) -> Targets:
    """What the changed relations point to, by model and primary key."""
    wanted: dict[Any, set[Any]] = defaultdict(set)
    for change in changes:
        for name, pair in change.fields.items():
            if name == TAGS:
                wanted[Tag].update(key for keys in pair for key in keys or ())
            elif isinstance(field := _field(change, name), ForeignKey):
                wanted[field.related_model].update(key for key in pair if key is not None)
    return {
        (model, row.pk): row for model, keys in wanted.items() for row in model._default_manager.filter(pk__in=keys)
    }


def _field(change: Change, name: str) -> Any:
    """The model's field of this name; None for one of the user's own, and for one that is no more."""
    model = _model(change)
    if model is None or name.startswith(PREFIX):
        return None
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _lines(change: Change, targets: Targets, own: Mapping[str, CustomField]) -> Iterable[Line]:
    for name, pair in change.fields.items():
        if name in SAID:
            continue
        label = str(own[name].label) if name in own else label_of(change, name)
        words: Callable[[Any], Any] = _plain
        if name == TAGS:
            words = _tag_words(targets)
        elif name in own:
            words = own[name].words
        elif (field := _field(change, name)) is not None:
            words = _field_words(change, field, targets)
        before, after = (words(value) for value in pair)
        yield Line(label, before or cells.NOTHING, after or cells.NOTHING, bool(before))


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _tag_words(targets: Targets) -> Callable[[Any], Any]:
    return lambda keys: ", ".join(str(targets.get((Tag, key), _("a tag that is gone"))) for key in keys or ())


def _field_words(change: Change, field: Any, targets: Targets) -> Callable[[Any], Any]:
    """How a record's page shows this field, asked with a blank record that holds the value."""

    def words(value: Any) -> Any:
        draft = _model(change)()
        if isinstance(field, ForeignKey):
            if value is None:
                return ""
            target = targets.get((field.related_model, value))
            if target is None:
                return _("a record that is gone")
            setattr(draft, field.name, target)
        else:
            try:
                setattr(draft, field.attname, field.to_python(value))
            except ValidationError:
                return _plain(value)
        return cells.detail(draft, field.name)

    return words

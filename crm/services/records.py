"""What every write shares: lock, version, times, search text, checks, and the announcement to the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, TypedDict, TypeVar, cast

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import audit, registry
from crm.custom import PREFIX, merged
from crm.models import OwnFields, Record, Tag, User
from integrations import outbox
from integrations.models.bulk import insert_rows

R = TypeVar("R", bound=Record)

STAMPED = ("version", "updated_at", "updated_by", "search_text", "field_times")
CHUNK = 1000


class OwnValues(TypedDict, total=False):
    """Values of the user's own fields by key; those that are not named stay, an empty one is taken away."""

    custom: Mapping[str, Any]


class StaleVersionError(Exception):
    """Somebody saved this record since it was read; nothing was written."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__(
            _("Somebody else saved “%(name)s” in the meantime. Look at it again, then save.") % {"name": record}
        )


def filled(record: R, *, custom: Mapping[str, Any] | None = None, **fields: Any) -> R:
    """A new record with these fields and values of the user's own set; saves nothing. Raises ValidationError."""
    for name, value in fields.items():
        setattr(record, name, value)
    if custom:
        own = _own(record)
        own.custom = merged({}, custom, registry.own_fields(type(record)))
    return record


def insert(record: R, *, actor: User | None, tags: Iterable[Tag] | None = None, announce: bool = True) -> R:
    """Save a new record and announce it. Raises ValidationError on what the model or a constraint refuses."""
    record.created_by = record.updated_by = actor
    trim(record)
    record.search_text = record.build_search_text()
    record.full_clean()
    with refusing(record), transaction.atomic():
        record.save(force_insert=True)
        if tags is not None:
            tags_of(record).set(tags)
        audit.keep(audit.made(record, actor=actor))
        if announce:
            outbox.announce(record)
    return record


def insert_many(
    records: Iterable[R],
    *,
    actor: User | None,
    tags: Mapping[uuid.UUID, Iterable[Tag]] | None = None,
    announce: bool = True,
) -> list[R]:
    """Save many new records of one model in chunks of 1,000, each chunk in a transaction of its own.

    `tags` maps a record's uuid to its tags. Values are checked field by field; whether what they point to exists
    is left to the database. Raises ValidationError naming the row (first is 1) before its chunk is written;
    earlier chunks stay, unless the caller holds a transaction. Costs a few statements per chunk.
    """
    saved: list[R] = []
    stream = iter(records)
    author = None if actor is None else actor.pk
    while chunk := list(islice(stream, CHUNK)):
        relations = _relations(type(chunk[0]))
        for position, record in enumerate(chunk, start=len(saved) + 1):
            record.created_by_id = record.updated_by_id = author
            trim(record)
            record.search_text = record.build_search_text()
            try:
                record.clean_fields(exclude=relations)
            except ValidationError as error:
                raise ValidationError(
                    _("Row %(row)d: %(problem)s"),
                    params={"row": position, "problem": "; ".join(_sentences(error))},
                ) from error
        model = type(chunk[0])
        with transaction.atomic():
            insert_rows(chunk)
            if tags:
                _link_tags(model, chunk, tags)
            audit.keep(*(audit.made(record, actor=actor) for record in chunk))
            if announce:
                outbox.announce(*chunk)
        saved.extend(chunk)
    return saved


def change(
    record: R,
    *,
    actor: User | None,
    expected_version: int | None = None,
    tags: Iterable[Tag] | None = None,
    custom: Mapping[str, Any] | None = None,
    announce: bool = True,
    **values: Any,
) -> R:
    """Set these fields on the record as it stands in the database, under its lock; returns it fresh.

    Only fields that differ are written and checked; a call that changes nothing writes and announces nothing.
    `custom` names values of the user's own fields by key; the others stay.
    Raises StaleVersionError when `expected_version` is given and no longer true, ValidationError on bad values and
    on a record that is history (`frozen_reason`), TypeError on a name that is no field.
    """
    with transaction.atomic():
        current = locked(record)
        if expected_version is not None and current.version != expected_version:
            raise StaleVersionError(current)
        before = copy(current)
        changed = [name for name, value in values.items() if _differs(current, name, value)]
        wanted = None if tags is None else list(tags)
        tagged = None if wanted is None else (_tag_keys(current), {tag.pk for tag in wanted})
        tags_changed = tagged is not None and tagged[0] != tagged[1]
        own_changed = _change_own(current, custom) if custom else []
        if not changed and not tags_changed and not own_changed:
            return current
        if current.frozen_reason:
            raise ValidationError(current.frozen_reason, code="read_only")
        for name in changed:
            setattr(current, name, values[name])
        trim(current, changed)
        names = [*changed, *own_changed, *(["tags"] if tags_changed else [])]
        stamp(current, names, now=timezone.now(), actor=actor)
        exclude = {field.name for field in current._meta.concrete_fields} - set(changed) - {"search_text"}
        current.full_clean(exclude=exclude)
        with refusing(current), transaction.atomic():
            current.save(update_fields=[*changed, *(["custom"] if own_changed else []), *STAMPED])
            if tags_changed and wanted is not None:
                tags_of(current).set(wanted)
            audit.keep(audit.changed(before, current, names, actor=actor, tags=tagged))
        if announce:
            outbox.announce(current)
    return current


def archive(
    record: R, *, actor: User | None, expected_version: int | None = None, announce: bool = True, **values: Any
) -> R:
    """Move to the trash; in Odoo the record is archived."""
    values["archived_at"] = record.archived_at or timezone.now()
    return change(record, actor=actor, expected_version=expected_version, announce=announce, **values)


def restore(
    record: R, *, actor: User | None, expected_version: int | None = None, announce: bool = True, **values: Any
) -> R:
    """Take out of the trash; in Odoo the record is unarchived."""
    values["archived_at"] = None
    return change(record, actor=actor, expected_version=expected_version, announce=announce, **values)


def locked(record: R) -> R:
    """The record as it stands in the database, locked until the caller's transaction ends. One query."""
    manager = type(record)._default_manager
    return cast(R, manager.select_for_update().get(pk=record.pk))


def lock_tree(name: str) -> None:
    """Let one transaction at a time rearrange this tree; held until it ends. Taken before any row lock.

    Row locks cannot do this: two moves that together close a circle may touch no common row. SQLite needs none,
    since its transactions begin by taking the write lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"tandem.tree.{name}"])


def stamp(record: Record, names: Sequence[str], *, now: datetime, actor: User | None) -> None:
    """Raise the version and note time, author, search text and the time of each edited field; saves nothing."""
    record.version += 1
    record.updated_at = now
    record.updated_by = actor
    record.search_text = record.build_search_text()
    record.field_times = {**record.field_times, **dict.fromkeys(names, now.isoformat())}


def trim(record: Record, names: Sequence[str] | None = None) -> None:
    """Cut blanks around one-line texts, so that “ ” is no name and “Miller ” no second Miller; saves nothing."""
    for name in _lines(type(record)):
        if names is None or name in names:
            value = getattr(record, name)
            if isinstance(value, str) and value != value.strip():
                setattr(record, name, value.strip())


def tags_of(record: Record) -> Any:
    """The tag manager of a record that has tags."""
    return record.tags  # type: ignore[attr-defined]


@contextmanager
def refusing(record: Record) -> Iterator[None]:
    """Turn a constraint violated by somebody who came in between into the ValidationError that it stands for."""
    try:
        yield
    except IntegrityError:
        record.full_clean()
        raise


def _differs(record: Record, name: str, value: Any) -> bool:
    """Whether a field holds another value than this one, compared in the field's own type; no query for relations."""
    try:
        field = record._meta.get_field(name)
    except FieldDoesNotExist as error:
        raise TypeError(f"{record._meta.label} has no field {name!r}.") from error
    if not isinstance(field, models.Field):
        raise TypeError(f"{name!r} of {record._meta.label} is no field of its own.")
    held = getattr(record, field.attname)
    if isinstance(field, models.ForeignKey):
        return bool(held != (None if value is None else value.pk))
    try:
        return bool(held != field.to_python(value))
    except ValidationError as error:
        raise ValidationError({name: error}) from error


def _tag_keys(record: Record) -> set[int]:
    return set(tags_of(record).values_list("pk", flat=True))


def _own(record: Any) -> OwnFields:
    if not isinstance(record, OwnFields):
        raise TypeError(f"{type(record).__name__} has no fields of the user's own.")
    return record


def _change_own(record: Record, given: Mapping[str, Any]) -> list[str]:
    """Set values of the user's own fields; returns the names under which their times are noted."""
    own = _own(record)
    held = own.custom
    own.custom = merged(held, given, registry.own_fields(type(record)))
    return [f"{PREFIX}{key}" for key in given if held.get(key) != own.custom.get(key)]


def _link_tags(model: type[Record], chunk: Sequence[Record], tags: Mapping[uuid.UUID, Iterable[Tag]]) -> None:
    through = model.tags.through  # type: ignore[attr-defined]
    column = f"{model._meta.model_name}_id"
    insert_rows(
        [
            through(**{column: record.pk, "tag_id": tag.pk})
            for record in chunk
            for tag in {tag.pk: tag for tag in tags.get(record.uuid, ())}.values()
        ]
    )


@cache
def _lines(model: type[Record]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if isinstance(field, models.CharField))


@cache
def _relations(model: type[Record]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields if field.is_relation}


def _sentences(error: ValidationError) -> list[str]:
    if hasattr(error, "error_dict"):
        return [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
    return list(error.messages)

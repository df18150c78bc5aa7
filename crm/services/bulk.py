"""One change to many records: what it would do, the change itself through each noun's services, and the way back."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from crm import registry
from crm.models import Opportunity, Tag, User
from crm.nouns import Noun
from crm.services import pipeline
from crm.services.records import StaleVersionError

T = TypeVar("T")
# Some eight statements a row: so many are done while one waits, more by a job.
NOW = 200
MOST = 100_000
CHUNK = 100
ADD_TAG, REMOVE_TAG, TRASH, RESTORE = "add-tag", "remove-tag", "trash", "restore"


@dataclass(frozen=True)
class Action:
    """Something done with many records. `name` is the field that takes the value; "" where none is asked for."""

    key: str
    title: Any
    icon: str
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """What an action would do: the rows it changes, how many are so already, and those nobody may change."""

    changing: list[Any]
    same: int
    frozen: list[Any]


@dataclass
class Outcome:
    """What an action did. `undo` holds per changed row its id, its version since, and what it was before."""

    undo: list[Any] = field(default_factory=list)
    refused: list[tuple[Any, str]] = field(default_factory=list)


def actions_of(noun: Noun, *, in_trash: bool = False) -> list[Action]:
    """What can be done with many records of this noun; with those in the trash, putting them back."""
    if in_trash:
        return [Action(RESTORE, gettext_lazy("Restore"), "restore")]
    found = [Action(noun.owner_filter, _title(noun, noun.owner_filter), "user", noun.owner_filter)]
    found += [Action(name, _title(noun, name), "edit", name) for name in noun.bulk]
    if hasattr(noun.model, "tags"):
        found.append(Action(ADD_TAG, gettext_lazy("Add tag"), "tag", "tags"))
        found.append(Action(REMOVE_TAG, gettext_lazy("Remove tag"), "x", "tags"))
    return [*found, Action(TRASH, gettext_lazy("Move to the trash"), "trash")]


def action_of(noun: Noun, key: str) -> Action | None:
    """The action of this key; None when the noun has none."""
    known = [*actions_of(noun), *actions_of(noun, in_trash=True)]
    return next((action for action in known if action.key == key), None)


def plan(rows: Sequence[Any], action: Action, value: Any) -> Plan:
    """What `action` would do with these rows. No query: give them with their tags."""
    same = [row for row in rows if _holds(row, action, value)]
    others = [row for row in rows if not _holds(row, action, value)]
    return Plan(
        changing=[row for row in others if not row.frozen_reason],
        same=len(same),
        frozen=[row for row in others if row.frozen_reason],
    )


class Edit:
    """One action on many rows, done some at a time; the books of the edit are kept until all are done."""

    def __init__(self, noun: Noun, action: Action, value: Any, *, actor: User) -> None:
        self.noun, self.action, self.value, self.actor = noun, action, value, actor
        self.books = registry.edit_books(noun.model, actor)

    @transaction.atomic
    def change(self, wanted: Sequence[uuids.UUID]) -> Outcome:
        """Do it with those of these rows that the actor may see. Some eight statements a row."""
        outcome, action, actor = Outcome(), self.action, self.actor
        rows = list(self.noun.rows(actor).filter(uuid__in=wanted).order_by("pk"))
        for book in self.books:
            book.look(rows)
        changed = []
        for row in rows:
            if _holds(row, action, self.value):
                continue
            before = _before(row, action)
            try:
                after = _do(self.noun, row, action, self.value, actor)
            except ValidationError as refusal:
                outcome.refused.append((row, " ".join(refusal.messages)))
            except StaleVersionError as lost:
                outcome.refused.append((row, str(lost)))
            else:
                outcome.undo.append([row.pk, after.version, before])
                changed.append(after)
        refused = len(outcome.refused)
        for book in self.books:
            book.keep(changed, same=len(rows) - len(changed) - refused, refused=refused)
        return outcome


def apply(noun: Noun, wanted: Sequence[uuids.UUID], action: Action, value: Any, *, actor: User) -> Outcome:
    """Do it with those of the wanted rows that the actor may see, a hundred a transaction.

    Rows that are so already stay untouched. What a service refuses, or somebody changes in the same moment, is
    told in the outcome and stops no other row.
    """
    edit, outcome = Edit(noun, action, value, actor=actor), Outcome()
    for some in _chunks(wanted):
        came = edit.change(some)
        outcome.undo += came.undo
        outcome.refused += came.refused
    return outcome


def take_back(noun: Noun, action: Action, undo: Sequence[Any], *, actor: User) -> int:
    """Put back what these rows were before, where nobody saved them since; returns how many.

    `undo` comes from an outcome of the same actor. Rows that the change itself took out of the actor's sight, such as
    those given to another team, are put back, too: so the scope is that of the change.
    """
    back = 0
    for some in _chunks(undo):
        held = {pk: (version, before) for pk, version, before in some}
        with transaction.atomic():
            for row in noun.model._default_manager.filter(pk__in=held).order_by("pk"):
                version, before = held[row.pk]
                try:
                    _undo(noun, row, action, before, version, actor)
                except (ValidationError, StaleVersionError, models.ObjectDoesNotExist):
                    continue
                back += 1
    return back


def _title(noun: Noun, name: str) -> str:
    found: Any = noun.model._meta.get_field(name)
    return capfirst(str(found.verbose_name))


def _holds(row: Any, action: Action, value: Any) -> bool:
    """Whether the row is already as the action would make it."""
    if action.key in (TRASH, RESTORE):
        return (row.archived_at is not None) == (action.key == TRASH)
    if action.name == "tags":
        return any(tag.pk == value.pk for tag in row.tags.all()) == (action.key == ADD_TAG)
    held = getattr(row, row._meta.get_field(action.name).attname)
    return bool(held == (value.pk if isinstance(value, models.Model) else value))


def _before(row: Any, action: Action) -> Any:
    """What the action changes, in a form that JSON has."""
    if action.key in (TRASH, RESTORE):
        return None
    if action.name == "tags":
        return [tag.pk for tag in row.tags.all()]
    if isinstance(row, Opportunity) and action.name == "stage":
        return pipeline.Place.of(row).kept()
    return getattr(row, row._meta.get_field(action.name).attname)


def _do(noun: Noun, row: Any, action: Action, value: Any, actor: User) -> Any:
    if action.key in (TRASH, RESTORE):
        service = noun.archive if action.key == TRASH else noun.restore
        return service(row, actor=actor, expected_version=row.version)
    if action.name == "tags":
        others = [tag for tag in row.tags.all() if tag.pk != value.pk]
        tags = [*others, value] if action.key == ADD_TAG else others
        return noun.update(row, actor=actor, expected_version=row.version, tags=tags)
    return noun.update(row, actor=actor, expected_version=row.version, **{action.name: value})


def _undo(noun: Noun, row: Any, action: Action, before: Any, version: int, actor: User) -> None:
    if action.key in (TRASH, RESTORE):
        service = noun.restore if action.key == TRASH else noun.archive
        service(row, actor=actor, expected_version=version)
    elif action.name == "tags":
        noun.update(row, actor=actor, expected_version=version, tags=Tag.objects.filter(pk__in=before))
    elif isinstance(row, Opportunity) and action.name == "stage":
        place = pipeline.Place.of_kept(before)
        pipeline.take_back_move(row, actor=actor, place=place, expected_version=version)
    else:
        target = row._meta.get_field(action.name).related_model
        value = target._default_manager.get(pk=before) if target and before is not None else before
        noun.update(row, actor=actor, expected_version=version, **{action.name: value})


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))

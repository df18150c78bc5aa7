"""What a parked message would say if it went now, and correcting it: an edit of the record, then the message again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.custom import CustomField
from crm.html import to_lines
from crm.models import Activity, Note, Task
from crm.services.activities import update_activity
from crm.services.notes import correct_note
from crm.services.tasks import update_task
from integrations.decisions import parked
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, OutboxMessage
from integrations.odoo.applying.tagging import load_tags
from integrations.odoo.mappers import NounMap, maps_of
from integrations.odoo.mappers.custom import Custom
from integrations.odoo.mappers.kinds import AWAITED, Field, Json, NameRef, Ref, Unresolved, base_pair
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.mappers.values import Words, label
from integrations.odoo.merge import of_company, of_customer
from integrations.odoo.pushing.facts import target_of
from integrations.odoo.pushing.outgoing import as_row
from integrations.odoo.settling.editing import UPDATES

# What a person may correct on something that happened, by its kind.
FACT_FIELDS: Mapping[type, tuple[str, ...]] = {
    Note: ("body",),
    Task: ("title", "description", "due_on", "assignee"),
    Activity: ("subject", "description", "starts_at", "duration_minutes"),
}
SERVICES: Mapping[str, Callable[..., Any]] = {
    **UPDATES,
    "crm.Note": correct_note,
    "crm.Task": update_task,
    "crm.Activity": update_activity,
}
SHORT_LISTS = ("res.users", "crm.stage", "crm.lost.reason", "res.country")


@dataclass(frozen=True)
class Cell:
    """One field of the payload: its name for people and in Odoo, the value in words, and Odoo's columns with cells."""

    label: str
    remote: str
    words: str
    columns: str


@dataclass
class Payload:
    """`kind`: "new", "change" or "fact". `editable`: attributes here that may be corrected, those that go out first.

    `own`: the fields of the user's own among them.
    """

    kind: str
    obj: Any
    remote_id: int | None = None
    cells: list[Cell] = field(default_factory=list)
    editable: list[str] = field(default_factory=list)
    own: list[CustomField] = field(default_factory=list)
    sent: int = 0
    about: Any = None


def payload_of(message: OutboxMessage) -> Payload | None:
    """What would go now, made of what stands here; None when the record is gone. Asks Odoo nothing.

    What Odoo has changed meanwhile is not in it: the push reads and merges before it writes (rule 1).
    """
    binding = Binding.objects.filter(
        connection_id=message.connection_id, remote_model=message.remote_model, object_uuid=message.object_uuid
    ).first()
    link = binding or message
    obj = objects_of([link]).get(message.object_uuid)
    if obj is None:
        return None
    noun = maps_of(message.connection).noun(message.remote_model, obj._meta.label)
    if noun is None:
        return _fact(obj, binding)
    if noun.tag_field is not None:
        load_tags(noun, [obj])
    going = _changed(noun, obj, binding.base) if binding is not None and binding.remote_id else _filled(noun, obj)
    payload = Payload("change" if binding is not None and binding.remote_id else "new", obj)
    payload.remote_id = binding.remote_id if binding is not None else None
    refs, words = RefIndex(message.connection), Words()
    for one, here in going.items():
        words.want(noun, one, [here])
    words.load()
    for one, here in going.items():
        cells = one.cells(here, refs, obj)
        told = _("waits for its counterpart in Odoo")
        if not isinstance(cells, Unresolved):
            told = ", ".join(f"{column} = {cell or '∅'}" for column, cell in cells.items())
        payload.cells.append(Cell(label(noun, one), one.remote, words.of(noun, one, here), told))
    first = [one.local for one in going if _correctable(noun, one)]
    rest = [one.local for one in noun.fields if _correctable(noun, one) and one.local not in first]
    payload.editable, payload.sent = [*first, *rest], len(first)
    payload.own = [one.own for one in noun.fields if isinstance(one, Custom) and one.own.editable]
    return payload


def correct(message: OutboxMessage, *, values: Mapping[str, Any], actor: Any, version: int | None = None) -> bool:
    """Change the record by its service, then send the message again, all or nothing.

    Returns False when the record's newer message tells all, so that this one ends as superseded. Raises
    ValidationError when the message is not parked any more, and on what the service refuses, StaleVersionError when
    somebody has saved the record since `version`.
    """
    with transaction.atomic():
        held = OutboxMessage.objects.select_for_update(of=("self",)).filter(pk=message.pk).first()
        if held is None or held.status != OutboxMessage.Status.PARKED:
            raise ValidationError(_("Only a parked message can be sent again."))
        obj = objects_of([held], lock=True).get(held.object_uuid)
        if obj is None:
            raise ValidationError(_("The record here is gone."))
        if values:
            _ensure_unsent(held, obj)
            known = {} if isinstance(obj, Note) else {"expected_version": version}
            SERVICES[obj._meta.label](obj, actor=actor, **known, **values)
        return parked.send_again(held)


def _ensure_unsent(message: OutboxMessage, obj: Any) -> None:
    """What Odoo has got already stands there as it was sent."""
    there = Binding.objects.filter(
        connection_id=message.connection_id, remote_model=message.remote_model, object_uuid=obj.uuid
    ).exclude(remote_id=None)
    if type(obj) in FACT_FIELDS and there.exists():
        raise ValidationError(_("This is in Odoo already, as it was sent. It is not written a second time."))


def _filled(noun: NounMap, obj: Any) -> dict[Field, Json]:
    """What a new record says: every field that has a value and is not its company's or its customer's."""
    row = as_row(noun, obj)
    found = {one: one.read(obj) for one in noun.outgoing_fields()}
    return {
        one: here
        for one, here in found.items()
        if not one.same(here, one.empty_here) and not of_company(one, obj, row) and not of_customer(one, row)
    }


def _changed(noun: NounMap, obj: Any, base: Mapping[str, Json]) -> dict[Field, Json]:
    """What a known record says: what differs here from what both sides last agreed on."""
    row = as_row(noun, obj)
    found: dict[Field, Json] = {}
    for one in noun.outgoing_fields():
        here, (agreed, remote) = one.read(obj), base_pair(one, base)
        if one.ours(obj) and not of_company(one, obj, row) and (remote is AWAITED or not one.same(here, agreed)):
            found[one] = here
    return found


def _fact(obj: Any, binding: Binding | None) -> Payload:
    payload = Payload("fact", obj, remote_id=binding.remote_id if binding is not None else None)
    target = target_of(obj)
    payload.about = target[1] if target is not None else None
    names: Sequence[str] = FACT_FIELDS.get(type(obj), ())
    for name in names:
        value = getattr(obj, name)
        text = to_lines(value) if isinstance(obj, Note) else str(value if value is not None else "")
        payload.cells.append(Cell(str(obj._meta.get_field(name).verbose_name).capitalize(), name, text, ""))
    if payload.remote_id is None:
        payload.editable, payload.sent = list(names), len(names)
    return payload


def _correctable(noun: NounMap, one: Field) -> bool:
    """Whether a field can be typed, or picked from a short list; others are changed on the record's own page."""
    if isinstance(one, Custom):
        return one.own.editable
    model_fields = {each.name for each in noun.model._meta.get_fields() if getattr(each, "editable", False)}
    if one.local not in model_fields or one.empty_here == []:
        return False
    return not isinstance(one, Ref) or isinstance(one, NameRef) or one.model in SHORT_LISTS

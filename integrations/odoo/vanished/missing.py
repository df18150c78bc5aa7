"""What a person decides about records that vanished from Odoo: drop here, create again, name the survivor (rule 14).

No call leaves from here: what must be read in Odoo is asked for by hints, what must be sent goes by the outbox.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Record
from crm.services import records
from integrations import outbox
from integrations.decisions import parked
from integrations.mailbox import hints
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, Connection, IntegrationEvent, MissingRecord, OutboxMessage, external_name
from integrations.models.collisions import decision
from integrations.odoo.vanished import gone

KIND, STATUS = MissingRecord.Kind, MissingRecord.Status
MAIL = OutboxMessage.Status


@decision
def drop_here(row: MissingRecord, *, actor: Any) -> None:
    """Deleted there, so it goes to the trash here; its unsent changes stay readable in the record, and are not sent.

    Raises ValidationError when the row is settled, or the record is only hidden.
    """
    row = _locked(row, KIND.DELETED)
    obj = _object(row)
    if obj.archived_at is None:
        gone.trash(obj)
    words = _("%(who)s: deleted in Odoo, dropped here.") % {"who": actor}
    _end_messages(row, status=MAIL.DROPPED, explanation=words)
    _settle(row, STATUS.DROPPED, actor)


@decision
def create_again(row: MissingRecord, *, actor: Any) -> Binding:
    """Make the record in Odoo once more, under a new external id, and link again what pointed to it here.

    Links that were given to another record meanwhile stay. Raises ValidationError as `drop_here`.
    """
    row = _locked(row, KIND.DELETED)
    obj = _object(row)
    if obj.archived_at is not None:
        obj = records.restore(obj, actor=actor, announce=False)
    mine = Binding.objects.filter(connection=row.connection, remote_model=row.remote_model, object_uuid=row.object_uuid)
    used = MissingRecord.objects.filter(object_uuid=row.object_uuid, status=STATUS.CREATED).count()
    mine.delete()
    binding = Binding.objects.create(
        connection=row.connection,
        remote_model=row.remote_model,
        content_type=row.content_type,
        object_uuid=row.object_uuid,
        external_name=external_name(row.remote_model, row.object_uuid, again=used + 1),
    )
    _end_messages(row, status=MAIL.SUPERSEDED, explanation="")
    outbox.announce(obj)
    for label, object_uuid, name in row.links:
        _link_again(label, object_uuid, name, obj, actor)
    _settle(row, STATUS.CREATED, actor)
    return binding


def _link_again(label: str, object_uuid: str, name: str, target: Record, actor: Any) -> None:
    """Point a record to its target again, unless it points elsewhere now; one that is history stays as it is."""
    child = apps.get_model(label)._default_manager.filter(uuid=object_uuid).first()
    if child is None or getattr(child, f"{name}_id") not in (None, target.pk):
        return
    with suppress(ValidationError):
        if getattr(child, f"{name}_id") is None:
            links: dict[str, Any] = {name: target}
            records.change(child, actor=actor, **links)
        else:
            outbox.announce(child)


@decision
def merge_into(row: MissingRecord, remote_id: int, *, actor: Any) -> None:
    """It was merged into this record of Odoo: what hung on it hangs on the survivor.

    Raises ValidationError when the row is settled, or the record is none of its candidates.
    """
    row = _locked(row, KIND.MERGED)
    if remote_id not in [one["id"] for one in row.candidates]:
        raise ValidationError(_("This record of Odoo is not one of the possible survivors."))
    binding = row.binding
    if binding is None:
        raise ValidationError(_("This record is not tied to Odoo any more."))
    for remote_model, ids in gone.absorb(binding, remote_id).items():
        hints.leave(row.connection, remote_model, ids)
    _end_messages(row, status=MAIL.SUPERSEDED, explanation="")
    if binding.state == Binding.State.BOUND:
        outbox.announce(*objects_of([row]).values())
    row.chosen_id = remote_id
    row.save(update_fields=["chosen_id"])
    _settle(row, STATUS.MERGED, actor)


@decision
def was_deleted(row: MissingRecord, *, actor: Any) -> None:
    """It was merged into none of these, but deleted: the next question is whether to drop it or to create it again.

    Raises ValidationError when the row is settled.
    """
    row = _locked(row, KIND.MERGED)
    row.kind, row.candidates = KIND.DELETED, []
    row.save(update_fields=["kind", "candidates"])


@decision
def look_again(row: MissingRecord) -> None:
    """Ask for a hidden record to be read now. Raises ValidationError when the row is settled."""
    row = _locked(row, KIND.HIDDEN)
    if row.remote_id:
        hints.leave(row.connection, row.remote_model, [row.remote_id])


def welcome_back(connection: Connection, remote_model: str) -> int:
    """End the rows of hidden records that Odoo shows again, and send what was parked meanwhile. Returns how many."""
    rows = list(
        MissingRecord.objects.filter(
            connection=connection,
            remote_model=remote_model,
            kind=KIND.HIDDEN,
            status=STATUS.OPEN,
            binding__state=Binding.State.BOUND,
        )
    )
    for row in rows:
        waiting = OutboxMessage.objects.filter(
            connection=connection,
            remote_model=remote_model,
            object_uuid=row.object_uuid,
            status=MAIL.PARKED,
            reason=OutboxMessage.Reason.MISSING_RIGHT,
        )
        for message in waiting:
            with suppress(ValidationError):
                parked.send_again(message)
        _settle(row, STATUS.BACK, None)
    return len(rows)


def _locked(row: MissingRecord, kind: str) -> MissingRecord:
    found = MissingRecord.objects.select_for_update(of=("self",)).select_related("connection").get(pk=row.pk)
    if found.status != STATUS.OPEN:
        raise ValidationError(_("Somebody has settled this already."))
    if found.kind != kind:
        raise ValidationError(_("This is not possible here: %(what)s.") % {"what": found.get_kind_display()})
    return found


def _object(row: MissingRecord) -> Any:
    obj = objects_of([row], lock=True).get(row.object_uuid)
    if obj is None:
        raise ValidationError(_("The record here is gone."))
    return obj


def _end_messages(row: MissingRecord, *, status: str, explanation: str) -> None:
    OutboxMessage.objects.filter(
        connection=row.connection,
        remote_model=row.remote_model,
        object_uuid=row.object_uuid,
        status__in=(MAIL.WAITING, MAIL.PARKED),
    ).update(status=status, explanation=explanation, waiting_key=None, settled_at=timezone.now())


def _settle(row: MissingRecord, status: str, actor: Any) -> None:
    row.status, row.settled_at, row.settled_by = status, timezone.now(), actor
    row.save(update_fields=["status", "settled_at", "settled_by"])
    IntegrationEvent.objects.create(
        connection=row.connection,
        kind="missing record settled",
        remote_model=row.remote_model,
        remote_id=row.remote_id,
        result=IntegrationEvent.Result.NOTICE,
        message=f"{row.get_kind_display()}: {row.get_status_display()}",
    )

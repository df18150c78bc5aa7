"""Records that are not where they were: deleted, merged, hidden from our user, or out of scope (rule 14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Record
from integrations.errors import RightMissing
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, MissingRecord, OutboxMessage
from integrations.odoo.mappers import ModelMap
from integrations.odoo.pulling.pull import apply_ids
from integrations.odoo.vanished import survivor
from integrations.odoo.wire.session import Session

STATE = Binding.State
KIND, STATUS = MissingRecord.Kind, MissingRecord.Status
REASON = OutboxMessage.Reason
UNSENT = (OutboxMessage.Status.WAITING, OutboxMessage.Status.CLAIMED, OutboxMessage.Status.PARKED)
Ids = dict[str, list[int]]


def sentence(verdict: str) -> str:
    """What a person is told."""
    return {
        STATE.GONE: _("This record was deleted in Odoo. Drop it here, or create it there again."),
        STATE.HIDDEN: _("Our user in Odoo does not see this record any more: ask for the right, or its company."),
        STATE.OUT_OF_SCOPE: _("In Odoo this record is not one of those that are synced any more."),
    }.get(verdict, "")  # type: ignore[call-overload]


def reason(verdict: str) -> str:
    """Under which reason a message about such a record is parked."""
    return {STATE.HIDDEN: REASON.MISSING_RIGHT, STATE.OUT_OF_SCOPE: REASON.CONFIGURATION}.get(  # type: ignore[call-overload]
        verdict, REASON.DELETED
    )


def examine(session: Session, model_map: ModelMap, binding: Binding) -> str:
    """Find out what became of a record that a read left out, and note it; returns the binding's new state.

    Deleted and unchanged here: the record here goes to the trash. Deleted there with changes here, or merged into
    one of several: a person chooses. One to five calls.
    """
    remote_id = binding.remote_id or 0
    try:
        rows = session.client.read(model_map.remote_model, [remote_id], ["write_date"], context=session.read_context)
    except RightMissing:
        return _hidden(binding)
    if rows:
        return _note(binding, STATE.OUT_OF_SCOPE)
    answer = session.client.check_object_reference(
        session.connection.prefix, binding.external_name, context=session.read_context
    )
    if answer.status == "hidden":
        return _hidden(binding)
    if answer.status == "found" and answer.remote_id not in (remote_id, None):
        return _merged(session, binding, answer.remote_id)
    obj = objects_of([binding]).get(binding.object_uuid)
    try:
        found = survivor.find(session, binding, obj)
    except survivor.Unsure as unsure:
        return _unsure(session, binding, unsure.ids)
    return _merged(session, binding, found) if found else _deleted(session, binding)


def _note(binding: Binding, state: str) -> str:
    Binding.objects.filter(pk=binding.pk).update(state=state)
    binding.state = state
    return state


@transaction.atomic
def _hidden(binding: Binding) -> str:
    note_missing(binding, KIND.HIDDEN)
    return _note(binding, STATE.HIDDEN)


def note_missing(binding: Binding, kind: str, *, status: str = STATUS.OPEN, **values: Any) -> None:
    """Keep what happened for a person, once while it is open; in the caller's transaction."""
    MissingRecord.objects.bulk_create(
        [
            MissingRecord(
                connection=binding.connection,
                binding=binding,
                content_type=binding.content_type,
                object_uuid=binding.object_uuid,
                remote_model=binding.remote_model,
                remote_id=binding.remote_id,
                kind=kind,
                status=status,
                settled_at=None if status == STATUS.OPEN else timezone.now(),
                **values,
            )
        ],
        ignore_conflicts=True,
    )


def absorb(binding: Binding, into: int) -> Ids:
    """Let what hung on a merged record hang on the survivor, in one transaction; returns what is to be read again.

    A survivor that nobody here is bound to takes the record's place; else the record goes to the trash.
    """
    with transaction.atomic():
        both = Binding.objects.select_for_update().filter(
            Q(pk=binding.pk) | Q(remote_id=into), connection=binding.connection, remote_model=binding.remote_model
        )
        other = next((one for one in both.order_by("pk") if one.pk != binding.pk), None)
        if other is None:
            binding.remote_id, binding.state = into, STATE.BOUND
            Binding.objects.filter(pk=binding.pk).update(
                remote_id=into, state=STATE.BOUND, base={}, remote_write_date=None
            )
            return {binding.remote_model: [into]}
        objects = objects_of([binding, other], lock=True)
        loser, target = objects.get(binding.object_uuid), objects.get(other.object_uuid)
        again: Ids = {binding.remote_model: [into]}
        if loser is not None and target is not None and loser.uuid != target.uuid:
            for remote_model, ids in survivor.pointing_to(loser).items():
                again.setdefault(remote_model, []).extend(ids)
            survivor.hand_over(loser, target)
            trash(loser)
        _note(binding, STATE.GONE)
    return again


def read_again(session: Session, ids: Ids) -> None:
    """Read and apply these records, by model."""
    for remote_model, some in ids.items():
        apply_ids(session, session.maps.of(remote_model), some)


def _merged(session: Session, binding: Binding, into: int) -> str:
    """Merged into another record: what hung on it here hangs on the survivor, and what points to it is read again."""
    lost = binding.remote_id
    read_again(session, absorb(binding, into))
    session.log.notice(
        "merged in Odoo",
        f"Record {lost} was merged into {into}.",
        remote_model=binding.remote_model,
        remote_id=lost,
    )
    return binding.state


def _unsure(session: Session, binding: Binding, ids: Sequence[int]) -> str:
    """Several may be the survivor, or one that is not surely it: a person chooses from the list."""
    about = "email_from" if binding.remote_model == survivor.LEAD else "email"
    rows = session.read_fields(binding.remote_model, ids, ["name", about])
    candidates = [{"id": row["id"], "name": str(row["name"] or ""), "about": str(row[about] or "")} for row in rows]
    with transaction.atomic():
        note_missing(binding, KIND.MERGED, candidates=candidates, links=_links(binding))
        return _note(binding, STATE.GONE)


def _deleted(session: Session, binding: Binding) -> str:
    """Keep what was worked here: trash when nothing waits to be sent, else a person chooses.

    What points to a deleted partner is read again: no write_date moves when Odoo's database clears the link.
    """
    again: Ids = {}
    with transaction.atomic():
        obj = objects_of([binding], lock=True).get(binding.object_uuid)
        if isinstance(obj, Record):
            again = survivor.pointing_to(obj)
            if _unsent(binding):
                note_missing(binding, KIND.DELETED, links=_links(binding))
            else:
                note_missing(binding, KIND.DELETED, status=STATUS.DROPPED, links=_links(binding))
                trash(obj)
        state = _note(binding, STATE.GONE)
    read_again(session, again)
    return state


def ask_again(binding: Binding) -> None:
    """A record that is gone in Odoo was changed or restored here since: a person chooses, in a transaction."""
    last = MissingRecord.objects.filter(object_uuid=binding.object_uuid).order_by("-id").first()
    note_missing(binding, KIND.DELETED, links=last.links if last else [])


def trash(obj: Any) -> None:
    """Move to the trash what Odoo no longer has; nobody is told."""
    if obj.archived_at is None:
        obj.archived_at = timezone.now()
        obj.version += 1
        obj.save(update_fields=["archived_at", "version"])


def _unsent(binding: Binding) -> bool:
    return OutboxMessage.objects.filter(
        connection=binding.connection,
        remote_model=binding.remote_model,
        object_uuid=binding.object_uuid,
        status__in=UNSENT,
    ).exists()


def _links(binding: Binding) -> list[list[str]]:
    """What points here to the record, before Odoo's cleared links are taken over."""
    obj = objects_of([binding]).get(binding.object_uuid)
    return survivor.links_to(obj) if obj is not None else []

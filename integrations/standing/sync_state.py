"""How each record stands with Odoo, in one word that is never better than the truth."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Exists, Model, OuterRef
from django.utils.translation import gettext as _

from integrations.models import (
    Binding,
    Conflict,
    Connection,
    InboxMessage,
    MatchCandidate,
    MissingRecord,
    OutboxMessage,
    PullCursor,
)
from integrations.odoo.mappers import maps_of
from integrations.odoo.mappers.values import label
from integrations.odoo.wire.weblinks import record_url
from integrations.outbox import routes_of

STATUS = OutboxMessage.Status
TROUBLED = (STATUS.WAITING, STATUS.CLAIMED, STATUS.PARKED, STATUS.DROPPED)


class Standing(StrEnum):
    """The words of the sync chip."""

    IN_STEP = "in_step"
    WAITING = "waiting"
    CONFLICT = "conflict"
    PARKED = "parked"
    AWAY = "away"
    HELD = "held"
    OFF = "off"


@dataclass(frozen=True)
class SyncState:
    """`since`: when both sides were last seen equal; `cause`: the row that a person looks at to settle it."""

    standing: Standing
    words: str
    explanation: str = ""
    since: datetime | None = None
    cause: Model | None = None
    odoo_url: str = ""


@dataclass
class _Facts:
    connection: Connection
    bindings: dict[uuid.UUID, Binding]
    messages: dict[uuid.UUID, list[OutboxMessage]]
    conflicts: dict[uuid.UUID, list[Conflict]]
    candidates: dict[uuid.UUID, list[MatchCandidate]]
    missing: dict[uuid.UUID, list[MissingRecord]]
    refused: dict[tuple[str, int], InboxMessage]
    polled: Mapping[str, datetime | None]


def sync_states(records: Sequence[Any]) -> dict[uuid.UUID, SyncState]:
    """How these records stand with the live Odoo; empty without a connection. Eight queries, however many records.

    What goes to no Odoo (a contact that became an account, a note on nothing) is left out.
    """
    connection = Connection.live()
    if connection is None or not records:
        return {}
    facts = _gather(connection, [record.uuid for record in records])
    return {record.uuid: state for record in records if (state := _state(record, facts)) is not None}


def _gather(connection: Connection, uuids: list[uuid.UUID]) -> _Facts:
    bindings = list(Binding.objects.filter(connection=connection, object_uuid__in=uuids).order_by("id"))
    later = OutboxMessage.objects.filter(
        object_uuid=OuterRef("object_uuid"),
        remote_model=OuterRef("remote_model"),
        status=STATUS.DONE,
        settled_at__gt=OuterRef("settled_at"),
    )
    messages = OutboxMessage.objects.filter(
        ~Exists(later), connection=connection, object_uuid__in=uuids, status__in=TROUBLED
    )
    conflicts = Conflict.objects.filter(connection=connection, object_uuid__in=uuids, status=Conflict.Status.OPEN)
    candidates = MatchCandidate.objects.filter(
        connection=connection, object_uuid__in=uuids, status=MatchCandidate.Status.OPEN
    )
    ids = [binding.remote_id for binding in bindings if binding.remote_id]
    refused = InboxMessage.objects.filter(
        connection=connection,
        remote_model__in={binding.remote_model for binding in bindings},
        remote_id__in=ids,
        status=InboxMessage.Status.PARKED,
    )
    return _Facts(
        connection=connection,
        bindings={binding.object_uuid: binding for binding in bindings},
        messages=_by_object(messages.order_by("-id")),
        conflicts=_by_object(conflicts.order_by("id")),
        candidates=_by_object(candidates.order_by("id")),
        missing=_by_object(
            MissingRecord.objects.filter(
                connection=connection, object_uuid__in=uuids, status=MissingRecord.Status.OPEN
            ).order_by("id")
        ),
        refused={(row.remote_model, row.remote_id or 0): row for row in refused},
        polled=dict(PullCursor.objects.filter(connection=connection).values_list("remote_model", "polled_at")),
    )


def _by_object(rows: Iterable[Any]) -> dict[uuid.UUID, list[Any]]:
    found: dict[uuid.UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.object_uuid, []).append(row)
    return found


def _state(record: Any, facts: _Facts) -> SyncState | None:
    """The worst first: what needs a person, then what waits, then what is well."""
    binding = facts.bindings.get(record.uuid)
    url = record_url(facts.connection, binding.remote_model, binding.remote_id) if binding else ""
    messages = facts.messages.get(record.uuid, [])
    if conflicts := facts.conflicts.get(record.uuid):
        names = ", ".join(_field_name(facts, record, conflict) for conflict in conflicts)
        return SyncState(Standing.CONFLICT, _("Conflict"), names, cause=conflicts[0], odoo_url=url)
    if missing := facts.missing.get(record.uuid):
        return SyncState(Standing.PARKED, str(missing[0].get_kind_display()), cause=missing[0])
    if parked := _first(messages, STATUS.PARKED):
        words = _("Parked: %(reason)s") % {"reason": parked.get_reason_display()}
        return SyncState(Standing.PARKED, words, parked.explanation, cause=parked, odoo_url=url)
    if refused := facts.refused.get((binding.remote_model, binding.remote_id or 0)) if binding else None:
        words = _("Parked: a change from Odoo cannot be kept here")
        return SyncState(Standing.PARKED, words, refused.explanation, cause=refused, odoo_url=url)
    if candidates := facts.candidates.get(record.uuid):
        words = _("Possible match: a person must say")
        return SyncState(Standing.HELD, words, candidates[0].reason, cause=candidates[0], odoo_url=url)
    if waiting := _first(messages, STATUS.WAITING) or _first(messages, STATUS.CLAIMED):
        return _waiting(waiting, facts.connection, url)
    if dropped := _first(messages, STATUS.DROPPED):
        return SyncState(Standing.OFF, _("Kept here only"), dropped.explanation, cause=dropped, odoo_url=url)
    if binding is None or binding.state == Binding.State.PENDING:
        return SyncState(Standing.OFF, _("Not in Odoo yet")) if routes_of(record) else None
    if binding.state != Binding.State.BOUND:
        standing = Standing.WAITING if binding.state == Binding.State.UNKNOWN else Standing.OFF
        return SyncState(standing, str(binding.get_state_display()), cause=binding, odoo_url=url)
    return SyncState(Standing.IN_STEP, _("In step"), since=_since(binding, facts), odoo_url=url)


def _field_name(facts: _Facts, record: Any, conflict: Conflict) -> str:
    noun = maps_of(facts.connection).noun(conflict.remote_model, record._meta.label)
    one = noun.by_remote.get(conflict.field) if noun is not None else None
    return label(noun, one) if noun is not None and one is not None else conflict.field


def _first(messages: list[OutboxMessage], status: str) -> OutboxMessage | None:
    return next((message for message in messages if message.status == status), None)


def _waiting(message: OutboxMessage, connection: Connection, url: str) -> SyncState:
    """Odoo is away when the connection is paused, or the last try ended without Odoo's word on the message itself."""
    if connection.state == Connection.State.PAUSED:
        words = _("Odoo is away, kept here")
        return SyncState(Standing.AWAY, words, connection.state_reason, cause=message, odoo_url=url)
    if not connection.push_enabled:
        words, explanation = _("Waiting to be sent"), _("Sending to Odoo is switched off.")
    elif message.waits_for:
        words, explanation = _("Waiting to be sent"), _("Waits for %(what)s.") % {"what": message.waits_for}
    elif message.refusals:
        words, explanation = _("Waiting to be sent"), _("Odoo refused it; it is tried again: %(words)s")
        explanation %= {"words": message.explanation}
    elif message.explanation:
        return SyncState(Standing.AWAY, _("Odoo is away, kept here"), message.explanation, cause=message, odoo_url=url)
    else:
        words, explanation = _("Waiting to be sent"), ""
    return SyncState(Standing.WAITING, words, explanation, cause=message, odoo_url=url)


def _since(binding: Binding, facts: _Facts) -> datetime | None:
    """The last time Odoo's side was looked at: when its present value was first seen, or its model last polled."""
    moments = [binding.seen_at, facts.polled.get(binding.remote_model) if binding.seen_at else None]
    return max((moment for moment in moments if moment is not None), default=None)

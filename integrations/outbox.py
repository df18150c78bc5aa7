"""The outgoing mailbox: announce, claim, release, settle.

It knows no CRM model: apps above register a route per model, which says under what names a row is known elsewhere.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.mailbox.steps import Step, reached
from integrations.models import Binding, Connection, OutboxMessage, content_type_of, external_name

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=300)
KIND = OutboxMessage.Kind
STATUS = OutboxMessage.Status


@dataclass(frozen=True)
class Route:
    """Under which Odoo model a row is sent, and whether as a state or as a fact."""

    remote_model: str
    kind: str = KIND.STATE


Router = Callable[[Any], Sequence[Route]]
_routers: dict[str, Router] = {}


def register_route(label: str, router: Router) -> None:
    """Say for one model (`app_label.ModelName`) which routes an instance of it takes; none means it stays here."""
    _routers[label.lower()] = router


def routes_of(obj: Any) -> Sequence[Route]:
    """The routes of one business object."""
    router = _routers.get(obj._meta.label_lower)
    return router(obj) if router else ()


def waiting_key(connection_id: int, remote_model: str, object_uuid: uuid.UUID) -> str:
    """The key that keeps state rows unique while they wait."""
    return f"{connection_id}:{remote_model}:{object_uuid}"


def announce(*objects: Any, routes: Sequence[Route] | None = None, delay: timedelta = timedelta(0)) -> int:
    """Queue these objects for Odoo, in the caller's transaction; returns the number of rows queued or merged.

    A row that waits already is touched instead of doubled: the update takes its lock, so that a worker cannot
    claim it before this transaction's values are visible. Costs three queries however many objects come.
    `routes` overrides what the objects' routers say. Must be called inside a transaction.
    """
    wanted = [(obj, route) for obj in objects for route in (routes_of(obj) if routes is None else routes)]
    if not wanted:
        return 0
    connection = Connection.live()
    if connection is None:
        return 0
    now = timezone.now()
    Binding.objects.bulk_create(
        [
            Binding(
                connection=connection,
                remote_model=route.remote_model,
                content_type=content_type_of(obj),
                object_uuid=obj.uuid,
                external_name=external_name(route.remote_model, obj.uuid),
            )
            for obj, route in wanted
        ],
        ignore_conflicts=True,
    )
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                connection=connection,
                kind=route.kind,
                remote_model=route.remote_model,
                content_type=content_type_of(obj),
                object_uuid=obj.uuid,
                waiting_key=waiting_key(connection.pk, route.remote_model, obj.uuid),
                due_at=now + delay,
                touched_at=now,
            )
            for obj, route in wanted
        ],
        update_conflicts=True,
        unique_fields=["waiting_key"],
        update_fields=["touched_at", "due_at"],
    )
    for remote_model in sorted({route.remote_model for _, route in wanted}):
        ring(connection.pk, remote_model)
    reached(Step.ANNOUNCED)
    return len(wanted)


def ring(connection_id: int, remote_model: str) -> None:
    """Wake the worker after commit. A lost ring loses nothing: beat rings too."""

    def send() -> None:
        try:
            current_app.send_task(
                "integrations.push_model",
                kwargs={"connection_id": connection_id, "remote_model": remote_model},
                retry=False,
            )
        except Exception as error:  # the broker's own exceptions differ by transport
            logger.warning("outbox.ring_failed", extra={"remote_model": remote_model, "error": type(error).__name__})

    transaction.on_commit(send)


def ring_for_untried(connection: Connection, remote_model: str) -> None:
    """Ring for what was announced while a writer was leaving: its own bell had found the lease taken. One query."""
    untried = Q(status=STATUS.WAITING, due_at__lte=timezone.now(), attempts=0, waits_for="")
    if OutboxMessage.objects.filter(untried, connection=connection, remote_model=remote_model).exists():
        ring(connection.pk, remote_model)


@dataclass(frozen=True)
class Claim:
    """Some messages that this worker alone may send, until the lease ends."""

    token: uuid.UUID
    messages: list[OutboxMessage]


def due(connection: Connection, remote_model: str, *, now: datetime) -> Q:
    """Waiting messages whose time has come, and claimed ones whose worker is gone."""
    return Q(connection=connection, remote_model=remote_model) & (
        Q(status=STATUS.WAITING, due_at__lte=now) | Q(status=STATUS.CLAIMED, lease_until__lt=now)
    )


def claim(connection: Connection, remote_model: str, *, limit: int, since: datetime | None = None) -> Claim:
    """Take up to `limit` due messages, oldest first, in one short transaction. The claim may be empty.

    `since`: when the caller's drain began. What was put back to wait for something else later than that stays for
    the next drain, or a drain whose rows wait for another model would never end.
    """
    now = timezone.now()
    fresh = Q() if since is None else Q(waits_for="") | Q(due_at__lte=since)
    token = uuid.uuid4()
    with transaction.atomic():
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(fresh, due(connection, remote_model, now=now))
            .order_by("id")[:limit]
        )
        if rows:
            OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
                status=STATUS.CLAIMED,
                claim_token=token,
                lease_until=now + LEASE,
                waiting_key=None,
                attempts=F("attempts") + 1,
            )
    for row in rows:
        row.status, row.claim_token, row.attempts = STATUS.CLAIMED, token, row.attempts + 1
    if rows:
        reached(Step.CLAIMED)
    return Claim(token, rows)


def take_over(connection: Connection, remote_model: str) -> int:
    """Make due what an earlier worker of this model had claimed; for the holder of the model's writer lease only.

    There is one writer per connection and model, so whoever claimed these is gone. Returns how many.
    """
    return OutboxMessage.objects.filter(
        connection=connection, remote_model=remote_model, status=STATUS.CLAIMED, lease_until__gte=timezone.now()
    ).update(lease_until=timezone.now() - timedelta(seconds=1))


def renew(token: uuid.UUID) -> None:
    """Prolong the lease of all messages of a claim; called before each remote call."""
    OutboxMessage.objects.filter(claim_token=token, status=STATUS.CLAIMED).update(lease_until=timezone.now() + LEASE)


def settle(
    token: uuid.UUID,
    messages: Iterable[OutboxMessage],
    *,
    status: str,
    reason: str = "",
    explanation: str = "",
    outcome: str = "",
) -> int:
    """End these messages as done, parked or superseded; returns how many still belonged to the claim.

    `outcome`: what the run that had them writes of them.
    """
    ids = [message.pk for message in messages]
    return OutboxMessage.objects.filter(pk__in=ids, claim_token=token, status=STATUS.CLAIMED).update(
        status=status,
        reason=reason,
        explanation=explanation,
        outcome=outcome,
        waits_for="",
        claim_token=None,
        lease_until=None,
        settled_at=timezone.now(),
    )


def release(
    token: uuid.UUID,
    message: OutboxMessage,
    *,
    after: timedelta,
    waits_for: str = "",
    explanation: str = "",
    refused: bool = False,
    burn: bool = True,
    conflicted: bool = False,
    outcome: str = OutboxMessage.Outcome.PUT_BACK,
) -> bool:
    """Put a claimed message back for later.

    `refused` counts that Odoo did not take it, `conflicted` that it could not, `burn` that it was tried.

    Returns False when a newer message of the same object waits already: then this one ends as superseded.
    """
    mine = OutboxMessage.objects.filter(pk=message.pk, claim_token=token, status=STATUS.CLAIMED)
    key = waiting_key(message.connection_id, message.remote_model, message.object_uuid)
    try:
        with transaction.atomic():
            mine.update(
                status=STATUS.WAITING,
                waiting_key=key,
                due_at=timezone.now() + after,
                waits_for=waits_for[:160],
                explanation=explanation,
                refusals=F("refusals") + int(refused),
                attempts=F("attempts") - int(not burn),
                conflicts=F("conflicts") + int(conflicted),
                outcome=outcome,
                claim_token=None,
                lease_until=None,
            )
        return True
    except IntegrityError:
        mine.update(
            status=STATUS.SUPERSEDED, outcome=outcome, claim_token=None, lease_until=None, settled_at=timezone.now()
        )
        return False

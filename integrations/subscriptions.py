"""The outgoing webhooks' mailbox: announce, claim, renew, settle.

It knows no CRM model and sends nothing: apps above say what happened, the sender above them takes it from here.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.models import Delivery, Subscription
from integrations.models.bulk import insert_rows

logger = logging.getLogger(__name__)

# Outlasts the one attempt that is under way: it is renewed before each.
LEASE = timedelta(seconds=60)
MARK = "whsec_"
STATUS = Delivery.Status
STATE = Subscription.State


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one record. `path` is its address in the API, `fields` what changed, `actor_id` who did it.

    `by_api`: whether it came through the API, and so may be the subscriber's own.
    """

    type: str
    noun: str
    object_uuid: uuid.UUID
    at: datetime
    path: str
    version: int | None
    fields: Sequence[str]
    origin: str
    actor_id: int | None
    by_api: bool


def announce(events: Iterable[Event]) -> int:
    """Queue these for whoever listens, in the caller's transaction; returns the number of rows.

    Costs one query while nobody listens (`events` is then not even asked for), and one statement more for each 500
    rows, or one COPY. Must be called inside a transaction.
    """
    listeners = list(
        Subscription.objects.filter(state=STATE.ACTIVE).only("id", "owner_id", "events", "skip_own", "site").order_by()
    )
    if not listeners:
        return 0
    rows = [
        Delivery(
            subscription=one,
            type=event.type,
            noun=event.noun,
            object_uuid=event.object_uuid,
            body=body_of(event, one.site),
        )
        for event in events
        for one in listeners
        if wants(one, event)
    ]
    insert_rows(rows)
    for subscription_id in {row.subscription_id for row in rows}:
        ring(subscription_id)
    return len(rows)


def wants(subscription: Subscription, event: Event) -> bool:
    """Whether a subscription is about such an event; whether its owner sees the record is asked when it is sent."""
    if subscription.skip_own and event.by_api and event.actor_id == subscription.owner_id:
        return False
    return not subscription.events or event.type in subscription.events


def body_of(event: Event, site: str) -> str:
    """The payload: which record, and what of it changed; no values, which are read with the reader's own rights."""
    data: dict[str, Any] = {
        "noun": event.noun,
        "id": str(event.object_uuid),
        "url": f"{site}{event.path}",
        "version": event.version,
        "changed": list(event.fields),
        "origin": event.origin,
    }
    return as_body(event.type, event.at, data)


def as_body(type_: str, at: datetime, data: dict[str, Any]) -> str:
    """A payload of the shape that all share."""
    return json.dumps({"type": type_, "timestamp": at.isoformat(), "data": data}, separators=(",", ":"))


def ring(subscription_id: int) -> None:
    """Wake the sender after commit. A lost ring loses nothing: beat rings too."""

    def send() -> None:
        try:
            current_app.send_task("integrations.deliver", kwargs={"subscription_id": subscription_id}, retry=False)
        except Exception as error:  # the broker's own exceptions differ by transport
            logger.warning("subscriptions.ring_failed", extra={"error": type(error).__name__})

    transaction.on_commit(send)


def due(now: datetime) -> Q:
    """Deliveries whose time has come, and claimed ones whose sender is gone."""
    return Q(status=STATUS.WAITING, due_at__lte=now) | Q(status=STATUS.CLAIMED, lease_until__lt=now)


def with_something_due() -> list[int]:
    """The ids of subscriptions that a sender may take up now. One query."""
    now = timezone.now()
    return list(
        Delivery.objects.filter(due(now), subscription__state=STATE.ACTIVE, subscription__not_before__lte=now)
        .order_by()
        .values_list("subscription_id", flat=True)
        .distinct()
    )


def hold(subscription_id: int) -> uuid.UUID | None:
    """Become the only sender of an active subscription, until the lease ends; None when it rests or is held."""
    now, token = timezone.now(), uuid.uuid4()
    held = Subscription.objects.filter(pk=subscription_id, state=STATE.ACTIVE, not_before__lte=now).update(
        busy_token=token, not_before=now + LEASE
    )
    return token if held else None


def let_go(subscription_id: int, token: uuid.UUID, *, rest: timedelta = timedelta(0)) -> None:
    """Give back what `hold` took; nobody sends there before `rest` is over. Unsent claims wait again."""
    Delivery.objects.filter(subscription_id=subscription_id, claim_token=token, status=STATUS.CLAIMED).update(
        status=STATUS.WAITING, claim_token=None, lease_until=None
    )
    Subscription.objects.filter(pk=subscription_id, busy_token=token).update(
        busy_token=None, not_before=timezone.now() + rest
    )


def claim(subscription_id: int, token: uuid.UUID, *, limit: int) -> list[Delivery]:
    """Take up to `limit` due deliveries, those due longest first, in one short transaction."""
    now = timezone.now()
    with transaction.atomic():
        rows = list(
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due(now), subscription_id=subscription_id)
            .order_by("due_at", "id")[:limit]
        )
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=STATUS.CLAIMED, claim_token=token, lease_until=now + LEASE
        )
    return rows


def renew(delivery: Delivery, token: uuid.UUID) -> bool:
    """Prolong the lease of a claim and of the hold; False when this one is no longer the claim's, or not to be sent.

    Two statements, right before an attempt.
    """
    until = timezone.now() + LEASE
    held = Subscription.objects.filter(pk=delivery.subscription_id, busy_token=token, state=STATE.ACTIVE)
    if not held.update(not_before=until):
        return False
    claimed = Delivery.objects.filter(subscription_id=delivery.subscription_id, claim_token=token)
    claimed.filter(status=STATUS.CLAIMED).update(lease_until=until)
    return Delivery.objects.filter(pk=delivery.pk, claim_token=token, status=STATUS.CLAIMED).exists()


def settle(
    delivery: Delivery,
    token: uuid.UUID,
    *,
    status: str,
    answer_status: int | None,
    answer_ms: int | None,
    problem: str = "",
    due_at: datetime | None = None,
) -> bool:
    """Note how an attempt ended; `due_at`: when the next one is. False when the claim was lost meanwhile."""
    now = timezone.now()
    again = {} if due_at is None else {"due_at": due_at}
    return bool(
        Delivery.objects.filter(pk=delivery.pk, claim_token=token, status=STATUS.CLAIMED).update(
            status=status,
            attempts=F("attempts") + 1,
            tried_at=now,
            answer_status=answer_status,
            answer_ms=answer_ms,
            problem=problem[:300],
            claim_token=None,
            lease_until=None,
            settled_at=None if status == STATUS.WAITING else now,
            **again,
        )
    )


def note_success(subscription_id: int) -> None:
    """The subscriber accepted something."""
    troubled = Subscription.objects.filter(pk=subscription_id, failures__gt=0)
    troubled.update(failures=0, failing_since=None)


def note_failure(subscription: Subscription, token: uuid.UUID, *, give_up: timedelta) -> None:
    """Count a failure on the row that was read; pauses when nothing but failures came for so long."""
    now = timezone.now()
    subscription.failures += 1
    subscription.failing_since = subscription.failing_since or now
    Subscription.objects.filter(pk=subscription.pk, busy_token=token).update(
        failures=subscription.failures, failing_since=subscription.failing_since
    )
    if now - subscription.failing_since > give_up:
        pause(subscription.pk, Subscription.Reason.FAILING)


def pause(subscription_id: int, reason: str) -> bool:
    """Stop an active subscription, with the reason; what waits stays, and nothing new is queued."""
    active = Subscription.objects.filter(pk=subscription_id, state=STATE.ACTIVE)
    return bool(active.update(state=STATE.PAUSED, state_reason=reason))


def drop(deliveries: Sequence[Delivery], token: uuid.UUID) -> None:
    """Forget deliveries whose record the owner may not see: not even that they were there is told."""
    Delivery.objects.filter(pk__in=[one.pk for one in deliveries], claim_token=token).delete()

"""A person's webhooks, and what became of their deliveries."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from crm.models import User
from integrations.models import Delivery, Subscription

STRETCH = 50


def of(user: User) -> QuerySet[Subscription]:
    """Their own, the newest first, without those that were deleted."""
    return user.subscriptions.exclude(state=Subscription.State.DELETED)


def shown(subscription: Subscription) -> QuerySet[Delivery]:
    """Deliveries that may be shown: before the first attempt nobody has looked whether the owner sees the record."""
    return subscription.deliveries.filter(Q(tried_at__isnull=False) | Q(type=Delivery.TEST))


def deliveries(subscription: Subscription, *, before: int | None = None) -> tuple[Sequence[Delivery], int | None]:
    """A stretch of them, the newest first, and where the next one begins, None at the end. One query."""
    rows = shown(subscription).order_by("-id")
    found = list((rows if before is None else rows.filter(pk__lt=before))[: STRETCH + 1])
    page = found[:STRETCH]
    return page, page[-1].pk if len(found) > STRETCH else None


def delivery(subscription: Subscription, uuid: uuids.UUID) -> Delivery | None:
    """One of them. One query."""
    return shown(subscription).select_related("subscription").filter(uuid=uuid).first()

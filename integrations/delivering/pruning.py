"""What of outgoing webhooks is old enough to go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import Delivery, Subscription

KEEP = timedelta(days=30)


def prune(chunk: int) -> int:
    """Delete what was settled, or waits for a paused subscription, for longer than 30 days; returns how many rows.

    Subscriptions that were deleted go a day later than a write could still point to them.
    """
    before = timezone.now() - KEEP
    stuck = Delivery.objects.filter(created_at__lt=before, settled_at=None)
    gone = Subscription.objects.filter(state=Subscription.State.DELETED, deleted_at__lt=before)
    return (
        _delete(Delivery.objects.filter(settled_at__lt=before), chunk)
        + _delete(stuck.exclude(subscription__state=Subscription.State.ACTIVE), chunk)
        + _delete(gone, chunk)
    )


def _delete(rows: QuerySet[Any], chunk: int) -> int:
    deleted = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:chunk]):
        deleted += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return deleted

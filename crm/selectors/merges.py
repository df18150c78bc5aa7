"""Which merges of a record can still be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from crm.models import Merge
from crm.services.merging import KEPT_DAYS


def open_merges(record: Any) -> list[Merge]:
    """Merges of this record into another one or of others into it, newest first; the last ten. One query."""
    about = Q(survivor=record.uuid) | Q(loser=record.uuid)
    since = timezone.now() - timedelta(days=KEPT_DAYS)
    found = Merge.objects.filter(about, taken_back_at=None, at__gte=since)
    return list(found.select_related("actor").order_by("-id")[:10])

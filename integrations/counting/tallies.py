"""What the events add up to, by the hour: written with them, read by pages and alerts in place of a million rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone

from integrations.models import EventTally, IntegrationEvent
from integrations.models.bulk import add_up

CALL, IDLE, WEBHOOK = "call", "idle poll", "webhook"
SORT = EventTally.Sort
RESULT = IntegrationEvent.Result
FIGURES = ("ok", "failed", "notices", "duration_ms")


@dataclass(frozen=True)
class Figures:
    """`ok` and `failed` calls and webhooks, `notices`, and how long all of it took together."""

    ok: int = 0
    failed: int = 0
    notices: int = 0
    duration_ms: int = 0
    last_at: datetime | None = None
    last_ok_at: datetime | None = None

    @property
    def total(self) -> int:
        return self.ok + self.failed + self.notices

    @property
    def rate(self) -> float | None:
        """How many of a hundred went well; None when there was none."""
        tried = self.ok + self.failed
        return 100 * self.ok / tried if tried else None

    @property
    def average_ms(self) -> int | None:
        """How long one took; None when there was none."""
        tried = self.ok + self.failed
        return round(self.duration_ms / tried) if tried else None


def hours_back(hours: int) -> datetime:
    """The beginning of the hour from which on `hours` hours count, the present one included."""
    return _hour(timezone.now()) - timedelta(hours=hours - 1)


def calls_by_model(connection_id: int, *, since: datetime) -> dict[str, Figures]:
    """The remote calls of one connection per Odoo model, from this hour on. One query."""
    rows = EventTally.objects.filter(connection_id=connection_id, sort=SORT.CALL, hour__gte=since)
    return {row["remote_model"]: _figures(row) for row in _summed(rows, "remote_model")}


def calls(connection_id: int, *, since: datetime | None = None) -> Figures:
    """All remote calls of one connection from this hour on or ever. One query."""
    rows = EventTally.objects.filter(connection_id=connection_id, sort=SORT.CALL)
    if since is not None:
        rows = rows.filter(hour__gte=since)
    return next((_figures(row) for row in _summed(rows, "sort")), Figures())


def of_source(source: str, connection_id: int | None, *, since: datetime | None = None) -> Figures:
    """All events of one system, and of its live connection or of none, from this hour on or ever. One query."""
    rows = EventTally.objects.filter(Q(connection_id=connection_id) | Q(connection=None), source=source)
    if since is not None:
        rows = rows.filter(hour__gte=since)
    return next((_figures(row) for row in _summed(rows, "source")), Figures())


def _summed(rows: Any, *names: str) -> Iterable[dict[str, Any]]:
    sums = {f"{name}_": Sum(name) for name in FIGURES}
    return rows.order_by().values(*names).annotate(**sums, last=Max("last_at"), last_ok=Max("last_ok_at"))


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(row["ok_"], row["failed_"], row["notices_"], row["duration_ms_"], row["last"], row["last_ok"])


# --- writing ---


def add(events: Iterable[IntegrationEvent]) -> None:
    """Add these events, in the transaction that writes them. One statement."""
    found: dict[str, EventTally] = {}
    for event in events:
        tally = _tally(
            found, event.connection_id, event.source, _sort(event), event.remote_model, _hour(event.happened_at)
        )
        if event.result == RESULT.OK:
            tally.ok += event.count
            tally.last_ok_at = event.happened_at
        elif event.result == RESULT.FAILED:
            tally.failed += event.count
        else:
            tally.notices += event.count
        tally.duration_ms += event.duration_ms or 0
        tally.last_at = event.happened_at
    _write(found.values())


def fold(before: datetime) -> int:
    """Add up the hours before this moment into one row each, so that totals stay; returns how many rows went."""
    with transaction.atomic():
        old = list(
            EventTally.objects.select_for_update(of=("self",)).filter(hour__lt=_hour(before), hour__gt=EventTally.OLD)
        )
        found: dict[str, EventTally] = {}
        for row in old:
            tally = _tally(found, row.connection_id, row.source, row.sort, row.remote_model, EventTally.OLD)
            for name in FIGURES:
                setattr(tally, name, getattr(tally, name) + getattr(row, name))
            tally.last_at = max(tally.last_at or row.last_at, row.last_at)
            tally.last_ok_at = max(filter(None, (tally.last_ok_at, row.last_ok_at)), default=None)
        _write(found.values())
        EventTally.objects.filter(pk__in=[row.pk for row in old]).delete()
    return len(old)


def _write(rows: Iterable[EventTally]) -> None:
    add_up(list(rows), key="key", sums=FIGURES, latest=("last_at", "last_ok_at"))


def _tally(
    found: dict[str, EventTally], connection_id: int | None, source: str, sort: str, remote_model: str, hour: datetime
) -> EventTally:
    key = f"{connection_id or 0}:{source}:{sort}:{remote_model}:{hour:%Y-%m-%dT%H}"
    if key not in found:
        found[key] = EventTally(
            key=key, connection_id=connection_id, source=source, sort=sort, remote_model=remote_model, hour=hour
        )
    return found[key]


def _sort(event: IntegrationEvent) -> str:
    if event.kind == WEBHOOK:
        return SORT.WEBHOOK
    return SORT.CALL if event.kind == IDLE or event.kind.startswith(f"{CALL} ") else SORT.NOTICE


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)

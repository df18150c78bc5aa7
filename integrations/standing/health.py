"""How the sync stands, per connection and model: how far behind, what waits, what is stuck, how well calls go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone

from integrations.counting import tallies
from integrations.counting.tallies import Figures
from integrations.models import Conflict, Connection, InboxMessage, MatchCandidate, OutboxMessage, PullCursor
from integrations.odoo.mappers import BY_MODEL
from integrations.sync import PUSH_ORDER

HEALTHY, WARNING = 95, 80
HOURS = 24
OUT, IN = OutboxMessage.Status, InboxMessage.Status
UNDER_WAY = (OUT.WAITING, OUT.CLAIMED)


@dataclass
class ModelHealth:
    """One kind of record.

    `polled_at`: when Odoo was last asked for changes; `oldest`: since when the oldest outgoing message waits;
    `parked_in`: changes from Odoo that could not be kept here; `calls`: the remote calls of the last 24 hours, the
    present one included.
    """

    remote_model: str
    cursor: PullCursor | None = None
    waiting: int = 0
    oldest: datetime | None = None
    hints: int = 0
    parked: int = 0
    parked_in: int = 0
    conflicts: int = 0
    matches: int = 0
    calls: Figures = field(default_factory=Figures)

    @property
    def last_good(self) -> datetime | None:
        """When Odoo last answered well about this kind of record."""
        return max((one for one in (self.polled_at, self.calls.last_ok_at) if one is not None), default=None)

    @property
    def polled_at(self) -> datetime | None:
        return self.cursor.polled_at if self.cursor else None

    @property
    def first_sync(self) -> bool:
        """Whether its first sync has still to end."""
        return self.remote_model in BY_MODEL and (self.cursor is None or self.cursor.phase == PullCursor.Phase.FIRST)

    @property
    def stuck(self) -> int:
        """How many decisions wait for a person."""
        return self.parked + self.parked_in + self.conflicts + self.matches

    def lag(self, now: datetime) -> timedelta | None:
        """How far one side may be behind the other: since the last poll, or since the oldest message waits."""
        ages = [now - moment for moment in (self.polled_at, self.oldest) if moment is not None]
        return max(ages, default=None)


@dataclass
class ConnectionHealth:
    """The live connection and its models, parents first. `now` is the moment that all ages count from."""

    connection: Connection
    now: datetime
    calls: Figures
    models: list[ModelHealth] = field(default_factory=list)

    def total(self, name: str) -> int:
        """The sum of one figure over all models."""
        return sum(getattr(model, name) for model in self.models)

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest outgoing message of all waits."""
        return min((model.oldest for model in self.models if model.oldest), default=None)

    @property
    def polled_at(self) -> datetime | None:
        """The last time that Odoo was asked for changes of anything."""
        return max((model.polled_at for model in self.models if model.polled_at), default=None)


def health_of(connection: Connection) -> ConnectionHealth:
    """All figures of one connection. Seven queries, however many rows."""
    found = {remote_model: ModelHealth(remote_model) for remote_model in PUSH_ORDER}

    def of(remote_model: str) -> ModelHealth:
        return found.setdefault(remote_model, ModelHealth(remote_model))

    for cursor in PullCursor.objects.filter(connection=connection):
        of(cursor.remote_model).cursor = cursor
    for row in _grouped(
        OutboxMessage.objects.filter(connection=connection, status__in=(*UNDER_WAY, OUT.PARKED)),
        "status",
        since=Min("created_at"),
    ):
        model = of(row["remote_model"])
        if row["status"] == OUT.PARKED:
            model.parked += row["n"]
        else:
            model.waiting += row["n"]
            model.oldest = min(filter(None, (model.oldest, row["since"])))
    for row in _grouped(InboxMessage.objects.filter(status__in=(IN.WAITING, IN.PARKED)), "status"):
        model = of(row["remote_model"])
        if row["status"] == IN.PARKED:
            model.parked_in += row["n"]
        else:
            model.hints += row["n"]
    for row in _grouped(Conflict.objects.filter(connection=connection, status=Conflict.Status.OPEN)):
        of(row["remote_model"]).conflicts += row["n"]
    for row in _grouped(MatchCandidate.objects.filter(connection=connection, status=MatchCandidate.Status.OPEN)):
        of(row["remote_model"]).matches += row["n"]
    since = tallies.hours_back(HOURS)
    for remote_model, figures in tallies.calls_by_model(connection.pk, since=since).items():
        if remote_model in found:
            found[remote_model].calls = figures
    calls = tallies.calls(connection.pk, since=since)
    return ConnectionHealth(connection, timezone.now(), calls, list(found.values()))


def verdict(rate: float | None) -> str:
    """ "good" from 95 % on, "warn" from 80 %, "bad" below, "" where nothing was tried."""
    if rate is None:
        return ""
    return "good" if rate >= HEALTHY else "warn" if rate >= WARNING else "bad"


def _grouped(rows: Any, *names: str, **figures: Any) -> Iterable[dict[str, Any]]:
    return rows.order_by().values("remote_model", *names).annotate(n=Count("pk"), **figures)

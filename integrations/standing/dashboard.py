"""What the dashboard shows: connected systems, customers, and the last events. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from crm.models import Account, Contact
from integrations.counting import tallies
from integrations.counting.tallies import Figures
from integrations.models import Binding, Connection, InboxMessage, IntegrationEvent, OutboxMessage, PullCursor
from integrations.standing.health import HOURS

LAST = 20
PARTNER = "res.partner"


@dataclass(frozen=True)
class SystemCard:
    """One connected system: all its events, and those of the last 24 hours, the present one included."""

    connection: Connection
    ever: Figures
    day: Figures


@dataclass(frozen=True)
class Customers:
    """Accounts and contacts in use, how many of them stand in step with Odoo, and what waits in either direction."""

    total: int
    synced: int
    pending: int
    last_sync: datetime | None


def system_cards() -> list[SystemCard]:
    """The live connection of each system. One query, and two per system."""
    since = tallies.hours_back(HOURS)
    live = Connection.objects.defer("secret").exclude(state=Connection.State.OFF).order_by("system")
    return [
        SystemCard(
            connection=one,
            ever=tallies.of_source(one.system, one.pk),
            day=tallies.of_source(one.system, one.pk, since=since),
        )
        for one in live
    ]


def customers(connection: Connection | None) -> Customers:
    """How many customers there are and how they stand. Six queries."""
    total = Account.objects.active().count() + Contact.objects.active().count()
    mine = Binding.objects.filter(connection=connection, remote_model=PARTNER, state=Binding.State.BOUND)
    waiting = OutboxMessage.objects.filter(
        connection=connection, status__in=(OutboxMessage.Status.WAITING, OutboxMessage.Status.CLAIMED)
    )
    hints = InboxMessage.objects.filter(status=InboxMessage.Status.WAITING)
    polled = PullCursor.objects.filter(connection=connection).aggregate(last=Max("polled_at"))
    return Customers(
        total=total,
        synced=min(mine.filter(remote_id__isnull=False).count(), total),
        pending=waiting.count() + hints.count(),
        last_sync=polled["last"],
    )


def last_events() -> list[IntegrationEvent]:
    """The newest events. One query."""
    return list(
        IntegrationEvent.objects.select_related("connection").defer("connection__secret").order_by("-id")[:LAST]
    )

"""The log of remote calls, webhooks and remarkable things.

Rows are gathered and written in batches, outside the transactions of the work itself (rule 6), together with what they
add up to by the hour. Nothing else writes these tables.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.db import connection as database

from integrations.counting import tallies
from integrations.counting.tallies import CALL, IDLE, WEBHOOK
from integrations.models import Connection, InboxMessage, IntegrationEvent
from integrations.models.bulk import add_up, insert_rows

logger = logging.getLogger(__name__)
RESULT = IntegrationEvent.Result
# "There is none" and "you may not see it" are answers to the question whether an external id exists.
ANSWERS = {"check_object_reference": ("RecordMissing", "RightMissing")}
REFUSED = "webhook refused"
ENOUGH = 200
REFUSALS_EVERY_S = 10.0
Mark = tuple[int, int]


class EventLog:
    """Gathers events of one connection; `flush` writes them. Safe to share between threads.

    The connection may be one that is not stored yet, or none: its events then belong to nobody.
    """

    def __init__(self, connection: Connection | None) -> None:
        self._connection = connection
        self._waiting: list[IntegrationEvent] = []
        self._flushes = 0
        self._lock = threading.Lock()

    def call(self, record: Any) -> None:
        """Note one remote call (a CallRecord). Writes when many have gathered and no transaction is open."""
        answered = record.ok or record.error_class in ANSWERS.get(record.method, ())
        self._add(
            IntegrationEvent(
                kind=f"{CALL} {record.method}",
                remote_model=record.model or "",
                remote_id=record.remote_id,
                result=RESULT.OK if answered else RESULT.FAILED,
                message=record.error_class or "",
                rows=record.rows,
                duration_ms=round(record.duration_s * 1000),
            )
        )
        if len(self._waiting) >= ENOUGH and not database.in_atomic_block:
            self.flush()

    def notice(
        self, kind: str, message: str, *, remote_model: str = "", remote_id: int | None = None, once: bool = False
    ) -> None:
        """Note something a person should know, in a sentence without personal data; `once` for this connection."""
        event = IntegrationEvent(
            kind=kind, remote_model=remote_model, remote_id=remote_id, result=RESULT.NOTICE, message=message
        )
        if once:
            owner = self._connection.pk if self._connection is not None else None
            words = hashlib.sha256(f"{kind}:{message}".encode()).hexdigest()[:32]
            event.hourly_key = f"{owner or 0}:once:{words}"
        self._add(event)

    def mark(self) -> Mark:
        """Where the log stands now; for `idle`."""
        with self._lock:
            return self._flushes, len(self._waiting)

    def idle(self, since: Mark) -> None:
        """The searches noted since then found nothing new: they are counted in one row an hour."""
        with self._lock:
            flushes, start = since
            if flushes != self._flushes:
                return
            for event in self._waiting[start:]:
                if event.kind == f"{CALL} search_read" and event.result == RESULT.OK:
                    event.kind, event.rows = IDLE, None

    def _add(self, event: IntegrationEvent) -> None:
        with self._lock:
            self._waiting.append(event)

    def flush(self) -> int:
        """Write what was gathered; returns the number of events. Three statements, two more for what is told once."""
        with self._lock:
            events, self._waiting = self._waiting, []
            self._flushes += 1
        owner = self._connection if self._connection is not None and self._connection.pk else None
        for event in events:
            event.connection = owner
        events = _untold(events)
        write(events)
        return len(events)


def _untold(events: list[IntegrationEvent]) -> list[IntegrationEvent]:
    """Leave out what is to be told once and has been. A query only when there is such a thing."""
    keys = {event.hourly_key for event in events if event.hourly_key}
    if not keys:
        return events
    told = set(IntegrationEvent.objects.filter(hourly_key__in=keys).values_list("hourly_key", flat=True))
    return [event for event in events if event.hourly_key is None or event.hourly_key not in told]


def note(connection: Connection | None, kind: str, message: str, **about: Any) -> None:
    """Write one notice at once, in the caller's transaction; `about` as for `EventLog.notice`."""
    log = EventLog(connection)
    log.notice(kind, message, **about)
    log.flush()


def write(events: Sequence[IntegrationEvent]) -> None:
    """Write events and what they add up to: three statements, one more for what is told once."""
    if not events:
        return
    hourly = [event for event in events if event.kind in (IDLE, REFUSED)]
    others = [event for event in events if event.kind not in (IDLE, REFUSED)]
    with transaction.atomic():
        insert_rows([event for event in others if event.hourly_key is None])
        if once := [event for event in others if event.hourly_key is not None]:
            IntegrationEvent.objects.bulk_create(once, ignore_conflicts=True)
        tallies.add(events)
        add_up(_by_hour(hourly), key="hourly_key", sums=("count", "duration_ms"), latest=("happened_at",))


def _by_hour(events: Iterable[IntegrationEvent]) -> list[IntegrationEvent]:
    found: dict[str, IntegrationEvent] = {}
    for event in events:
        about = event.remote_model or event.message
        key = f"{event.connection_id or 0}:{event.source}:{event.kind}:{about}:{event.happened_at:%Y-%m-%dT%H}"
        first = found.setdefault(key, event)
        if first is event:
            event.hourly_key, event.duration_ms = key, event.duration_ms or 0
        else:
            first.count += event.count
            first.duration_ms = (first.duration_ms or 0) + (event.duration_ms or 0)
            first.happened_at = event.happened_at
    return list(found.values())


# --- webhooks ---


def log_webhooks(*, limit: int = 1000) -> int:
    """Write an event for each webhook that was worked off; returns how many. Two workers never log one twice.

    The endpoint itself writes its one row and nothing else, so that it stays fast. The duration is the time from the
    webhook until its record was read back.
    """
    total = 0
    live = Connection.live()
    while True:
        with transaction.atomic():
            settled = (
                InboxMessage.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(to_log=True)
                .exclude(status=InboxMessage.Status.WAITING)
            )
            messages = list(settled.order_by("id")[:limit])
            InboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(to_log=False)
            write([_event_of(message, live) for message in messages])
        total += len(messages)
        if len(messages) < limit:
            return total


def _event_of(message: InboxMessage, live: Connection | None) -> IntegrationEvent:
    took = message.settled_at - message.received_at if message.settled_at else None
    return IntegrationEvent(
        connection_id=message.connection_id or (live.pk if live else None),
        kind=WEBHOOK,
        remote_model=message.remote_model,
        remote_id=message.remote_id,
        result=RESULT.FAILED if message.status == InboxMessage.Status.PARKED else RESULT.OK,
        message=message.get_status_display(),
        duration_ms=None if took is None else max(round(took.total_seconds() * 1000), 0),
        happened_at=message.received_at,
    )


class _Refusals:
    """Counts refused webhooks in memory; writes them at most every ten seconds, so that a flood costs nothing."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._written = -REFUSALS_EVERY_S
        self._lock = threading.Lock()

    def add(self, why: str) -> None:
        with self._lock:
            self._counts[why] += 1
            if time.monotonic() - self._written < REFUSALS_EVERY_S:
                return
            counts, self._counts, self._written = self._counts, Counter(), time.monotonic()
        try:
            write(
                [
                    IntegrationEvent(kind=REFUSED, result=RESULT.NOTICE, message=one, count=count)
                    for one, count in counts.items()
                ]
            )
        except DatabaseError:
            logger.warning("eventlog.refusals_not_written", extra={"count": counts.total()})


_refusals = _Refusals()


def webhook_refused(why: str) -> None:
    """Count a webhook that was refused: one row an hour for each reason, a fixed word and never what was sent."""
    _refusals.add(why)

"""What may be asked of one Odoo, by all processes and workers together: one row per connection, one write a call.

Two lanes count apart, so that a person never waits for the sync. What Odoo asks for by Retry-After holds for all. After
several calls in a row without an answer the circuit opens: only one worker asks now and then, until Odoo answers.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import CircuitOpen, RateLimited
from integrations.models import Budget, CallMinute, Connection, Lane

logger = logging.getLogger(__name__)

# A minute, and one second more: what was counted in a second may have happened at its end.
WINDOW = 61
# How long a call waits in place for its turn, in seconds; then it is refused, and its work waits as a row.
PATIENCE = {Lane.INTERACTIVE: 15.0, Lane.SYNC: 65.0}
SHORT_WAIT = 2.0
SLICE = 5.0
OPEN_AFTER = 5
FIRST_PAUSE, LONGEST_PAUSE = 5, 300
# Longer than a probe may take: should its worker die, another one probes then.
PROBE = timedelta(seconds=95)
DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER = 30.0, 3600.0
KEEP_USAGE = timedelta(days=2)
AWAY = frozenset({"TransientError", "UnknownOutcome"})


@dataclass(frozen=True)
class Permit:
    """The right to make one call. `troubled`: its success is news; `probe`: it was let through an open circuit."""

    troubled: bool = False
    probe: bool = False


class Meter:
    """Asks for a permit before each call of one piece of work, and tells the budget what became of it.

    `keep` is called while a call waits for its turn, to prolong what must not run out meanwhile; `waited` is how many
    seconds calls have waited in all. Safe to share between threads.
    """

    def __init__(
        self, connection_id: int | None, lane: str, work: str, *, keep: Callable[[], None] | None = None
    ) -> None:
        self.connection_id = connection_id
        self.lane = Lane(lane)
        self.work = work
        self.waited = 0.0
        self._keep = keep
        self._local = threading.local()
        self._late: deque[tuple[Permit, Any]] = deque()

    def before(self, _info: Any = None) -> None:
        """Wait for a permit. Raises RateLimited or CircuitOpen instead, and then nothing may be sent."""
        if getattr(self._local, "lent", None) is not None:
            self._local.permit, self._local.lent = self._local.lent, None
            return
        self._local.borrowed = False
        self._local.permit = self.reserve()

    def reserve(self) -> Permit | None:
        """Take a permit for a call that another thread will make: that one then needs no database."""
        if self.connection_id is None:
            return None
        self.close()
        started = time.monotonic()
        try:
            return take(self.connection_id, self.lane, self.work, keep=self._keep)
        finally:
            self.waited += time.monotonic() - started

    def lend(self, permit: Permit | None) -> None:
        """Give this thread a permit that was reserved for its next call; what becomes of it is written later."""
        self._local.lent, self._local.borrowed = permit, permit is not None

    @property
    def borrowed(self) -> bool:
        """Whether this thread's latest call was made with a permit that another thread took."""
        return bool(getattr(self._local, "borrowed", False))

    def after(self, record: Any) -> None:
        """Note how the call ended (`ok`, `error_class`, `retry_after`); writes only when that is news."""
        permit: Permit | None = getattr(self._local, "permit", None)
        self._local.permit = None
        if permit is None:
            return
        if self.borrowed:
            self._late.append((permit, record))
        else:
            self._note(permit, record)

    def close(self) -> None:
        """Write what other threads have left."""
        while self._late:
            self._note(*self._late.popleft())

    def _note(self, permit: Permit, record: Any) -> None:
        if self.connection_id is None:
            return
        if record.error_class == "RateLimited":
            slow_down(self.connection_id, record.retry_after)
        elif record.error_class in AWAY:
            note_failure(self.connection_id, permit)
        elif permit.troubled:
            note_answer(self.connection_id)


def take(connection_id: int, lane: Lane, work: str, *, keep: Callable[[], None] | None = None) -> Permit:
    """Take the right to make one call now, waiting for it within the lane's patience. No transaction may be open.

    Costs one short write when there is room. Raises RateLimited (our limit, or Odoo's word) or CircuitOpen.
    """
    patience = time.monotonic() + PATIENCE[lane]
    while True:
        answer = _try(connection_id, lane, work)
        if isinstance(answer, Permit):
            return answer
        if time.monotonic() + answer > patience:
            words = _("Our own limit of calls per minute is used up (%(lane)s).") % {"lane": lane.label}
            raise RateLimited(words, retry_after=answer)
        time.sleep(min(answer, SLICE))
        if keep is not None:
            keep()


def _try(connection_id: int, lane: Lane, work: str) -> Permit | float:
    """A permit, or for how many seconds to wait for one. Raises what `take` raises."""
    # Durable: a remote call within a transaction would hold its locks for as long as Odoo takes.
    with transaction.atomic(durable=True):
        row = _locked(connection_id)
        moment = timezone.now()
        blocked = _seconds(row.blocked_until, moment)
        if blocked > SHORT_WAIT:
            raise RateLimited(words_of_wait(row.blocked_until), retry_after=blocked)
        if blocked > 0:
            return blocked
        probe = False
        if row.open_until is not None and lane == Lane.SYNC:
            left = _seconds(row.open_until, moment)
            if left > 0:
                raise CircuitOpen(words_of_circuit(row), retry_after=left)
            row.open_until, probe = moment + PROBE, True
        limit = getattr(row.connection, f"{lane.value}_per_minute")
        wait = _count(row, lane, limit, moment.timestamp())
        if wait > 0:
            return wait
        ended = _note_use(row, lane, work, moment)
        row.save(update_fields=["windows", "minute", "usage", "open_until"])
        if ended:
            CallMinute.objects.bulk_create(ended, ignore_conflicts=True)
        return Permit(troubled=row.failures > 0 or row.open_until is not None, probe=probe)


def _locked(connection_id: int) -> Budget:
    """The row under its lock, with the limits of its connection and without its secret; made when missing."""
    rows = (
        Budget.objects.select_for_update(of=("self",))
        .select_related("connection")
        .only(
            *(field.name for field in Budget._meta.concrete_fields),
            "connection__interactive_per_minute",
            "connection__sync_per_minute",
        )
    )
    row = rows.filter(connection_id=connection_id).first()
    if row is None:
        Budget.objects.get_or_create(connection_id=connection_id)
        row = rows.get(connection_id=connection_id)
    return row


def _count(row: Budget, lane: Lane, limit: int, now: float) -> float:
    """Count one call of this second, or tell for how many seconds the lane is full.

    Clocks of several machines differ a little: the newest second that any has written is the present for all.
    """
    seconds = [(second, calls) for second, calls in row.windows.get(lane.value, []) if second > now - WINDOW]
    newest = seconds[-1][0] if seconds else 0
    second = max(int(now), newest if newest < now + WINDOW else 0)
    if sum(calls for _second, calls in seconds) >= limit:
        return max(0.05, seconds[0][0] + WINDOW - now) + random.uniform(0, 0.2)
    if newest == second:
        seconds[-1] = (second, seconds[-1][1] + 1)
    else:
        seconds.append((second, 1))
    row.windows[lane.value] = seconds
    return 0.0


def _note_use(row: Budget, lane: Lane, work: str, moment: datetime) -> list[CallMinute]:
    """Count the call of this work; when another minute has begun, the rows of the one that has ended."""
    minute = moment.replace(second=0, microsecond=0)
    ended: list[CallMinute] = []
    if row.minute is None or row.minute < minute:
        ended = list(_minutes(row))
        row.minute, row.usage = minute, {}
    key = f"{lane.value} {work}"
    row.usage[key] = row.usage.get(key, 0) + 1
    return ended


def _minutes(row: Budget) -> Iterable[CallMinute]:
    for key, calls in row.usage.items() if row.minute else ():
        lane, _space, work = key.partition(" ")
        yield CallMinute(
            connection_id=row.connection_id, minute=cast(datetime, row.minute), lane=lane, work=work, calls=calls
        )


# --- what became of it ---


def slow_down(connection_id: int, retry_after: float | None) -> None:
    """Odoo has asked for peace: no worker calls it before. `retry_after` in seconds, 30 when it did not say."""
    wait = DEFAULT_RETRY_AFTER if retry_after is None else retry_after
    until = timezone.now() + timedelta(seconds=min(max(wait, 1.0), LONGEST_RETRY_AFTER))
    with transaction.atomic():
        row = _locked(connection_id)
        row.blocked_until = max(until, row.blocked_until or until)
        _close(row)
        row.save(update_fields=["blocked_until", "failures", "opened_at", "open_until", "pause_seconds"])


def note_failure(connection_id: int, permit: Permit) -> None:
    """No usable answer. The fifth in a row opens the circuit; a probe that failed keeps it open twice as long."""
    with transaction.atomic():
        row = _locked(connection_id)
        row.failures = min(row.failures + 1, 9999)
        if row.opened_at is None and row.failures >= OPEN_AFTER:
            row.opened_at, row.pause_seconds = timezone.now(), FIRST_PAUSE
            row.open_until = row.opened_at + timedelta(seconds=FIRST_PAUSE)
            logger.warning("budget.circuit_opened", extra={"connection": connection_id, "failures": row.failures})
        elif permit.probe:
            row.pause_seconds = min(max(row.pause_seconds, FIRST_PAUSE) * 2, LONGEST_PAUSE)
            row.open_until = timezone.now() + timedelta(seconds=row.pause_seconds)
        row.save(update_fields=["failures", "opened_at", "open_until", "pause_seconds"])


def note_answer(connection_id: int) -> None:
    """Odoo has answered, be it with a refusal: the circuit is closed."""
    with transaction.atomic():
        row = _locked(connection_id)
        if row.opened_at is not None:
            logger.warning("budget.circuit_closed", extra={"connection": connection_id})
        _close(row)
        row.save(update_fields=["failures", "opened_at", "open_until", "pause_seconds"])


def _close(row: Budget) -> None:
    row.failures, row.opened_at, row.open_until, row.pause_seconds = 0, None, None, 0


# --- before work begins ---


@dataclass(frozen=True)
class Outlook:
    """Whether work may begin: `wait` says until when not; `probe`: one call first, to see whether Odoo answers."""

    wait: datetime | None = None
    probe: bool = False


def outlook(connection: Connection) -> Outlook:
    """Ask before anything is claimed, so that an Odoo which is away burns no try of any message. One query."""
    row = Budget.objects.filter(connection=connection).only("blocked_until", "open_until").first()
    if row is None:
        return Outlook()
    moment = timezone.now()
    if _seconds(row.blocked_until, moment) > SHORT_WAIT:
        return Outlook(wait=row.blocked_until)
    if row.open_until is None:
        return Outlook()
    return Outlook(wait=row.open_until) if row.open_until > moment else Outlook(probe=True)


@dataclass(frozen=True)
class LaneUse:
    """One lane: calls of the last minute, how many it may make, and which share that is, in percent."""

    lane: str
    name: Any
    used: int
    limit: int

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / max(self.limit, 1)))


@dataclass(frozen=True)
class Spent:
    """What was asked of Odoo. `trouble`: why nothing is asked now, "" when all is well; `works`: rows of (lane, work,
    calls of this minute, of the last hour); `minutes`: the last hour as pairs of minute and calls, oldest first."""

    lanes: list[LaneUse]
    trouble: str = ""
    circuit_open: bool = False
    works: list[tuple[str, str, int, int]] = field(default_factory=list)
    minutes: list[tuple[datetime, int]] = field(default_factory=list)


def spent(connection: Connection, *, by_work: bool = False) -> Spent:
    """How much of the budget is used now, and with `by_work` by whom in the last hour; one query, or two."""
    row = Budget.objects.filter(connection=connection).first() or Budget(connection=connection)
    moment = timezone.now()
    lanes = [
        LaneUse(
            lane.value,
            lane.label,
            sum(calls for at, calls in row.windows.get(lane.value, []) if at > moment.timestamp() - WINDOW),
            getattr(connection, f"{lane.value}_per_minute"),
        )
        for lane in Lane
    ]
    trouble = ""
    if row.opened_at is not None:
        trouble = words_of_circuit(row)
    elif _seconds(row.blocked_until, moment) > 0:
        trouble = words_of_wait(row.blocked_until)
    if not by_work:
        return Spent(lanes, trouble, row.opened_at is not None)
    return Spent(lanes, trouble, row.opened_at is not None, *_last_hour(row, moment))


def _last_hour(row: Budget, moment: datetime) -> tuple[list[tuple[str, str, int, int]], list[tuple[datetime, int]]]:
    present = moment.replace(second=0, microsecond=0)
    first = present - timedelta(minutes=59)
    ended = list(CallMinute.objects.filter(connection_id=row.connection_id, minute__gte=first))
    if row.minute is not None and row.minute >= first:
        ended += _minutes(row)
    minutes = Counter({first + timedelta(minutes=number): 0 for number in range(60)})
    hour: Counter[tuple[str, str]] = Counter()
    now: Counter[tuple[str, str]] = Counter()
    for one in ended:
        minutes[one.minute] += one.calls
        hour[one.lane, one.work] += one.calls
        if one.minute == present:
            now[one.lane, one.work] += one.calls
    works = [(lane, work, now[lane, work], calls) for (lane, work), calls in hour.most_common()]
    return works, sorted(minutes.items())


def reset(connection: Connection) -> None:
    """A person says that Odoo is well again: close the circuit and forget Odoo's wish for peace."""
    Budget.objects.filter(connection=connection).update(
        blocked_until=None, failures=0, opened_at=None, open_until=None, pause_seconds=0
    )


def _seconds(until: datetime | None, moment: datetime) -> float:
    return 0.0 if until is None else max(0.0, (until - moment).total_seconds())


def words_of_wait(until: datetime | None) -> str:
    """Odoo's wish for peace in a sentence."""
    return _("Odoo asked us to slow down; it is left in peace until %(time)s.") % {"time": _clock(until)}


def words_of_circuit(row: Budget) -> str:
    """The open circuit in a sentence."""
    words = _("Odoo has not answered %(n)d times in a row; everything is kept, and Odoo is asked again at %(time)s.")
    return words % {"n": row.failures, "time": _clock(row.open_until)}


def _clock(until: datetime | None) -> str:
    return timezone.localtime(until).strftime("%H:%M:%S") if until else "?"

"""Whether Odoo's webhooks arrive: counts them per day, and finds the lost ones by what polls had to find."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Sum
from django.utils import timezone

from integrations.models import Connection, HookCheck, HookDay, InboxMessage

# A webhook may come this much later than the poll that saw its change; clocks may differ by this much.
GRACE = timedelta(seconds=60)
SLACK = timedelta(seconds=30)
# Without a sign of any webhook for so long none is expected, and none is missed.
EXPECTED = timedelta(days=7)
# So many changes without a webhook since the last one came: it has fallen silent.
SILENT_AFTER = 3
KEEP = timedelta(days=90)


def expected(connection: Connection) -> bool:
    """Whether webhooks are to be expected: rules were set up from here, or some came within a week. Up to one query."""
    if connection.hook_rules:
        return True
    since = timezone.now() - EXPECTED
    return HookDay.objects.filter(connection=connection, last_received__gte=since).exists()


def count_worked_off(connection: Connection, remote_model: str, *, received: int, reads: int, absorbed: int) -> None:
    """Count a batch of hints that has been worked off. Two statements."""
    row = _today(connection, remote_model)
    HookDay.objects.filter(pk=row.pk).update(
        received=F("received") + received,
        reads=F("reads") + reads,
        absorbed=F("absorbed") + absorbed,
        last_received=timezone.now(),
    )


def _today(connection: Connection, remote_model: str, day: date | None = None) -> HookDay:
    day = day or timezone.now().date()
    return HookDay.objects.get_or_create(connection=connection, day=day, remote_model=remote_model)[0]


def note_polled(connection: Connection, remote_model: str, changes: Iterable[tuple[int, datetime]]) -> int:
    """A poll found these changes (remote id, moment by our clock) that somebody made in Odoo.

    Those that no webhook told of are judged after a minute, by `judge`. Returns how many. Two or three queries.
    """
    changes = list(changes)
    if not changes or not expected(connection):
        return 0
    told = _told(remote_model, changes)
    missing = [change for change in changes if change not in told]
    HookCheck.objects.bulk_create(
        [
            HookCheck(connection=connection, remote_model=remote_model, remote_id=remote_id, changed_at=changed)
            for remote_id, changed in missing
        ],
        ignore_conflicts=True,
    )
    return len(missing)


def _told(remote_model: str, changes: Sequence[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
    """Which of these changes a webhook told of: one for the record, not before the change."""
    heard: dict[int, list[datetime]] = defaultdict(list)
    hints = InboxMessage.objects.filter(
        connection=None,  # what a person or we ourselves asked to be read names the connection
        remote_model=remote_model,
        remote_id__in={remote_id for remote_id, _changed in changes},
        received_at__gte=min(changed for _id, changed in changes) - SLACK,
    )
    for remote_id, received in hints.values_list("remote_id", "received_at"):
        heard[remote_id or 0].append(received)
    return {
        (remote_id, changed)
        for remote_id, changed in changes
        if any(received >= changed - SLACK for received in heard[remote_id])
    }


def judge(connection: Connection) -> int:
    """Count as lost what no webhook has told of a minute after a poll found it; returns how many. One query if none."""
    due = list(HookCheck.objects.filter(connection=connection, found_at__lte=timezone.now() - GRACE)[:5000])
    if not due:
        return 0
    lost: Counter[tuple[str, date]] = Counter()
    by_model: dict[str, list[HookCheck]] = defaultdict(list)
    for check in due:
        by_model[check.remote_model].append(check)
    for remote_model, checks in by_model.items():
        told = _told(remote_model, [(check.remote_id, check.changed_at) for check in checks])
        for check in checks:
            if (check.remote_id, check.changed_at) not in told:
                lost[remote_model, check.found_at.date()] += 1
    with transaction.atomic():
        # Whoever deletes the rows counts them: two judges count nothing twice.
        mine = HookCheck.objects.filter(pk__in=[check.pk for check in due]).delete()[0]
        if mine < len(due):
            transaction.set_rollback(True)
            return 0
        for (remote_model, day), count in lost.items():
            row = _today(connection, remote_model, day)
            HookDay.objects.filter(pk=row.pk).update(lost=F("lost") + count, last_lost=timezone.now())
    return lost.total()


@dataclass(frozen=True)
class Heartbeat:
    """How the webhooks of one connection are: `silent` when changes came by polls alone since the last webhook."""

    received: int
    reads: int
    absorbed: int
    lost: int
    last_received: datetime | None
    last_lost: datetime | None
    expected: bool
    silent: bool


def heartbeat(connection: Connection, *, days: int = 1) -> Heartbeat:
    """The sums of the last days, and whether the webhook has fallen silent. Up to four queries."""
    rows = HookDay.objects.filter(connection=connection)
    since = timezone.now().date() - timedelta(days=days - 1)
    sums = rows.filter(day__gte=since).aggregate(*(Sum(name) for name in ("received", "reads", "absorbed", "lost")))
    last = rows.aggregate(received=Max("last_received"), lost=Max("last_lost"))
    recent = rows.filter(last_lost__gt=last["received"]) if last["received"] else rows
    missed = recent.filter(day__gte=timezone.now().date() - EXPECTED).aggregate(lost=Sum("lost"))["lost"] or 0
    awaited = expected(connection)
    newer = last["lost"] is not None and (last["received"] is None or last["lost"] > last["received"])
    return Heartbeat(
        received=sums["received__sum"] or 0,
        reads=sums["reads__sum"] or 0,
        absorbed=sums["absorbed__sum"] or 0,
        lost=sums["lost__sum"] or 0,
        last_received=last["received"],
        last_lost=last["lost"],
        expected=awaited,
        silent=awaited and newer and missed >= SILENT_AFTER,
    )

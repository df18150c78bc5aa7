"""Both sides of a sync in one hand: this database, and a sandbox process that is reached over real sockets.

Time does not pass by itself in a test: `later` moves our own notes of time back instead, which is the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from integrations import sync
from integrations.models import (
    Binding,
    Budget,
    Conflict,
    Connection,
    InboxMessage,
    Lease,
    MatchCandidate,
    OutboxMessage,
    PullCursor,
)
from integrations.odoo.applying.report import Report
from integrations.odoo.mappers import TWO_WAY
from integrations.odoo.pulling import pull
from integrations.odoo.pushing.push import push_model
from integrations.odoo.setup.connect import connect
from integrations.odoo.vanished import compare
from integrations.odoo.wire.session import Session, open_session
from tests.support.sandbox import Control, RunningSandbox

MOST_TURNS = 25
OPEN = (OutboxMessage.Status.WAITING, OutboxMessage.Status.CLAIMED)


@dataclass
class TwoSides:
    """A live connection to a running sandbox."""

    odoo: RunningSandbox
    connection: Connection

    @property
    def control(self) -> Control:
        return self.odoo.control

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session as the workers open it, on the connection as it stands now."""
        self.connection.refresh_from_db()
        with open_session(self.connection) as session:
            yield session

    # --- the workers' pieces of work ---

    def pull(self) -> Report:
        """Pull or poll every model now, whatever the interval."""
        with self.session() as session:
            return pull.pull_all(session)

    def push(self, *models: str) -> None:
        """Send what is due; of these models, or of all, parents first."""
        if not models:
            sync.push_due()
            return
        for model in models:
            sync.push(self.connection.pk, model)

    def push_report(self, model: str) -> Any:
        """Send what is due of one model and return what became of it."""
        with self.session() as session:
            return push_model(session, model)

    def compare(self, model: str) -> compare.Compared:
        """Compare the ids of one model."""
        with self.session() as session:
            return compare.compare_ids(session, session.maps.of(model))

    def settle(self, *, compare_ids: bool = False) -> None:
        """Push and poll in turn until nothing is due and nothing new comes; waiting times pass at once.

        What was seen before is read once more, as after the overlap: it may have changed in the same second.
        """
        self.later(settings.ODOO_OVERLAP_SECONDS + 1)
        for _turn in range(MOST_TURNS):
            self.let_wait_pass()
            self.push()
            report = self.pull()
            self._end_second()
            if compare_ids:
                for model_map in TWO_WAY:
                    self.compare(model_map.remote_model)
            if not self.waiting() and not report.created and not report.updated and not report.conflicts:
                return
        raise AssertionError(f"Not quiet after {MOST_TURNS} turns: {self.describe_waiting()}")

    def end_second(self) -> None:
        """Let the second end, so that what happens next has another write_date."""
        now = timezone.now()
        time.sleep(1.005 - now.microsecond / 1_000_000)

    def _end_second(self) -> None:
        """Let the second end of which records were read a last time: Odoo's clock did not follow `later`."""
        second = timezone.now().replace(microsecond=0)
        if Binding.objects.filter(confirmed=True, remote_write_date__gte=second).exists():
            self.end_second()

    def waiting(self) -> int:
        """Messages that will be tried again by themselves: those held for a person are none."""
        held = Binding.objects.filter(state=Binding.State.HELD).values("object_uuid")
        return OutboxMessage.objects.filter(status__in=OPEN).exclude(object_uuid__in=held).count()

    def describe_waiting(self) -> list[str]:
        return [
            f"{one.remote_model} {one.object_uuid} {one.status} waits for {one.waits_for!r}: {one.explanation}"
            for one in OutboxMessage.objects.filter(status__in=OPEN)[:10]
        ]

    # --- time ---

    def let_wait_pass(self) -> None:
        """The moment comes for which each waiting message waits."""
        OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING).update(due_at=F("touched_at"))
        InboxMessage.objects.filter(status=InboxMessage.Status.WAITING).update(due_at=F("received_at"))
        Budget.objects.update(blocked_until=None, open_until=F("opened_at"))

    def later(self, seconds: float) -> None:
        """So many seconds go by here."""
        gone = timedelta(seconds=seconds)
        OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING).update(due_at=F("due_at") - gone)
        OutboxMessage.objects.filter(status=OutboxMessage.Status.CLAIMED).update(lease_until=F("lease_until") - gone)
        InboxMessage.objects.filter(status=InboxMessage.Status.WAITING).update(due_at=F("due_at") - gone)
        Binding.objects.filter(seen_at__isnull=False, confirmed=False).update(seen_at=F("seen_at") - gone)
        Binding.objects.filter(hold_until__isnull=False).update(hold_until=F("hold_until") - gone)
        PullCursor.objects.filter(polled_at__isnull=False).update(polled_at=F("polled_at") - gone)
        Lease.objects.filter(until__isnull=False).update(until=F("until") - gone)
        Budget.objects.update(blocked_until=F("blocked_until") - gone, open_until=F("open_until") - gone)

    # --- trouble ---

    def wire_of_load(self, model: str) -> dict[str, str]:
        """By what a fault proxy knows a `load` of this model, whatever the transport."""
        return self.wire_of(model, "load")

    def wire_of(self, model: str, method: str) -> dict[str, str]:
        """By what a fault proxy knows a call; over XML-RPC by its method alone."""
        with self.session() as session:
            name = session.client.transport.name
        return {
            "json2": {"path": f"/json/2/{model}/{method}"},
            "jsonrpc": {"contains": f'"{model}","{method}"'},
            "xmlrpc": {"contains": f"<string>{method}</string>"},
        }[name]

    def hide(self, model: str, remote_id: int) -> None:
        """Give a record to a company that our user may not see."""
        other = self.control.create("res.company", name="Elsewhere", user="admin")
        self.control.patch(model, [remote_id], company_id=other)

    # --- looking ---

    def binding(self, obj: Any, model: str | None = None) -> Binding:
        """The binding of one object."""
        found = Binding.objects.filter(object_uuid=obj.uuid)
        return found.get(remote_model=model) if model else found.get()

    def remote_id(self, obj: Any, model: str | None = None) -> int:
        """The Odoo id of one object."""
        remote_id = self.binding(obj, model).remote_id
        assert remote_id is not None
        return remote_id

    def row(self, model: str, remote_id: int) -> dict[str, Any]:
        """One record of Odoo with raw ids, archived or not."""
        return next(one for one in self.control.dump(model) if one["id"] == remote_id)

    def there(self, obj: Any, model: str | None = None) -> dict[str, Any]:
        """The Odoo record of one object."""
        binding = self.binding(obj, model)
        assert binding.remote_id is not None
        return self.row(binding.remote_model, binding.remote_id)

    def here(self, model: str, remote_id: int) -> Any:
        """The object here of one Odoo record."""
        binding = Binding.objects.get(remote_model=model, remote_id=remote_id)
        table = binding.content_type.model_class()
        assert table is not None
        return table._default_manager.get(uuid=binding.object_uuid)

    def message(self, obj: Any) -> OutboxMessage:
        """The newest outbox message of one object."""
        found = OutboxMessage.objects.filter(object_uuid=obj.uuid).order_by("-id").first()
        assert found is not None
        return found

    def conflicts(self, obj: Any) -> list[Conflict]:
        """The conflicts of one object, oldest first."""
        return list(Conflict.objects.filter(object_uuid=obj.uuid).order_by("id"))

    def candidates(self) -> list[MatchCandidate]:
        """What a person is asked to confirm."""
        return list(MatchCandidate.objects.filter(status=MatchCandidate.Status.OPEN).order_by("id"))

    def calls(self, name: str) -> int:
        """How often Odoo was called so since the counters were reset: "crm.lead.load"."""
        return int(self.control.counters()["calls"].get(name, 0))

    def loads(self) -> dict[str, int]:
        """All `load` calls since the counters were reset."""
        calls = self.control.counters()["calls"]
        return {name: count for name, count in calls.items() if name.endswith(".load")}


def two_sides(odoo: RunningSandbox, *, url: str = "", transport: str = "auto") -> TwoSides:
    """Connect this database to a sandbox, or to a proxy before it; nothing is synced yet."""
    connection = connect(
        url=url or odoo.url,
        database=odoo.database,
        username=odoo.username,
        secret=odoo.api_key,
        transport=transport,
    )
    # A test does in seconds what takes people hours: only tests of the budget keep its limits.
    connection.interactive_per_minute = connection.sync_per_minute = 100_000
    connection.save(update_fields=["interactive_per_minute", "sync_per_minute"])
    return TwoSides(odoo, connection)

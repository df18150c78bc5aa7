"""The event log: cheap, in batches, added up by the hour, one row an hour for what means little, gone by age."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import eventlog, sync
from integrations.counting import tallies
from integrations.counting.tallies import Figures
from integrations.eventlog import EventLog
from integrations.models import Connection, EventTally, InboxMessage, IntegrationEvent

pytestmark = pytest.mark.django_db


def call(method: str = "read", *, ok: bool = True, model: str = "res.partner", duration_s: float = 0.02) -> Any:
    return SimpleNamespace(
        method=method,
        model=model,
        ok=ok,
        error_class=None if ok else "TransientError",
        rows=3,
        duration_s=duration_s,
        remote_id=None,
    )


def all_time(odoo: Connection) -> Figures:
    return tallies.of_source("odoo", odoo.pk)


def test_rule_06_events_are_written_in_batches(connection_to_odoo: Connection) -> None:
    def statements(calls: int) -> int:
        log = EventLog(connection_to_odoo)
        for _turn in range(calls):
            log.call(call())
        with CaptureQueriesContext(database) as queries:
            log.flush()
        return len([query for query in queries if "SAVEPOINT" not in query["sql"]])

    # SQLite takes 999 values a statement, so that 150 rows need some more there.
    assert statements(0) == 0
    assert statements(1) == 2
    assert statements(150) <= 4
    assert IntegrationEvent.objects.count() == 151


@pytest.mark.django_db(transaction=True)
def test_rule_06_many_calls_are_written_before_the_end_but_never_within_a_transaction(
    connection_to_odoo: Connection,
) -> None:
    log = EventLog(connection_to_odoo)
    with transaction.atomic():
        for _turn in range(eventlog.ENOUGH + 10):
            log.call(call())
        assert IntegrationEvent.objects.count() == 0
    log.call(call())
    assert IntegrationEvent.objects.count() == eventlog.ENOUGH + 11


def test_events_add_up_by_model_and_result(connection_to_odoo: Connection) -> None:
    log = EventLog(connection_to_odoo)
    for one in (call(), call(duration_s=0.06), call(ok=False, duration_s=0.01), call("load", model="crm.lead")):
        log.call(one)
    log.notice("safety stop", "Too many are gone.", remote_model="res.partner")
    log.flush()
    log.call(call())
    log.flush()

    found = tallies.calls_by_model(connection_to_odoo.pk, since=tallies.hours_back(24))

    partner = found["res.partner"]
    assert (partner.ok, partner.failed, partner.duration_ms, partner.average_ms) == (3, 1, 110, 28)
    assert partner.rate == 75
    assert found["crm.lead"].ok == 1
    assert (all_time(connection_to_odoo).total, all_time(connection_to_odoo).notices) == (6, 1)


def test_idle_polls_are_counted_in_one_row_an_hour(connection_to_odoo: Connection) -> None:
    for _turn in range(30):
        log = EventLog(connection_to_odoo)
        mark = log.mark()
        log.call(call("search_read"))
        log.idle(mark)
        log.call(call("search_read", model="crm.lead"))
        log.flush()

    assert IntegrationEvent.objects.filter(remote_model="crm.lead").count() == 30
    idle = IntegrationEvent.objects.filter(remote_model="res.partner")
    hours = EventTally.objects.filter(remote_model="res.partner").count()  # two when the clock strikes meanwhile
    assert idle.count() == hours
    assert sum(event.count for event in idle) == 30
    assert sum(event.duration_ms or 0 for event in idle) == 600
    assert all_time(connection_to_odoo).ok == 60


def test_a_failed_poll_is_never_idle(connection_to_odoo: Connection) -> None:
    log = EventLog(connection_to_odoo)
    mark = log.mark()
    log.call(call("search_read", ok=False))
    log.idle(mark)
    log.flush()
    assert [(event.kind, event.result) for event in IntegrationEvent.objects.all()] == [("call search_read", "failed")]


def test_what_was_written_meanwhile_is_not_called_idle(connection_to_odoo: Connection) -> None:
    log = EventLog(connection_to_odoo)
    mark = log.mark()
    log.flush()
    log.call(call("search_read"))
    log.idle(mark)
    log.flush()
    assert IntegrationEvent.objects.get().kind == "call search_read"


def hint(**values: Any) -> InboxMessage:
    now = timezone.now()
    return InboxMessage.objects.create(
        **{
            "remote_model": "res.partner",
            "remote_id": 7,
            "status": "done",
            "received_at": now - timedelta(milliseconds=900),
            "settled_at": now,
            "body": {"email": "mira@example.com", "note": "Call me"},
            "to_log": True,
            **values,
        }
    )


def test_a_webhook_is_an_event_once_it_is_worked_off(connection_to_odoo: Connection) -> None:
    hint()
    hint(status="parked", explanation="This note came for a record that is not here.")
    hint(status="waiting", settled_at=None)
    hint(to_log=False)

    assert (eventlog.log_webhooks(), eventlog.log_webhooks()) == (2, 0)

    done, parked = IntegrationEvent.objects.order_by("id")
    assert (done.kind, done.remote_model, done.remote_id, done.result) == ("webhook", "res.partner", 7, "ok")
    assert (done.duration_ms, done.message, done.connection) == (900, "Done", connection_to_odoo)
    assert parked.result == "failed"


def test_webhooks_are_logged_at_the_same_cost_for_one_and_for_fifty(connection_to_odoo: Connection) -> None:
    def statements(count: int) -> int:
        for _turn in range(count):
            hint()
        with CaptureQueriesContext(database) as queries:
            assert eventlog.log_webhooks() == count
        return len(queries)

    one = statements(1)
    assert statements(50) <= one + 1  # many rows go by COPY on PostgreSQL, which numbers them first


def test_refused_webhooks_are_counted_in_one_row_an_hour_and_a_flood_writes_little(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    clock = [100.0]
    monkeypatch.setattr(eventlog.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(eventlog, "_refusals", eventlog._Refusals())
    with CaptureQueriesContext(database) as queries:
        for _turn in range(500):
            eventlog.webhook_refused("unauthorized")
    assert len([query for query in queries if "INSERT" in query["sql"]]) == 2
    clock[0] += 11
    eventlog.webhook_refused("unauthorized")

    rows = IntegrationEvent.objects.all()
    assert {row.message for row in rows} == {"unauthorized"}
    assert sum(row.count for row in rows) == 501


def test_events_go_by_age_and_totals_stay(connection_to_odoo: Connection) -> None:
    log = EventLog(connection_to_odoo)
    log.call(call())
    log.call(call(ok=False))
    log.flush()
    old = timezone.now() - timedelta(days=31)
    IntegrationEvent.objects.update(happened_at=old)
    for tally in EventTally.objects.all():
        tally.hour, tally.last_at, tally.key = tally.hour - timedelta(days=31), old, f"{tally.key}-old"
        tally.save()
    log.call(call())
    log.flush()

    sync.prune()
    sync.prune()

    assert IntegrationEvent.objects.count() == 1
    assert EventTally.objects.filter(hour__lt=old).count() == 1
    ever, lately = (all_time(connection_to_odoo), tallies.of_source("odoo", None, since=tallies.hours_back(24)))
    assert (ever.ok, ever.failed) == (2, 1)
    assert lately == Figures()

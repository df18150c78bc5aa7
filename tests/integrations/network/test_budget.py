"""The limiter: two lanes, one row, one write a call; Odoo's wish for peace; the circuit."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.errors import CircuitOpen, RateLimited
from integrations.models import Budget, CallMinute, Connection, Lane
from integrations.network import budget
from integrations.network.budget import Meter, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(
        url="http://127.0.0.1:1", database="none", username="nobody", interactive_per_minute=3, sync_per_minute=5
    )


def row() -> Budget:
    return Budget.objects.get()


def ended(error_class: str | None = None, retry_after: float | None = None) -> SimpleNamespace:
    """How a call ended, as the client tells it."""
    return SimpleNamespace(ok=error_class is None, error_class=error_class, retry_after=retry_after)


def fail(meter: Meter, times: int) -> None:
    for _time in range(times):
        meter.before()
        meter.after(ended("TransientError"))


def let_pass(seconds: float) -> None:
    """So many seconds go by: what the row remembers moves back."""
    one = row()
    gone = timedelta(seconds=seconds)
    one.windows = {lane: [[at - seconds, calls] for at, calls in seen] for lane, seen in one.windows.items()}
    for name in ("open_until", "blocked_until", "minute"):
        value = getattr(one, name)
        setattr(one, name, value - gone if value else None)
    one.save()


def test_a_lane_is_full_at_its_limit_and_free_again_after_a_minute(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(budget.PATIENCE, Lane.SYNC, 0)
    for _call in range(5):
        take(connection.pk, Lane.SYNC, "push")
    with pytest.raises(RateLimited) as full:
        take(connection.pk, Lane.SYNC, "push")
    assert 55 < (full.value.retry_after or 0) < 62
    let_pass(59)
    with pytest.raises(RateLimited):
        take(connection.pk, Lane.SYNC, "push")
    let_pass(2.5)
    take(connection.pk, Lane.SYNC, "push")


def test_a_full_sync_lane_starves_no_person(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(budget.PATIENCE, Lane.SYNC, 0)
    for _call in range(5):
        take(connection.pk, Lane.SYNC, "push")
    with pytest.raises(RateLimited):
        take(connection.pk, Lane.SYNC, "poll")
    for _call in range(3):
        take(connection.pk, Lane.INTERACTIVE, "doctor")


def test_a_call_waits_for_its_turn_and_prolongs_what_must_not_run_out(connection: Connection) -> None:
    for _call in range(5):
        take(connection.pk, Lane.SYNC, "push")
    let_pass(59)
    kept: list[int] = []
    meter = Meter(connection.pk, Lane.SYNC, "push", keep=lambda: kept.append(1))
    meter.before()
    assert kept
    assert meter.waited > 0


def test_a_permit_costs_one_write(connection: Connection) -> None:
    take(connection.pk, Lane.SYNC, "push")
    with CaptureQueriesContext(
        database,
    ) as spent:
        take(connection.pk, Lane.SYNC, "push")
    statements = [query["sql"].split(maxsplit=1)[0] for query in spent.captured_queries]
    assert [word for word in statements if word not in ("SAVEPOINT", "RELEASE")] == ["SELECT", "UPDATE"]


def test_an_answer_that_is_no_news_writes_nothing(connection: Connection) -> None:
    meter = Meter(connection.pk, Lane.SYNC, "push")
    meter.before()
    with CaptureQueriesContext(database) as spent:
        meter.after(ended())
        meter.after(ended("ValueRefused"))
    assert spent.captured_queries == []


def test_what_is_used_stands_per_minute_lane_and_work(connection: Connection) -> None:
    for work in ("push", "push", "poll"):
        take(connection.pk, Lane.SYNC, work)
    take(connection.pk, Lane.INTERACTIVE, "doctor")
    assert row().usage == {"sync push": 2, "sync poll": 1, "interactive doctor": 1}
    let_pass(60)
    take(connection.pk, Lane.SYNC, "push")
    found = CallMinute.objects.order_by("lane", "work").values_list("lane", "work", "calls")
    assert list(found) == [("interactive", "doctor", 1), ("sync", "poll", 1), ("sync", "push", 2)]
    assert row().usage == {"sync push": 1}


@pytest.mark.parametrize(("asked", "waits"), [(120.0, 120), (None, 30), (0.0, 1), (999_999.0, 3600)])
def test_odoos_wish_for_peace_holds_for_every_lane_and_worker(
    connection: Connection, asked: float | None, waits: int
) -> None:
    meter = Meter(connection.pk, Lane.SYNC, "push")
    meter.before()
    meter.after(ended("RateLimited", asked))
    left = (row().blocked_until or timezone.now()) - timezone.now()
    assert waits - 1 <= left.total_seconds() <= waits


@pytest.mark.parametrize("lane", list(Lane))
def test_while_odoo_wants_peace_nothing_is_sent(connection: Connection, lane: Lane) -> None:
    budget.slow_down(connection.pk, 90)
    assert budget.outlook(connection).wait is not None
    with pytest.raises(RateLimited, match="Odoo asked us to slow down") as refused:
        Meter(connection.pk, lane, "push").before()
    assert 85 < (refused.value.retry_after or 0) <= 90
    let_pass(91)
    assert budget.outlook(connection).wait is None
    Meter(connection.pk, lane, "push").before()


def test_the_circuit_opens_after_five_calls_without_an_answer_in_a_row(connection: Connection) -> None:
    connection.sync_per_minute = 100
    connection.save()
    meter = Meter(connection.pk, Lane.SYNC, "push")
    fail(meter, 4)
    meter.before()
    meter.after(ended("SerializationConflict"))
    fail(meter, 4)
    assert row().opened_at is None
    fail(meter, 1)
    with pytest.raises(CircuitOpen, match="Odoo has not answered 5 times in a row"):
        meter.before()
    assert budget.outlook(connection).wait is not None


def test_one_worker_probes_the_open_circuit_and_an_answer_closes_it(connection: Connection) -> None:
    connection.sync_per_minute = 100
    connection.save()
    meter, other = (Meter(connection.pk, Lane.SYNC, "push") for _worker in range(2))
    fail(meter, 5)
    let_pass(6)
    assert budget.outlook(connection).probe
    meter.before()
    with pytest.raises(CircuitOpen):
        other.before()
    meter.after(ended("UnknownOutcome"))
    assert row().pause_seconds == 10
    with pytest.raises(CircuitOpen):
        meter.before()
    let_pass(11)
    meter.before()
    meter.after(ended())
    assert (row().failures, row().opened_at, row().open_until) == (0, None, None)
    other.before()


def test_a_prober_that_died_is_followed_by_another(connection: Connection) -> None:
    connection.sync_per_minute = 100
    connection.save()
    fail(Meter(connection.pk, Lane.SYNC, "push"), 5)
    let_pass(6)
    Meter(connection.pk, Lane.SYNC, "push").before()
    let_pass(96)
    Meter(connection.pk, Lane.SYNC, "poll").before()


def test_a_person_may_ask_through_an_open_circuit_and_closes_it(connection: Connection) -> None:
    connection.sync_per_minute = 100
    connection.save()
    fail(Meter(connection.pk, Lane.SYNC, "push"), 5)
    doctor = Meter(connection.pk, Lane.INTERACTIVE, "doctor")
    doctor.before()
    doctor.after(ended())
    assert row().opened_at is None


def test_a_permit_may_be_lent_to_a_thread_that_has_no_database(connection: Connection) -> None:
    meter = Meter(connection.pk, Lane.SYNC, "poll")
    meter.lend(meter.reserve())
    with CaptureQueriesContext(database) as spent:
        meter.before()
        meter.after(ended("TransientError"))
    assert spent.captured_queries == []
    meter.close()
    assert row().failures == 1

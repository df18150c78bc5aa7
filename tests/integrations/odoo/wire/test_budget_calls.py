"""Case 6: limits and plan, before a running Odoo: nothing is lost, nobody asks too often, no try is burned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.utils import timezone

from crm.models import Account, User
from crm.services.accounts import create_account, update_account
from integrations import sync
from integrations.errors import CircuitOpen, ConfigError, RateLimited, TransientError
from integrations.models import BatchSize, Budget, Connection, OutboxMessage
from integrations.network import pace
from integrations.odoo.setup.check import check_live
from tests.support.faultproxy import RunningProxy
from tests.support.sandbox import RunningSandbox
from tests.support.two_sides import TwoSides, two_sides

pytestmark = pytest.mark.django_db
STATUS = OutboxMessage.Status
TRANSPORTS = [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]


def outgoing() -> tuple[set[str], set[int]]:
    """States and tries of all outgoing messages."""
    rows = OutboxMessage.objects.values_list("status", "attempts")
    return {status for status, _tries in rows}, {tries for _status, tries in rows}


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_06_a_429_puts_all_workers_to_rest_and_burns_no_try(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    create_account(actor=admin_user, name="Acme")
    proxy.rule("rate_limit", seconds=120)
    behind_proxy.push("res.partner")
    left = (Budget.objects.get().blocked_until or timezone.now()) - timezone.now()
    assert 115 < left.total_seconds() <= 120
    assert outgoing() == ({STATUS.WAITING}, {0})

    seen = proxy.state()["seen"]
    behind_proxy.later(1)
    behind_proxy.push("res.partner", "crm.lead")
    sync.poll_due(at_once=True)
    assert proxy.state()["seen"] == seen

    behind_proxy.later(120)
    behind_proxy.push("res.partner")
    assert outgoing()[0] == {STATUS.DONE}
    assert behind_proxy.control.counters()["twins"]["res.partner"] == {}


def test_case_06_retry_after_as_a_date_is_honoured(synced: TwoSides, admin_user: User) -> None:
    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(429)
            self.send_header("Retry-After", format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Busy)
    Thread(target=server.serve_forever, daemon=True).start()
    create_account(actor=admin_user, name="Acme")
    Connection.objects.update(url=f"http://127.0.0.1:{server.server_port}")
    try:
        synced.push("res.partner")
    finally:
        server.shutdown()
        server.server_close()
    left = (Budget.objects.get().blocked_until or timezone.now()) - timezone.now()
    assert 85 < left.total_seconds() <= 90
    assert outgoing() == ({STATUS.WAITING}, {0})


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_06_an_odoo_that_is_away_opens_the_circuit_and_everything_waits(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    create_account(actor=admin_user, name="Acme")
    proxy.rule("reset", count=-1)
    for _turn in range(5):
        behind_proxy.later(400)
        behind_proxy.push("res.partner")
    with behind_proxy.session() as session, pytest.raises(CircuitOpen):
        session.client.search("res.partner", [])

    tries = outgoing()[1]
    seen = proxy.state()["seen"]
    for _turn in range(3):
        OutboxMessage.objects.update(due_at=timezone.now())
        behind_proxy.push("res.partner")
    assert proxy.state()["seen"] == seen
    assert outgoing() == ({STATUS.WAITING}, tries)

    proxy.clear()
    behind_proxy.later(400)
    behind_proxy.push("res.partner")
    assert outgoing()[0] == {STATUS.DONE}
    assert Budget.objects.get().opened_at is None
    assert behind_proxy.control.counters()["twins"]["res.partner"] == {}


def test_case_06_the_probe_asks_before_anything_is_claimed(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    create_account(actor=admin_user, name="Acme")
    with behind_proxy.session() as session:
        session.client.search("res.partner", [], limit=1)
    opened = timezone.now() - timedelta(seconds=9)
    Budget.objects.update(failures=5, opened_at=opened, open_until=opened, pause_seconds=5)
    proxy.rule("reset", count=-1)
    with pytest.raises(Exception, match=r"could not be reached|no whole answer"):
        behind_proxy.push("res.partner")
    assert outgoing() == ({STATUS.WAITING}, {0})
    assert Budget.objects.get().pause_seconds == 10


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_06_a_plan_without_api_is_named_and_nothing_is_lost(synced: TwoSides, admin_user: User) -> None:
    create_account(actor=admin_user, name="Acme")
    synced.control.settings(plan_block=True)
    with pytest.raises(ConfigError, match="plan"):
        synced.push("res.partner")
    assert outgoing() == ({STATUS.WAITING}, {0})
    synced.control.settings(plan_block=False)
    synced.later(31)
    synced.push("res.partner")
    assert outgoing()[0] == {STATUS.DONE}


def test_a_full_budget_puts_work_back_untried(
    synced: TwoSides, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.network.budget.PATIENCE", {"interactive": 0, "sync": 0})
    create_account(actor=admin_user, name="Acme")
    Connection.objects.update(sync_per_minute=1)
    synced.push("res.partner")
    synced.later(100)
    synced.push("res.partner")
    assert outgoing() == ({STATUS.WAITING}, {0})
    with synced.session() as session, pytest.raises(RateLimited, match="Our own limit"):
        session.client.search("res.partner", [])
    assert check_live(synced.connection)[-1].title == "Public address"
    Connection.objects.update(sync_per_minute=100)
    synced.later(100)
    synced.push("res.partner")
    assert outgoing()[0] == {STATUS.DONE}


def test_a_slow_write_halves_the_batch_and_good_ones_grow_it_back(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User, settings: LazySettings
) -> None:
    settings.ODOO_SLOW_SECONDS = 1
    settings.ODOO_BATCH_SIZE = 8
    for number in range(20):
        create_account(actor=admin_user, name=f"Account {number}")
    proxy.rule("slow", seconds=1.2, **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    size = BatchSize.objects.get(kind="write")
    assert (size.size, size.good) == (4, 3)
    assert "took 1 seconds" in size.reason
    assert behind_proxy.calls("res.partner.load") == 4
    for number in range(50):
        create_account(actor=admin_user, name=f"More {number}")
    behind_proxy.push("res.partner")
    assert BatchSize.objects.get(kind="write").size == 6
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {STATUS.DONE}


def test_a_call_that_is_too_large_is_halved_until_it_passes(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    for number in range(8):
        create_account(actor=admin_user, name=f"Account {number}")
    proxy.rule("status", status=413, count=2, **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    assert BatchSize.objects.get(kind="write").size == 2
    assert outgoing() == ({STATUS.DONE}, {1})
    assert behind_proxy.control.counters()["twins"]["res.partner"] == {}


def partners_there(sides: TwoSides, count: int) -> set[str]:
    """Make so many companies in Odoo; returns their names."""
    names = {f"Firm {number}" for number in range(count)}
    for name in names:
        sides.control.create("res.partner", name=name, is_company=True)
    return names


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_a_slow_read_halves_the_page_and_good_ones_grow_it_back(
    behind_proxy: TwoSides, proxy: RunningProxy, settings: LazySettings
) -> None:
    settings.ODOO_SLOW_SECONDS = 2
    settings.ODOO_PAGE_SIZE = 8
    names = partners_there(behind_proxy, 16)
    proxy.rule("slow", seconds=2.2, **behind_proxy.wire_of("res.partner", "read"))

    behind_proxy.pull()

    size = BatchSize.objects.get(kind="read", remote_model="res.partner")
    assert (size.size, size.good) == (4, 2)
    assert "A call with 8 rows took 2 seconds." in size.reason
    assert names <= set(Account.objects.values_list("name", flat=True))
    assert behind_proxy.calls("res.partner.read") == 3

    partners_there(behind_proxy, 40)
    behind_proxy.pull()
    assert BatchSize.objects.get(kind="read", remote_model="res.partner").size > 4
    assert Account.objects.count() == 16 + 40


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_an_answer_that_is_too_large_is_asked_for_in_parts(
    behind_proxy: TwoSides, proxy: RunningProxy, transport: str
) -> None:
    names = partners_there(behind_proxy, 8)
    proxy.rule("status", status=413, count=2, **behind_proxy.wire_of("res.partner", "read"))

    behind_proxy.pull()

    assert set(Account.objects.values_list("name", flat=True)) == names
    size = BatchSize.objects.get(kind="read", remote_model="res.partner")
    assert (size.size, size.reason) == (2, "A call with 4 rows was too large.")


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_a_record_that_is_too_large_alone_comes_without_its_long_text_and_all_others_come_whole(
    behind_proxy: TwoSides, proxy: RunningProxy, transport: str, admin_user: User
) -> None:
    names = partners_there(behind_proxy, 4)
    rows = [row for row in behind_proxy.control.dump("res.partner") if row["name"] in names]
    behind_proxy.control.write("res.partner", [row["id"] for row in rows], comment="<p>Long</p>", phone="1")
    # Four, two and one are too large, and of the one the first look.
    proxy.rule("status", status=413, count=3, **behind_proxy.wire_of("res.partner", "read"))

    behind_proxy.pull()

    found = {one.name: (one.description, one.phone) for one in Account.objects.all()}
    assert set(found) == names
    assert sorted(found.values()) == [("", "1"), *[("Long", "1")] * 3]
    large = Account.objects.get(description="")
    update_account(large, actor=admin_user, phone="2")
    behind_proxy.settle()
    there = behind_proxy.there(large)
    assert (there["phone"], there["comment"]) == ("2", "<p>Long</p>")


def test_a_read_without_an_answer_in_time_is_made_with_less(
    behind_proxy: TwoSides, proxy: RunningProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pace.LONGEST, BatchSize.Kind.READ, 1.0)
    names = partners_there(behind_proxy, 8)
    proxy.rule("slow_then_lost", seconds=1.2, **behind_proxy.wire_of("res.partner", "read"))

    with pytest.raises(TransientError):
        behind_proxy.pull()
    assert BatchSize.objects.get(kind="read", remote_model="res.partner").size == 4
    behind_proxy.let_wait_pass()
    behind_proxy.pull()

    assert set(Account.objects.values_list("name", flat=True)) == names


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("series", [19])
def test_a_first_sync_whose_pages_are_too_large_goes_on_with_smaller_ones_and_leaves_nobody_out(
    odoo: RunningSandbox, proxy: RunningProxy, stages: object, settings: LazySettings
) -> None:
    settings.ODOO_PAGE_SIZE = 16
    sides = two_sides(odoo, url=proxy.url, transport="json2")
    names = partners_there(sides, 30)
    # The first page of 16, and the second one of 8; before them the newest record is read.
    path = "/json/2/res.partner/search_read"
    proxy.rule("status", status=413, path=path, after=1)
    proxy.rule("status", status=413, path=path, after=2)

    sides.pull()

    assert set(Account.objects.values_list("name", flat=True)) == names
    assert proxy.struck("status") == 2
    assert BatchSize.objects.get(kind="read", remote_model="res.partner").reason.startswith("A call with 8 rows")


def test_no_call_is_made_while_a_transaction_is_open(synced: TwoSides) -> None:
    with synced.session() as session, transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        session.client.search("res.partner", [])

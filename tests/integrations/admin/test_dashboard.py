"""The dashboard at /admin/crm: systems, customers, events, set-up; quick with a million events, and without the key."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.contenttypes.models import ContentType
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Account, User
from integrations.eventlog import EventLog
from integrations.models import Binding, Connection, EventTally, IntegrationEvent, OutboxMessage, PullCursor
from integrations.models.bulk import insert_rows
from integrations.odoo.wire.target import CallRecord
from tests.factories import AccountFactory, ContactFactory, UserFactory

SignIn = Callable[[User], Client]
HERE = "/admin/crm/"
KEY = "webhook-key-that-nobody-may-see"


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def call(ok: bool = True, remote_id: int | None = None) -> CallRecord:
    return CallRecord("res.partner", "read", 0.03, ok, None if ok else "UnknownOutcome", 5, 1, 1, remote_id=remote_id)


def log_calls(odoo: Connection, *, ok: int, failed: int) -> None:
    log = EventLog(odoo)
    for number in range(ok + failed):
        log.call(call(number < ok, remote_id=number + 1))
    log.flush()


@pytest.mark.parametrize("address", ["/admin/crm", "/admin/crm/"])
def test_it_wins_over_the_admins_own_page_of_that_name(
    address: str, admin_client: Client, connection_to_odoo: Connection
) -> None:
    answer = admin_client.get(address)
    assert answer.status_code == 200
    assert "Connected systems" in answer.content.decode()


def test_who_may_not_see_events_gets_the_admins_own_page(signed_in: SignIn, owner: User) -> None:
    page = signed_in(owner).get(HERE).content.decode()
    assert "Connected systems" not in page
    assert "/admin/crm/account/" in page


@pytest.mark.parametrize(
    ("ok", "failed", "rate", "tone"),
    [(81, 19, "81 %", "good"), (80, 20, "80 %", "warn"), (10, 90, "10 %", "warn"), (0, 0, "nothing tried", "quiet")],
)
def test_a_card_tells_the_success_rate_in_colour_and_word(
    ok: int, failed: int, rate: str, tone: str, admin_client: Client, connection_to_odoo: Connection
) -> None:
    log_calls(connection_to_odoo, ok=ok, failed=failed)
    [card] = admin_client.get(HERE).context["cards"]
    assert (card.name, card.rate, card.rate_tone) == ("Odoo", rate, tone)
    assert (card.ever, card.day) == (str(ok + failed), str(ok + failed))


def test_older_events_count_in_the_total_alone(admin_client: Client, connection_to_odoo: Connection) -> None:
    log_calls(connection_to_odoo, ok=5, failed=0)
    for tally in EventTally.objects.all():
        tally.hour, tally.key = tally.hour - timedelta(hours=24), f"{tally.key} old"
        tally.save()
    log_calls(connection_to_odoo, ok=2, failed=0)
    [card] = admin_client.get(HERE).context["cards"]
    assert (card.ever, card.day) == ("7", "2")


def test_customers_are_told_with_how_many_are_synced(admin_client: Client, connection_to_odoo: Connection) -> None:
    account, contact = AccountFactory.create(), ContactFactory.create()
    AccountFactory.create(archived_at=timezone.now())
    content_type = ContentType.objects.get_for_model(Account)
    about = {"connection": connection_to_odoo, "remote_model": "res.partner", "content_type": content_type}
    Binding.objects.create(**about, object_uuid=account.uuid, remote_id=1, external_name="a", state="bound")
    Binding.objects.create(**about, object_uuid=contact.uuid, external_name="b", state="pending")
    OutboxMessage.objects.create(**about, object_uuid=contact.uuid)
    PullCursor.objects.create(connection=connection_to_odoo, remote_model="res.partner", polled_at=timezone.now())

    customers, synced, pending, last = admin_client.get(HERE).context["customers"]

    assert (customers.figure, synced.figure, synced.sentence, pending.figure) == ("2", "1", "50 % of all", "1")
    assert "just now" in last.figure


def test_the_last_twenty_events_stand_there_newest_first(admin_client: Client, connection_to_odoo: Connection) -> None:
    log_calls(connection_to_odoo, ok=24, failed=1)
    rows = admin_client.get(HERE).context["events"]
    assert len(rows) == 20
    assert (rows[0].source, rows[0].kind, rows[0].result) == ("Odoo", "Read", "Failed")
    assert rows[0].message == "No answer came; asked afterwards"
    assert "25</a>" not in str(rows[0].url)
    assert admin_client.get(rows[0].url).status_code == 200


def test_without_a_connection_it_says_what_comes_next(admin_client: Client, db: None) -> None:
    page = admin_client.get(HERE).content.decode()
    assert "No system is connected yet." in page
    assert "No event yet." in page


def test_the_set_up_is_ready_to_copy_and_never_holds_the_key(
    admin_client: Client, connection_to_odoo: Connection, settings: LazySettings
) -> None:
    settings.ODOO_WEBHOOK_KEYS = [KEY]
    page = admin_client.get(HERE).content.decode()
    assert 'data-copy="http://testserver/api/v1/integrations/odoo"' in page
    assert 'data-copy="X-Odoo-Api-Key"' in page
    assert "••••••••" in page
    assert KEY not in page


def test_a_manager_sees_figures_but_no_set_up(signed_in: SignIn, connection_to_odoo: Connection) -> None:
    page = signed_in(UserFactory.create(role="sales_manager")).get(HERE).content.decode()
    assert "Connected systems" in page
    assert "Set up the webhook" not in page


def test_it_costs_the_same_for_many_rows(admin_client: Client, connection_to_odoo: Connection) -> None:
    log_calls(connection_to_odoo, ok=1, failed=0)
    AccountFactory.create()
    admin_client.get(HERE)
    with CaptureQueriesContext(database) as one:
        admin_client.get(HERE)
    log_calls(connection_to_odoo, ok=60, failed=3)
    AccountFactory.create_batch(50)
    with CaptureQueriesContext(database) as many:
        admin_client.get(HERE)
    assert len(many) == len(one) <= 12


def test_a_hundred_thousand_events_do_not_slow_it_down(admin_client: Client, connection_to_odoo: Connection) -> None:
    admin_client.get(HERE)
    log_calls(connection_to_odoo, ok=100, failed=0)

    def seconds() -> float:
        started = time.perf_counter()
        assert admin_client.get(HERE).status_code == 200
        return time.perf_counter() - started

    few = min(seconds() for _turn in range(5))
    insert_rows([IntegrationEvent(connection=connection_to_odoo, kind="call read") for _number in range(100_000)])
    assert min(seconds() for _turn in range(5)) < 3 * few + 0.05


def test_it_only_reads(admin_client: Client, connection_to_odoo: Connection) -> None:
    assert admin_client.post(HERE).status_code == 405

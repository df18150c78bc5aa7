"""The sync page: what stands still is said in a sentence with the way to it; it costs the same for many rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Account, User
from integrations.counting import measures
from integrations.counting.measures import Measure, register_measures
from integrations.eventlog import EventLog
from integrations.models import (
    Conflict,
    Connection,
    EventTally,
    InboxMessage,
    MatchCandidate,
    OutboxMessage,
    PullCursor,
)
from integrations.odoo.mappers import TWO_WAY
from integrations.odoo.wire.target import CallRecord
from tests.factories import UserFactory

SignIn = Callable[[User], Client]
HERE = "/admin/sync/"


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


@pytest.fixture
def live(connection_to_odoo: Connection) -> Connection:
    """A connection whose models were all polled just now."""
    for one in TWO_WAY:
        PullCursor.objects.create(
            connection=connection_to_odoo, remote_model=one.remote_model, phase="polling", polled_at=timezone.now()
        )
    return connection_to_odoo


@pytest.fixture
def no_measures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody has joined yet."""
    monkeypatch.setattr(measures, "_sources", [])
    return


def about(live: Connection, **values: Any) -> dict[str, Any]:
    return {
        "connection": live,
        "remote_model": "res.partner",
        "content_type": ContentType.objects.get_for_model(Account),
        "object_uuid": uuid4(),
        **values,
    }


def trouble(live: Connection) -> None:
    """One of everything that asks for a look."""
    OutboxMessage.objects.create(**about(live, status="parked", reason="bad_data"))
    OutboxMessage.objects.create(**about(live, created_at=timezone.now() - timedelta(hours=2)))
    InboxMessage.objects.create(connection=live, remote_model="crm.lead", remote_id=1, status="parked")
    Conflict.objects.create(**about(live, field="phone"))
    MatchCandidate.objects.create(**about(live, remote_id=uuid4().int % 10**9, reason="same e-mail"))


def sentences(client: Client) -> list[tuple[str, str]]:
    return [(line.tone, line.sentence) for line in client.get(HERE).context["lines"]]


def test_in_step_is_one_good_sentence(admin_client: Client, live: Connection) -> None:
    [(tone, words)] = sentences(admin_client)
    assert tone == "good"
    assert re.fullmatch(r"Both sides are in step\. Odoo was last asked \d+ s ago\.", words)


def test_it_is_there_without_the_slash(admin_client: Client, live: Connection) -> None:
    assert admin_client.get("/admin/sync", follow=True).redirect_chain == [("/admin/sync/", 302)]


def test_every_trouble_is_a_sentence_with_the_way_to_it(admin_client: Client, live: Connection) -> None:
    trouble(live)
    shown = admin_client.get(HERE)
    assert [(line.tone, line.sentence) for line in shown.context["lines"]] == [
        ("bad", "Contacts and companies: 1 change was refused and is set aside."),
        ("bad", "Leads and opportunities: 1 change from Odoo could not be kept here."),
        ("warn", "A change made 2\xa0hours ago still waits to be sent."),
        ("warn", "Contacts and companies: 1 field was changed on both sides; somebody must choose."),
        ("warn", "Contacts and companies: 1 record may be the same as one in Odoo; somebody must say."),
    ]
    for line in shown.context["lines"]:
        assert admin_client.get(line.url).status_code == 200


def test_the_figures_stand_at_their_kind_of_record(admin_client: Client, live: Connection) -> None:
    trouble(live)
    rows = {row.remote_model: row for row in admin_client.get(HERE).context["rows"]}
    partner = rows["res.partner"]
    assert (partner.waiting, partner.parked, partner.undecided, partner.lag) == ("1", "1", "2", "2\xa0hours")
    assert rows["crm.lead"].parked == "1"
    assert re.fullmatch(r"\d+ s", rows["crm.lead"].lag)


def test_a_paused_connection_says_why(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(state="paused", state_reason="Odoo refused the key.")
    assert sentences(admin_client)[0] == (
        "bad",
        "The connection is paused: Odoo refused the key. Nothing is lost; it waits here.",
    )


def test_nobody_polls_is_told(admin_client: Client, live: Connection) -> None:
    PullCursor.objects.update(polled_at=timezone.now() - timedelta(hours=3))
    tone, words = sentences(admin_client)[0]
    assert tone == "bad"
    assert words == "Odoo was last asked 3\xa0hours ago. Either Odoo is away, or the workers do not run."


def test_without_a_connection_it_says_how_to_make_one(admin_client: Client, db: None) -> None:
    assert "/admin/integrations/connection/add/" in admin_client.get(HERE).content.decode()


@pytest.mark.usefixtures("no_measures")
def test_whoever_measures_joins_the_page(admin_client: Client, live: Connection) -> None:
    register_measures(lambda one: [Measure("Calls today", "12 of 600", f"For {one.name}.", "good", "/admin/")])
    shown = admin_client.get(HERE).content.decode()
    assert "Calls today" in shown
    assert "12 of 600" in shown
    assert "For Odoo." in shown


def test_it_costs_the_same_for_many_rows(admin_client: Client, live: Connection) -> None:
    trouble(live)
    admin_client.get(HERE)
    with CaptureQueriesContext(database) as one:
        admin_client.get(HERE)
    for _turn in range(20):
        Conflict.objects.filter(status="open").update(status="by_rule")
        trouble(live)
    with CaptureQueriesContext(database) as many:
        admin_client.get(HERE)
    assert len(many) == len(one)


@pytest.mark.parametrize(
    ("role", "status"), [("super_admin", 200), ("admin", 200), ("sales_manager", 200), ("sales_user", 403)]
)
def test_who_may_look(role: str, status: int, signed_in: SignIn, live: Connection) -> None:
    assert signed_in(UserFactory.create(role=role)).get(HERE).status_code == status


def test_it_only_reads(admin_client: Client, live: Connection) -> None:
    assert admin_client.post(HERE).status_code == 405


@pytest.mark.parametrize(
    ("ok", "failed", "shown", "tone"),
    [
        (100, 0, "100 %", "good"),
        (95, 5, "95 %", "good"),
        (949, 51, "94.9 %", "warn"),
        (80, 20, "80 %", "warn"),
        (799, 201, "79.9 %", "bad"),
        (99_999, 1, "99.9 %", "good"),
    ],
)
def test_the_success_rate_has_its_verdict(
    ok: int, failed: int, shown: str, tone: str, admin_client: Client, live: Connection
) -> None:
    log = EventLog(live)
    log.call(record(True))
    log.call(record(False))
    log.flush()
    EventTally.objects.update(ok=ok, failed=failed, duration_ms=(ok + failed) * 42)
    rows = {row.remote_model: row for row in admin_client.get(HERE).context["rows"]}
    rate = rows["res.partner"].rate
    assert (rate.words, rate.tone, rows["res.partner"].duration) == (shown, tone, "42 ms")
    assert rows["crm.lead"].rate.words == "no calls"


def record(ok: bool) -> CallRecord:
    return CallRecord("res.partner", "read", 0.042, ok, None if ok else "TransientError", 1, 10, 10)

"""Failure cases of the wire: lost and unreadable answers, conflicts, limits, bad rows, refused keys."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Account, User
from crm.services.accounts import create_account, update_account
from integrations import sync
from integrations.decisions import connections
from integrations.errors import IntegrationError
from integrations.models import Conflict, Connection, OutboxMessage
from integrations.odoo.pushing.delivery import CONFLICTS_AT_MOST
from integrations.odoo.wire.client import NO_VALUE
from tests.support.failure_cases import dead_country, length, partners, times
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATUS, REASON = OutboxMessage.Status, OutboxMessage.Reason
LOSSES = ("lost_answer", "html_after", "truncated", "slow_then_lost")


def push_anyway(sides: TwoSides) -> None:
    """Push as the worker does, whose task ends when Odoo refuses us."""
    with suppress(IntegrationError):
        sides.push()


def test_failure_case_01_a_create_whose_answer_is_lost_makes_one_record_and_overwrites_nobody(
    sides: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    names = [f"Firm {number}" for number in range(length(5, 50))]
    for number, name in enumerate(names):
        create_account(actor=admin_user, name=name, city="Ulm", phone="1")
        proxy.rule(LOSSES[number % len(LOSSES)], **sides.wire_of_load("res.partner"))
        sides.push("res.partner")
        (made,) = partners(sides, name)
        sides.control.write("res.partner", [made["id"]], city="Köln")
        sides.let_wait_pass()
        sides.push("res.partner")

    sides.settle()

    assert sum(proxy.struck(loss) for loss in LOSSES) == len(names)
    assert times(sides, "res.partner", names) == {1}
    assert Account.objects.count() == Account.objects.filter(city="Köln", phone="1").count() == len(names)
    there = {(row["city"], row["phone"]) for row in sides.control.dump("res.partner") if row["name"] in names}
    assert there == {("Köln", "1")}
    assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()


def test_failure_case_02_done_but_without_a_readable_value_is_a_success_and_is_read_back(
    sides: TwoSides, proxy: RunningProxy
) -> None:
    deal = sides.control.create("crm.lead", name="Deal", type="opportunity")
    sides.pull()
    seen = proxy.state()["seen"]

    with sides.session() as session:
        value = session.client.call("crm.lead", "action_set_lost", [[deal]])
    sent = proxy.state()["seen"] - seen
    sides.settle()

    assert value in (NO_VALUE, None, True)
    assert sent == 1
    assert sides.row("crm.lead", deal)["active"] is False
    assert sides.here("crm.lead", deal).lost_at is not None


@pytest.mark.sandbox
@pytest.mark.parametrize("kind", ["conflict", "exhausted"])
def test_failure_case_03_a_serialization_conflict_is_tried_again_soon_and_nobody_sees_it(
    sides: TwoSides, admin_user: User, kind: str
) -> None:
    known = create_account(actor=admin_user, name="Known", phone="1")
    sides.settle()
    update_account(known, actor=admin_user, phone="2")
    sides.control.fault(kind, model="res.partner", method="load", count=3)

    sides.push("res.partner")

    waiting = sides.message(known)
    assert (waiting.status, waiting.refusals) == (STATUS.WAITING, 0)
    assert waiting.due_at - timezone.now() < timedelta(seconds=1)
    create_account(actor=admin_user, name="New")
    sides.settle()
    assert sides.there(known)["phone"] == "2"
    assert times(sides, "res.partner", ["Known", "New"]) == {1}
    assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()
    assert not Conflict.objects.exists()


@pytest.mark.sandbox
def test_failure_case_03_a_conflict_without_end_waits_longer_each_time_and_is_parked_in_the_end(
    sides: TwoSides, admin_user: User
) -> None:
    known = create_account(actor=admin_user, name="Known", phone="1")
    sides.settle()
    update_account(known, actor=admin_user, phone="2")
    new = create_account(actor=admin_user, name="New")
    sides.control.fault("conflict", model="res.partner", method="load", count=10_000)
    waits: list[timedelta] = []
    for _try in range(CONFLICTS_AT_MOST - 1):
        sides.push("res.partner")
        waits.append(sides.message(known).due_at - timezone.now())
        sides.let_wait_pass()
    assert timedelta(seconds=20) < max(waits) < timedelta(seconds=91)

    sides.push("res.partner")

    for account in (known, new):
        parked = sides.message(account)
        assert (parked.status, parked.reason) == (STATUS.PARKED, REASON.EXCEEDED)
        assert "Another change in Odoo was first" in parked.explanation
    sides.control.clear_faults()
    update_account(known, actor=admin_user, phone="3")
    sides.settle()
    assert sides.there(known)["phone"] == "3"


TROUBLES: list[tuple[str, dict[str, Any]]] = [
    ("rate_limit", {"seconds": 7}),
    ("rate_limit", {}),
    ("status", {"status": 503}),
    ("html", {}),
    ("reset", {}),
]


def test_failure_case_06_limits_and_outages_lose_no_work(
    sides: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    sides.settle()
    for number, (kind, values) in enumerate(TROUBLES):
        update_account(account, actor=admin_user, phone=f"+49 {number}")
        proxy.rule(kind, **values, **sides.wire_of_load("res.partner"))

        push_anyway(sides)

        waiting = sides.message(account)
        assert (waiting.status, waiting.refusals) == (STATUS.WAITING, 0), kind
        assert waiting.due_at > timezone.now(), kind
        assert sides.there(account)["phone"] != f"+49 {number}", kind
        sides.later(200)
        sides.settle()
        assert sides.there(account)["phone"] == f"+49 {number}", kind
    assert len(partners(sides, "Acme")) == 1


def test_failure_case_06_odoo_is_left_alone_as_long_as_it_asks_for(
    sides: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    proxy.rule("rate_limit", seconds=40, **sides.wire_of_load("res.partner"))

    push_anyway(sides)

    wait = sides.message(account).due_at - timezone.now()
    assert timedelta(seconds=35) < wait < timedelta(seconds=65)
    sides.settle()
    assert len(partners(sides, "Acme")) == 1


def test_failure_case_06_a_slow_answer_is_waited_for(sides: TwoSides, proxy: RunningProxy, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    proxy.rule("slow", seconds=1.2, **sides.wire_of_load("res.partner"))

    sides.push()

    assert sides.message(account).status == STATUS.DONE
    assert len(partners(sides, "Acme")) == 1


@pytest.mark.sandbox
def test_failure_case_06_a_plan_without_the_interface_is_named_and_the_work_is_kept(
    sides: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    sides.control.settings(plan_block=True)

    push_anyway(sides)

    waiting = sides.message(account)
    sides.connection.refresh_from_db()
    assert waiting.status == STATUS.WAITING
    assert "plan" in f"{waiting.explanation} {sides.connection.state_reason}"
    sides.control.settings(plan_block=False)
    Connection.objects.update(state=Connection.State.ACTIVE, state_reason="")
    sides.settle()
    assert len(partners(sides, "Acme")) == 1


def test_failure_case_20_one_bad_row_is_parked_in_odoos_words_and_all_others_arrive(
    sides: TwoSides, admin_user: User
) -> None:
    names = [f"Firm {number}" for number in range(length(200, 1000))]
    accounts = [create_account(actor=admin_user, name=name) for name in names]
    bad = accounts.pop(137)
    Account.objects.filter(pk=bad.pk).update(country=dead_country(sides))

    sides.settle()

    parked = sides.message(bad)
    assert (parked.status, parked.reason) == (STATUS.PARKED, REASON.BAD_DATA)
    assert "No matching record found" in parked.explanation
    assert times(sides, "res.partner", [account.name for account in accounts]) == {1}
    assert partners(sides, bad.name) == []


@pytest.mark.sandbox
def test_failure_case_25_a_key_that_ran_out_pauses_the_connection_and_work_flows_with_the_new_one(
    sides: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    sides.settle()
    update_account(account, actor=admin_user, phone="2")
    sides.control.expire_key(sides.odoo.username)
    push_anyway(sides)
    seen = proxy.state()["seen"]

    for number in range(3):
        sides.later(600)
        push_anyway(sides)
        sync.poll_due(at_once=True)
        create_account(actor=admin_user, name=f"Made meanwhile {number}")

    assert proxy.state()["seen"] == seen
    sides.connection.refresh_from_db()
    assert sides.connection.state == Connection.State.PAUSED
    assert "user" in sides.connection.state_reason
    assert "key" in sides.connection.state_reason
    assert set(OutboxMessage.objects.exclude(status=STATUS.DONE).values_list("status", "refusals")) == {
        (STATUS.WAITING, 0)
    }
    assert sides.message(account).attempts <= 1
    sides.control.expire_key(sides.odoo.username, renew=True)
    connections.resume(sides.connection)
    sides.settle()
    assert sides.there(account)["phone"] == "2"
    assert times(sides, "res.partner", ["Acme", *(f"Made meanwhile {number}" for number in range(3))]) == {1}

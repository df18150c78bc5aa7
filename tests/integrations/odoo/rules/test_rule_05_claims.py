"""Rule 5: claims, leases, and the hold after an update without an answer."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from crm.models import User
from crm.services.accounts import create_account, update_account
from integrations import outbox
from integrations.mailbox.leases import LENGTH, LeaseLost, lease
from integrations.models import Binding, Lease, OutboxMessage
from integrations.odoo.pushing.push import push_model
from integrations.odoo.wire.session import WRITE_TIMEOUT
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATUS = OutboxMessage.Status


def test_rule_05_a_claim_is_renewed_before_each_call_and_outlasts_its_time_out(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    left: list[float] = []

    def note() -> None:
        message = synced.message(account)
        assert message.lease_until is not None
        left.append((message.lease_until - timezone.now()).total_seconds())
        OutboxMessage.objects.filter(pk=message.pk).update(lease_until=timezone.now())

    with synced.session() as session:
        session.renewals.append(note)
        push_model(session, "res.partner")

    assert outbox.LEASE.total_seconds() == 300
    assert min(left) > WRITE_TIMEOUT
    assert synced.message(account).status == STATUS.DONE


def test_rule_05_what_a_dead_worker_claimed_is_sent_when_its_lease_has_ended(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    outbox.claim(synced.connection, "res.partner", limit=10)
    name = f"push:{synced.connection.pk}:res.partner"
    Lease.objects.update_or_create(name=name, defaults={"token": uuid4(), "until": timezone.now() + LENGTH})

    synced.push("res.partner")
    assert synced.binding(account).remote_id is None
    synced.later(301)
    synced.push("res.partner")

    assert synced.there(account)["name"] == "Acme"


def test_rule_05_a_worker_that_has_lost_its_lease_calls_no_more(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")

    def taken_by_another() -> None:
        Lease.objects.filter(name__startswith="push:").update(token=uuid4())

    with synced.session() as session:
        session.renewals.append(taken_by_another)
        with pytest.raises(LeaseLost):
            push_model(session, "res.partner")

    assert synced.loads() == {}
    Lease.objects.update(token=None)
    synced.push("res.partner")
    assert synced.message(account).status == STATUS.DONE


def test_rule_05_settling_with_a_lost_token_changes_nothing(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    first = outbox.claim(synced.connection, "res.partner", limit=10)
    synced.later(301)
    second = outbox.claim(synced.connection, "res.partner", limit=10)

    assert outbox.settle(first.token, first.messages, status=STATUS.DONE) == 0
    assert synced.message(account).status == STATUS.CLAIMED
    assert outbox.settle(second.token, second.messages, status=STATUS.DONE) == 1


def test_rule_05_one_writer_per_connection_and_model(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")

    with lease(f"push:{synced.connection.pk}:res.partner") as held:
        assert held is not None
        synced.push("res.partner")
        assert synced.message(account).status == STATUS.WAITING

    synced.push("res.partner")
    assert synced.message(account).status == STATUS.DONE


@pytest.mark.parametrize(("series", "transport"), [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")])
def test_rule_05_an_update_without_an_answer_is_held_until_a_read_shows_what_was_sent(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    behind_proxy.settle()
    update_account(account, actor=admin_user, phone="2")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.control.reset_counters()
    pushed = behind_proxy.push_report("res.partner")
    assert pushed.unknown == 1
    assert behind_proxy.binding(account).hold_until is not None

    behind_proxy.later(6)
    behind_proxy.push("res.partner")

    # The read shows it: done, and not sent a second time.
    assert behind_proxy.message(account).status == STATUS.DONE
    assert behind_proxy.loads() == {"res.partner.load": 1}
    assert behind_proxy.binding(account).base["phone"] == "2"


@pytest.mark.parametrize("made_by", ["update", "create"])
def test_rule_05_what_was_edited_here_after_a_lost_answer_goes_on_and_is_no_conflict(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User, made_by: str
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1", city="Ulm")
    if made_by == "update":
        behind_proxy.settle()
        update_account(account, actor=admin_user, phone="2")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    assert behind_proxy.push_report("res.partner").unknown == 1
    update_account(account, actor=admin_user, phone="3")
    (record,) = [row for row in behind_proxy.control.dump("res.partner") if row["name"] == "Acme"]
    behind_proxy.control.write("res.partner", [record["id"]], city="Bonn")

    behind_proxy.pull()
    behind_proxy.settle()

    account.refresh_from_db()
    there = behind_proxy.there(account)
    assert (account.phone, account.city) == (there["phone"], there["city"]) == ("3", "Bonn")
    assert "phone" not in [one.field for one in behind_proxy.conflicts(account)]
    assert behind_proxy.binding(account).under_way is None


def test_rule_05_what_somebody_in_odoo_writes_later_is_no_echo_of_a_write_that_never_arrived(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    behind_proxy.settle()
    update_account(account, actor=admin_user, phone="2")
    proxy.rule("reset", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    update_account(account, actor=admin_user, phone="1")
    behind_proxy.later(151)
    behind_proxy.settle()
    assert behind_proxy.there(account)["phone"] == "1"

    behind_proxy.control.write("res.partner", [behind_proxy.remote_id(account)], phone="2")
    behind_proxy.settle()

    account.refresh_from_db()
    assert (account.phone, behind_proxy.there(account)["phone"]) == ("2", "2")


def test_rule_05_an_update_that_never_arrived_is_held_for_150_seconds_and_then_sent_again(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    behind_proxy.settle()
    update_account(account, actor=admin_user, phone="2")
    proxy.rule("timeout", seconds=0.1, **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.control.reset_counters()
    behind_proxy.push("res.partner")

    behind_proxy.later(140)
    behind_proxy.push("res.partner")
    assert behind_proxy.loads() == {}
    assert "earlier write" in behind_proxy.message(account).waits_for
    behind_proxy.later(12)
    behind_proxy.push("res.partner")

    assert behind_proxy.there(account)["phone"] == "2"
    assert behind_proxy.binding(account).hold_until is None


def test_rule_05_what_a_person_changed_during_the_hold_is_not_overwritten(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    behind_proxy.settle()
    update_account(account, actor=admin_user, phone="2")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    behind_proxy.control.write("res.partner", [behind_proxy.remote_id(account)], phone="3")

    behind_proxy.later(200)
    behind_proxy.settle()

    account.refresh_from_db()
    assert account.phone == behind_proxy.there(account)["phone"] == "3"


def test_rule_05_a_create_needs_no_hold(behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    assert behind_proxy.binding(account).hold_until is None

    behind_proxy.later(6)
    behind_proxy.push("res.partner")

    assert behind_proxy.binding(account).state == Binding.State.BOUND
    assert behind_proxy.message(account).status == STATUS.DONE

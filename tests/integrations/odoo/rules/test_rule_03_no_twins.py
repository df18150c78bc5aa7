"""Rule 3: no local record is made for an unbound Odoo id before asking whether it is ours."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.models import Account, User
from crm.services.accounts import create_account
from integrations.models import Binding, InboxMessage, OutboxMessage
from integrations.sync import read_back
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(16, "xmlrpc"), (16, "jsonrpc"), (18, "xmlrpc"), (18, "jsonrpc"), (19, "jsonrpc"), (19, "json2")]


def lost_create(sides: TwoSides, proxy: RunningProxy, actor: User) -> Account:
    """An account that Odoo has made and whose answer was lost."""
    account = create_account(actor=actor, name="Acme", email="a@example.com", city="Ulm")
    proxy.rule("lost_answer", **sides.wire_of_load("res.partner"))
    sides.push("res.partner")
    assert sides.binding(account).state == Binding.State.UNKNOWN
    return account


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rule_03_a_poll_that_sees_our_record_before_its_answer_binds_it_and_makes_no_second(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = lost_create(behind_proxy, proxy, admin_user)

    behind_proxy.pull()

    assert Account.objects.filter(name="Acme").count() == 1
    assert behind_proxy.binding(account).state == Binding.State.BOUND
    behind_proxy.settle()
    assert behind_proxy.message(account).status == OutboxMessage.Status.DONE
    assert [row["name"] for row in behind_proxy.control.dump("res.partner")].count("Acme") == 1
    assert behind_proxy.loads() == {"res.partner.load": 1}


def test_rule_03_the_push_of_a_record_that_was_recognised_is_done(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = lost_create(behind_proxy, proxy, admin_user)
    behind_proxy.pull()

    behind_proxy.later(600)
    pushed = behind_proxy.push_report("res.partner")

    assert (pushed.sent, pushed.skipped) == (0, 1)
    assert behind_proxy.message(account).status == OutboxMessage.Status.DONE


def test_rule_03_our_record_that_is_gone_here_is_made_again_with_its_uuid(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    remote_id = synced.remote_id(account)
    Binding.objects.filter(object_uuid=account.uuid).delete()
    Account.objects.filter(pk=account.pk).delete()
    synced.control.write("res.partner", [remote_id], city="Ulm")

    synced.settle()

    again = synced.here("res.partner", remote_id)
    assert (again.uuid, again.city) == (account.uuid, "Ulm")


def test_rule_03_only_records_of_our_own_user_are_asked_about_once_a_page(synced: TwoSides) -> None:
    for number in range(3):
        synced.control.create("res.partner", user=synced.odoo.username, name=f"By our user {number}")
        synced.control.create("res.partner", name=f"By a person {number}")
    synced.control.reset_counters()

    synced.pull()

    assert synced.calls("res.partner.get_external_id") == 1
    synced.control.create("res.partner", name="By a person again")
    synced.control.reset_counters()
    synced.pull()
    assert synced.calls("res.partner.get_external_id") == 0


def test_rule_03_a_foreign_external_id_is_no_reason_to_bind(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    name = synced.binding(account).external_name
    synced.control.call(
        "res.partner", "load", ["id", "name"], [[f"other.{name}", "Stranger"]], user=synced.odoo.username
    )

    synced.settle()

    assert synced.there(account)["name"] == "Acme"
    assert Account.objects.filter(name="Acme").count() == 1


def test_rule_03_a_webhook_for_an_unknown_id_waits_while_a_create_is_unknown(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    lost_create(behind_proxy, proxy, admin_user)
    stranger = behind_proxy.control.create("res.partner", name="Stranger", is_company=True)
    hint = InboxMessage.objects.create(
        connection=behind_proxy.connection, remote_model="res.partner", remote_id=stranger, due_at=timezone.now()
    )

    read_back()

    hint.refresh_from_db()
    assert (hint.status, hint.tries) == (InboxMessage.Status.WAITING, 0)
    behind_proxy.later(600)
    behind_proxy.push("res.partner")
    read_back()
    hint.refresh_from_db()
    assert hint.status == InboxMessage.Status.DONE
    assert Account.objects.filter(name="Stranger").count() == 1

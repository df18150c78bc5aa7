"""Rule 14: two records merged here are merged in Odoo, where nothing is deleted; and the way back."""

from __future__ import annotations

import pytest

from crm.models import Account, User
from crm.services.accounts import update_account
from crm.services.merging import merge, take_back
from crm.workbook import ACCOUNTS, CONTACTS
from integrations.models import OutboxMessage
from leads.workbook import LEADS
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("series", [16, 18, 19])


def bodies(sides: TwoSides, model: str, remote_id: int) -> str:
    """What stands in the chatter of one record of Odoo."""
    told = [one for one in sides.control.dump("mail.message") if (one["model"], one["res_id"]) == (model, remote_id)]
    return " ".join(str(one["body"]) for one in told)


@EVERY
def test_rule_14_accounts_merged_here_are_merged_in_odoo_and_back(synced: TwoSides, admin_user: User) -> None:
    control = synced.control
    first = control.create("res.partner", name="Miller", is_company=True, email="a@miller.example")
    second = control.create("res.partner", name="Miller Ltd", is_company=True, phone="030 1234", city="Berlin")
    child = control.create("res.partner", name="Branch", is_company=True, parent_id=second)
    employee = control.create("res.partner", name="Ann", parent_id=second)
    deal = control.create("crm.lead", name="Deal", type="opportunity", partner_id=second)
    synced.settle()
    survivor, loser = synced.here("res.partner", first), synced.here("res.partner", second)

    made = merge(ACCOUNTS, survivor=survivor, loser=loser, take=["phone", "city"], actor=admin_user)
    synced.settle()

    row, gone = synced.row("res.partner", first), synced.row("res.partner", second)
    assert (row["name"], row["email"], row["phone"], row["city"]) == (
        "Miller",
        "a@miller.example",
        "030 1234",
        "Berlin",
    )
    assert (row["active"], gone["active"], gone["name"]) == (True, False, "Miller Ltd")
    assert "Merged into" in bodies(synced, "res.partner", second)
    assert [synced.row("res.partner", one)["parent_id"] for one in (child, employee)] == [first, first]
    assert synced.row("crm.lead", deal)["partner_id"] == first
    assert synced.here("crm.lead", deal).account == survivor

    take_back(made, ACCOUNTS, actor=admin_user)
    synced.settle()

    row, back = synced.row("res.partner", first), synced.row("res.partner", second)
    assert (row["phone"], row["city"], back["active"]) == (False, False, True)
    assert [synced.row("res.partner", one)["parent_id"] for one in (child, employee)] == [second, second]
    assert synced.row("crm.lead", deal)["partner_id"] == second
    assert Account.objects.count() == 3


@EVERY
def test_rule_14_a_merge_that_is_in_step_sends_nothing_more(synced: TwoSides, admin_user: User) -> None:
    first = synced.control.create("res.partner", name="Ann", email="ann@example.com")
    second = synced.control.create("res.partner", name="Ann B.", phone="0170 1")
    synced.settle()
    survivor, loser = synced.here("res.partner", first), synced.here("res.partner", second)
    merge(CONTACTS, survivor=survivor, loser=loser, take=[], actor=admin_user)
    synced.settle()
    synced.control.reset_counters()

    synced.settle()

    assert synced.loads() == {}
    assert not OutboxMessage.objects.filter(status=OutboxMessage.Status.PARKED).exists()


@EVERY
def test_rule_14_leads_merged_here_keep_what_odoo_said_meanwhile(synced: TwoSides, admin_user: User) -> None:
    first = synced.control.create("crm.lead", name="Pump", type="lead", email_from="p@example.com")
    second = synced.control.create("crm.lead", name="Pump again", type="lead", phone="0301")
    synced.settle()
    survivor, loser = synced.here("crm.lead", first), synced.here("crm.lead", second)

    merge(LEADS, survivor=survivor, loser=loser, take=["phone"], actor=admin_user)
    synced.control.write("crm.lead", [first], phone="0999", contact_name="Paula")
    synced.control.write("crm.lead", [second], contact_name="Late")
    synced.settle()

    row, gone = synced.row("crm.lead", first), synced.row("crm.lead", second)
    survivor.refresh_from_db()
    loser.refresh_from_db()
    (kept,) = synced.conflicts(survivor)
    assert (row["phone"], row["contact_name"], gone["active"]) == ("0999", "Paula", False)
    assert (survivor.phone, survivor.contact_name) == ("0999", "Paula")
    assert (kept.field, kept.here, kept.odoo) == ("phone", "0301", "0999")
    assert (loser.contact_name, loser.archived_at is not None) == ("Late", True)


def test_rule_14_what_was_never_sent_is_merged_and_leaves_one_in_odoo(synced: TwoSides, admin_user: User) -> None:
    partner = synced.control.create("res.partner", name="Miller", is_company=True)
    synced.settle()
    survivor = synced.here("res.partner", partner)
    loser = ACCOUNTS.create(name="Miller", phone="030 5", actor=admin_user)

    merge(ACCOUNTS, survivor=survivor, loser=loser, take=["phone"], actor=admin_user)
    synced.settle()

    rows = [one for one in synced.control.dump("res.partner") if one["name"] == "Miller"]
    assert [(one["id"], one["phone"]) for one in rows if one["active"]] == [(partner, "030 5")]


def test_rule_14_what_was_changed_since_stays_when_a_merge_is_taken_back(synced: TwoSides, admin_user: User) -> None:
    first = synced.control.create("res.partner", name="Miller", is_company=True)
    second = synced.control.create("res.partner", name="Miller Ltd", is_company=True, phone="1", city="Berlin")
    synced.settle()
    survivor, loser = synced.here("res.partner", first), synced.here("res.partner", second)
    made = merge(ACCOUNTS, survivor=survivor, loser=loser, take=["phone", "city"], actor=admin_user)
    synced.settle()
    update_account(survivor, actor=admin_user, phone="2")
    synced.end_second()
    synced.control.write("res.partner", [first], city="Bonn")
    synced.settle()

    done = take_back(made, ACCOUNTS, actor=admin_user)
    synced.settle()

    row = synced.row("res.partner", first)
    assert (row["phone"], row["city"], done.kept) == ("2", "Bonn", ["phone", "city"])

"""Rule 13: field rules. Rule 15: compare meanings, not bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Account, User
from crm.services.accounts import create_account, update_account
from crm.services.pipeline import create_opportunity
from integrations.models import Conflict
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db


def clash(sides: TwoSides, actor: User, rules: dict[str, str], *, wait: float = 0) -> tuple[Account, Conflict]:
    """An account whose phone changed on both sides under these rules, here `wait` seconds later, and its conflict."""
    account = create_account(actor=actor, name="Acme", phone="1")
    sides.settle()
    sides.connection.field_rules = rules
    sides.connection.save()
    update_account(account, actor=actor, phone="here")
    sides.control.write("res.partner", [sides.remote_id(account)], phone="there")
    written = datetime.fromisoformat(sides.there(account)["write_date"]).replace(tzinfo=UTC)
    Account.objects.filter(pk=account.pk).update(field_times={"phone": (written + timedelta(seconds=wait)).isoformat()})
    sides.settle()
    account.refresh_from_db()
    (conflict,) = sides.conflicts(account)
    return account, conflict


def test_rule_13_by_default_odoo_wins_and_the_value_that_lost_is_kept(synced: TwoSides, admin_user: User) -> None:
    account, conflict = clash(synced, admin_user, {})

    assert account.phone == synced.there(account)["phone"] == "there"
    assert (conflict.here, conflict.odoo, conflict.status) == ("here", "there", Conflict.Status.BY_RULE)
    assert (conflict.rule, conflict.winner) == ("odoo", "odoo")


@pytest.mark.parametrize("rules", [{"res.partner.phone": "here"}, {"res.partner.*": "here"}])
def test_rule_13_here_wins_where_the_rule_says_so(synced: TwoSides, admin_user: User, rules: dict[str, str]) -> None:
    account, conflict = clash(synced, admin_user, rules)

    assert account.phone == synced.there(account)["phone"] == "here"
    assert (conflict.odoo, conflict.status, conflict.winner) == ("there", Conflict.Status.BY_RULE, "here")


def test_rule_13_here_wins_once_and_later_edits_in_odoo_come_as_usual(synced: TwoSides, admin_user: User) -> None:
    account, _conflict = clash(synced, admin_user, {"res.partner.phone": "here"})
    synced.control.write("res.partner", [synced.remote_id(account)], phone="later")

    synced.settle()

    account.refresh_from_db()
    assert account.phone == "later"
    assert len(synced.conflicts(account)) == 1


@pytest.mark.parametrize(("wait", "winner"), [(60, "here"), (-60, "there"), (1, "there")])
def test_rule_13_the_newest_wins_and_within_two_seconds_odoo(
    synced: TwoSides, admin_user: User, wait: float, winner: str
) -> None:
    account, conflict = clash(synced, admin_user, {"res.partner.phone": "newest"}, wait=wait)

    assert account.phone == synced.there(account)["phone"] == winner
    assert conflict.rule == "newest"


def test_rule_13_ask_keeps_both_sides_as_they_are_until_a_person_has_answered(
    synced: TwoSides, admin_user: User
) -> None:
    account, conflict = clash(synced, admin_user, {"res.partner.phone": "ask"})

    assert (account.phone, synced.there(account)["phone"]) == ("here", "there")
    assert (conflict.status, conflict.winner) == (Conflict.Status.OPEN, "")
    update_account(account, actor=admin_user, city="Ulm")
    synced.control.write("res.partner", [synced.remote_id(account)], website="https://acme.example.com")
    synced.settle()
    account.refresh_from_db()
    assert account.website == "https://acme.example.com"
    assert synced.there(account)["city"] == "Ulm"
    assert (account.phone, synced.there(account)["phone"]) == ("here", "there")
    assert len(synced.conflicts(account)) == 1


def test_rule_13_an_open_question_shows_the_values_as_they_stand_now(synced: TwoSides, admin_user: User) -> None:
    account, conflict = clash(synced, admin_user, {"res.partner.phone": "ask"})
    update_account(account, actor=admin_user, phone="here again")
    synced.control.write("res.partner", [synced.remote_id(account)], phone="there again")

    synced.settle()

    conflict.refresh_from_db()
    assert (conflict.base, conflict.here, conflict.odoo) == ("1", "here again", "there again")
    assert conflict.status == Conflict.Status.OPEN


def test_rule_13_a_question_that_both_sides_have_answered_themselves_is_closed(
    synced: TwoSides, admin_user: User
) -> None:
    account, conflict = clash(synced, admin_user, {"res.partner.phone": "ask"})
    update_account(account, actor=admin_user, phone="there")

    synced.settle()

    conflict.refresh_from_db()
    assert conflict.status == Conflict.Status.BY_RULE
    assert synced.binding(account).base["phone"] == "there"


def test_rule_13_emptied_in_odoo_is_emptied_here(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    synced.control.write("res.partner", [synced.remote_id(account)], phone=False)

    synced.settle()

    account.refresh_from_db()
    assert account.phone == ""
    assert synced.conflicts(account) == []


def test_rule_13_emptied_in_odoo_is_asked_where_the_field_is_marked_so(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    synced.connection.field_rules = {"ask_before_emptying": ["res.partner.phone"]}
    synced.connection.save()
    synced.control.write("res.partner", [synced.remote_id(account)], phone=False, city="Ulm")

    synced.settle()

    account.refresh_from_db()
    assert (account.phone, account.city) == ("1", "Ulm")
    (question,) = synced.conflicts(account)
    assert (question.field, question.status, question.here, question.odoo) == ("phone", "open", "1", "")


def test_rule_13_emptied_here_is_emptied_in_odoo(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()

    update_account(account, actor=admin_user, phone="")
    synced.settle()

    assert synced.there(account)["phone"] is False


# --- rule 15 ---

MEANINGS: list[tuple[str, str, Any, Any]] = [
    ("website", "website", "example.com", "http://example.com"),
    ("website", "website", "https://example.com/A", "https://example.com/A"),
    ("description", "comment", "one\ntwo", "<div>one</div><div>two</div>"),
    ("description", "comment", "a & b < c", "<p>a &amp; b &lt; c</p>"),
    ("description", "comment", "", "<p><br></p>"),
    ("email", "email", "", False),
    ("latitude", "partner_latitude", Decimal("48.1371540"), 48.137154),
    ("longitude", "partner_longitude", None, 0.0),
]


@pytest.mark.parametrize(("local", "remote", "here", "there"), MEANINGS)
def test_rule_15_values_that_mean_the_same_are_no_difference(
    synced: TwoSides, admin_user: User, local: str, remote: str, here: Any, there: Any
) -> None:
    account = create_account(actor=admin_user, name="Acme", **{local: here})
    synced.settle()
    synced.control.write("res.partner", [synced.remote_id(account)], **{remote: there})
    synced.control.reset_counters()

    synced.settle()

    account.refresh_from_db()
    assert getattr(account, local) == here
    assert synced.loads() == {}
    assert synced.conflicts(account) == []


def test_rule_15_money_is_compared_as_decimals(synced: TwoSides, admin_user: User) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal", amount=Decimal("12000.10"))
    synced.settle()
    synced.control.write("crm.lead", [synced.remote_id(deal)], expected_revenue=12000.1000001)
    synced.control.reset_counters()

    synced.settle()

    deal.refresh_from_db()
    assert deal.amount == Decimal("12000.10")
    assert synced.loads() == {}


@pytest.mark.parametrize("series", [16, 18, 19])
def test_rule_15_date_times_are_utc_on_both_sides(synced: TwoSides, admin_user: User) -> None:
    from leads.conversion import convert_lead
    from leads.services import create_lead

    lead = create_lead(actor=admin_user, name="Lead")
    synced.settle()
    opportunity = convert_lead(lead, actor=admin_user).opportunity
    moment = datetime(2026, 7, 15, 23, 30, tzinfo=UTC)
    type(opportunity).objects.update(converted_at=moment)

    synced.settle()

    assert synced.there(opportunity)["date_conversion"] == "2026-07-15 23:30:00"
    opportunity.refresh_from_db()
    assert opportunity.converted_at == moment


def test_rule_15_our_own_echo_writes_nothing(synced: TwoSides, admin_user: User) -> None:
    create_account(actor=admin_user, name="Acme", website="acme.example.com", description="one\ntwo")
    synced.push()
    synced.control.reset_counters()
    before = list(Account.objects.values())

    synced.pull()

    assert list(Account.objects.values()) == before
    assert synced.calls("res.partner.read") == 0

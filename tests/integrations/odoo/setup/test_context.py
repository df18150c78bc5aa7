"""Cases 21 and 22: company, language and time zone travel in every call; another default company changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm.models import Account, Stage, Tag, User
from crm.services.accounts import create_account, update_account
from crm.services.notes import keep_note
from integrations import sync
from integrations.decisions import connections
from integrations.errors import CompanyLost
from integrations.models import Binding, Connection, InboxMessage, OutboxMessage
from integrations.odoo.setup.check import check_live
from integrations.odoo.setup.connect import change_context, offer
from leads.services import create_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]


def contexts(sides: TwoSides) -> dict[str, list[dict[str, Any]]]:
    """What the calls of our user said, by call."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in sides.control.diary():
        if line["uid"] == sides.odoo.uid:
            found.setdefault(line["call"], []).append(line["context"])
    return found


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_21_company_language_and_zone_travel_in_every_call(connected: TwoSides, admin_user: User) -> None:
    second = connected.control.create("res.company", name="Second")
    connected.control.patch("res.users", [connected.odoo.uid], company_ids=[1, second])
    Connection.objects.update(company_id=second, company_ids=[1, second])
    connected.control.reset_counters()

    connected.pull()
    account = create_account(actor=admin_user, name="Acme")
    keep_note(about=account, text="A note", day=account.created_at.date(), task=None)
    create_lead(actor=admin_user, name="Deal")
    connected.settle(compare_ids=True)
    sync.sweep()

    said = contexts(connected)
    assert {"crm.lead.load", "res.partner.read", "res.partner.search_read", "res.partner.fields_get"} <= set(said)
    for call, all_of_it in said.items():
        for context in all_of_it:
            assert context.get("lang") == "en_US", call
            assert context.get("tz") == "UTC", call
            assert context.get("allowed_company_ids") == [second, 1], call


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_21_a_user_whose_default_company_differs_writes_into_ours(connected: TwoSides, admin_user: User) -> None:
    second = connected.control.create("res.company", name="Second")
    connected.control.patch("res.users", [connected.odoo.uid], company_id=second, company_ids=[1, second])
    Connection.objects.update(company_id=1, company_ids=[1, second])
    connected.connection.refresh_from_db()
    connected.pull()

    lead = create_lead(actor=admin_user, name="Ours")
    theirs = connected.control.create("crm.lead", name="Theirs", type="lead", company_id=second)
    connected.settle()

    assert connected.there(lead)["company_id"] == 1
    assert connected.here("crm.lead", theirs).name == "Theirs"
    assert connected.row("crm.lead", theirs)["company_id"] == second


@pytest.fixture
def of_second(synced: TwoSides, admin_user: User) -> tuple[TwoSides, Account, int]:
    """The connection belongs to a second company of our user, and knows an account."""
    second = synced.control.create("res.company", name="Second")
    synced.control.patch("res.users", [synced.odoo.uid], company_ids=[1, second])
    Connection.objects.update(company_id=second, company_ids=[1, second])
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    return synced, account, second


def lose(sides: TwoSides, *, back: tuple[int, ...] = ()) -> None:
    """Take all companies but the first and these from our user."""
    sides.control.patch("res.users", [sides.odoo.uid], company_ids=[1, *back])


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
@pytest.mark.parametrize("first", ["a new record", "a change", "a poll", "a comparison"])
def test_case_21_a_lost_company_pauses_the_connection_keeps_all_work_and_burns_no_try(
    of_second: tuple[TwoSides, Account, int], admin_user: User, first: str
) -> None:
    sides, account, second = of_second
    lose(sides)
    work: dict[str, Callable[[], object]] = {
        "a new record": lambda: (create_account(actor=admin_user, name="New"), sides.push()),
        "a change": lambda: (update_account(account, actor=admin_user, phone="2"), sides.push()),
        "a poll": lambda: sync.poll_due(at_once=True),
        "a comparison": sync.compare_ids,
    }
    with pytest.raises(CompanyLost):
        work[first]()

    sides.connection.refresh_from_db()
    assert sides.connection.state == Connection.State.PAUSED
    assert "may no longer work for the company of this connection" in sides.connection.state_reason
    assert "Language and company" in sides.connection.state_reason
    update_account(account, actor=admin_user, phone="3")
    create_account(actor=admin_user, name="Made meanwhile")
    sides.later(600)
    sides.push()
    sync.poll_due(at_once=True)
    sync.look_for_companies()
    sides.connection.refresh_from_db()
    assert sides.connection.state == Connection.State.PAUSED
    open_ones = OutboxMessage.objects.exclude(status=OutboxMessage.Status.DONE)
    assert set(open_ones.values_list("status", "refusals", "attempts")) == {("waiting", 0, 0)}
    assert not Binding.objects.filter(state__in=(Binding.State.HIDDEN, Binding.State.GONE)).exists()
    assert not InboxMessage.objects.filter(status=InboxMessage.Status.PARKED).exists()

    lose(sides, back=(second,))
    sync.look_for_companies()
    sides.settle(compare_ids=True)

    sides.connection.refresh_from_db()
    assert (sides.connection.state, sides.connection.state_reason) == (Connection.State.ACTIVE, "")
    assert sides.there(account)["phone"] == "3"
    names = [row["name"] for row in sides.control.dump("res.partner")]
    assert names.count("Made meanwhile") == 1


def test_case_21_a_lost_company_of_others_pauses_too_until_another_choice_is_made(
    of_second: tuple[TwoSides, Account, int], admin_user: User
) -> None:
    sides, account, second = of_second
    Connection.objects.update(company_id=1)
    lose(sides)
    update_account(account, actor=admin_user, phone="2")
    with pytest.raises(CompanyLost):
        sides.push()
    sides.connection.refresh_from_db()
    assert f"number {second} in Odoo" in sides.connection.state_reason

    change_context(sides.connection, offer(sides.connection), company_id=1, language="en_US")
    sides.settle()

    sides.connection.refresh_from_db()
    assert (sides.connection.state, sides.connection.company_ids) == (Connection.State.ACTIVE, [1])
    assert sides.there(account)["phone"] == "2"


def test_case_21_what_a_person_has_paused_stays_so(of_second: tuple[TwoSides, Account, int], admin_user: User) -> None:
    sides, account, second = of_second
    lose(sides)
    update_account(account, actor=admin_user, phone="2")
    with pytest.raises(CompanyLost):
        sides.push()
    sides.connection.refresh_from_db()
    connections.resume(sides.connection)
    connections.pause(sides.connection, reason="Holidays.")

    lose(sides, back=(second,))
    sync.look_for_companies()

    sides.connection.refresh_from_db()
    assert (sides.connection.state, sides.connection.state_reason) == (Connection.State.PAUSED, "Holidays.")


def test_case_21_a_right_that_is_missing_is_no_lost_company(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    synced.hide("res.partner", synced.remote_id(account))
    update_account(account, actor=admin_user, phone="2")
    synced.push()
    assert synced.message(account).status == OutboxMessage.Status.PARKED
    synced.connection.refresh_from_db()
    assert synced.connection.state == Connection.State.ACTIVE


def test_case_21_a_company_that_the_user_has_lost_is_named_by_the_doctor(synced: TwoSides) -> None:
    second = synced.control.create("res.company", name="Second")
    Connection.objects.update(company_id=second, company_ids=[1, second])
    synced.connection.refresh_from_db()
    found = {finding.title: finding for finding in check_live(synced.connection)}
    assert found["Company"].level == "fail"
    assert "may no longer work for the company of this connection" in found["Company"].sentence


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_22_translated_names_do_not_wander_into_ours(synced: TwoSides, admin_user: User) -> None:
    stage = synced.control.dump("crm.stage", "name")[0]
    tag = synced.control.create("crm.tag", name="Hot")
    french = {f"fr_FR:crm.stage:{stage['id']}:name": "Nouveau", f"fr_FR:crm.tag:{tag}:name": "Chaud"}
    synced.control.settings(languages=["fr_FR"], translations=french)
    synced.control.patch("res.users", [synced.odoo.uid], lang="fr_FR")

    synced.settle()

    assert Tag.objects.filter(name="Hot").exists()
    assert not Tag.objects.filter(name="Chaud").exists()
    assert Stage.objects.filter(name=stage["name"]).exists()


def test_case_22_the_language_is_a_setting_of_the_connection(synced: TwoSides) -> None:
    tag = synced.control.create("crm.tag", name="Hot")
    synced.control.settings(languages=["fr_FR"], translations={f"fr_FR:crm.tag:{tag}:name": "Chaud"})
    Connection.objects.update(language="fr_FR")
    synced.settle()
    assert Tag.objects.filter(name="Chaud").exists()


def test_a_language_that_odoo_lacks_is_named_by_the_doctor(synced: TwoSides) -> None:
    Connection.objects.update(language="fr_FR")
    synced.connection.refresh_from_db()
    found = [finding for finding in check_live(synced.connection) if finding.title == "Language"]
    assert [(finding.level, "fr_FR" in finding.sentence) for finding in found] == [("fail", True)]

"""Failure cases of records: deleted, hidden, archived, merged, of another company, vanished by design."""

from __future__ import annotations

import pytest

from crm.models import Account, CommunicationLog, Contact, User
from crm.services.accounts import archive_account, create_account, restore_account, update_account
from crm.services.activities import log_activity
from crm.services.contacts import create_contact
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity
from crm.services.tasks import create_task
from integrations.models import Binding, Conflict, OutboxMessage
from leads.services import create_lead, update_lead
from tests.support.failure_cases import partners
from tests.support.two_sides import TwoSides, two_sides

pytestmark = pytest.mark.django_db
STATUS, REASON = OutboxMessage.Status, OutboxMessage.Reason
MANY = 60


def test_failure_case_07_what_is_deleted_in_odoo_goes_to_the_trash_and_work_done_here_is_kept(
    sides: TwoSides, admin_user: User
) -> None:
    unchanged = create_account(actor=admin_user, name="Unchanged")
    edited = create_account(actor=admin_user, name="Edited", phone="1")
    note = write_note(actor=admin_user, body="Called.", account=edited)
    sides.settle()
    sides.control.delete("res.partner", sides.remote_id(unchanged), sides.remote_id(edited))
    update_account(edited, actor=admin_user, phone="2")

    sides.settle(compare_ids=True)

    for row in (unchanged, edited, note):
        row.refresh_from_db()
    assert unchanged.archived_at is not None
    assert (edited.archived_at, edited.phone, note.account) == (None, "2", edited)
    assert (sides.message(edited).status, sides.message(edited).reason) == (STATUS.PARKED, REASON.DELETED)
    assert partners(sides, "Unchanged") == partners(sides, "Edited") == []


@pytest.mark.sandbox
def test_failure_case_07_many_gone_at_once_stops_and_asks_and_a_lost_right_loses_nothing(
    sides: TwoSides, admin_user: User
) -> None:
    ids = sides.control.call("res.partner", "create", [{"name": f"P{number}"} for number in range(MANY)])
    sides.settle()
    hidden_in = sides.control.create("res.company", name="Elsewhere")
    sides.control.patch("res.partner", ids, company_id=hidden_in)

    stopped = sides.compare("res.partner").stopped

    assert stopped
    assert Contact.objects.filter(archived_at=None).count() == MANY
    assert not Conflict.objects.exists()
    sides.control.patch("res.partner", ids, company_id=False)
    sides.control.write("res.partner", ids, city="Köln")
    sides.settle(compare_ids=True)
    assert Contact.objects.filter(archived_at=None, city="Köln").count() == MANY


@pytest.mark.sandbox
def test_failure_case_07_a_hidden_record_does_not_hold_up_the_others(sides: TwoSides, admin_user: User) -> None:
    hidden, seen = (create_account(actor=admin_user, name=name, phone="1") for name in ("Hidden", "Seen"))
    sides.settle()
    sides.hide("res.partner", sides.remote_id(hidden))
    for account in (hidden, seen):
        update_account(account, actor=admin_user, phone="2")

    for _try in range(6):
        sides.let_wait_pass()
        sides.push("res.partner")

    hidden.refresh_from_db()
    assert sides.there(seen)["phone"] == "2"
    assert (hidden.phone, hidden.archived_at) == ("2", None)
    assert sides.message(hidden).status in (STATUS.WAITING, STATUS.PARKED)
    assert sides.there(hidden)["phone"] == "1"


def test_failure_case_08_archive_and_restore_travel_both_ways_and_make_no_second_partner(
    sides: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", email="a@example.com")
    sides.settle()
    remote_id = sides.remote_id(account)

    account = archive_account(account, actor=admin_user)
    sides.settle(compare_ids=True)
    assert sides.there(account)["active"] is False
    sides.control.write("res.partner", [remote_id], active=True, city="Köln")
    sides.settle(compare_ids=True)
    account.refresh_from_db()
    assert (account.archived_at, account.city) == (None, "Köln")
    sides.control.archive("res.partner", remote_id)
    sides.settle(compare_ids=True)
    account.refresh_from_db()
    assert account.archived_at is not None
    account = restore_account(account, actor=admin_user)
    update_account(account, actor=admin_user, phone="2")
    sides.settle(compare_ids=True)

    assert (sides.there(account)["active"], sides.there(account)["phone"]) == (True, "2")
    assert len(partners(sides, "Acme")) == Account.objects.count() == 1


def test_failure_case_08_the_first_match_finds_an_archived_partner(unsynced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", email="a@example.com")
    old = unsynced.control.create(
        "res.partner", name="Acme", email="a@example.com", is_company=True, active=False, city="Ulm"
    )

    unsynced.pull()
    unsynced.settle()

    assert unsynced.remote_id(account) == old
    account.refresh_from_db()
    assert account.city == "Ulm"
    assert len(partners(unsynced, "Acme")) == Account.objects.count() == 1


@pytest.mark.sandbox
@pytest.mark.parametrize("ids_are_deleted", [False, True])
def test_failure_case_09_after_a_merge_in_odoo_all_that_hung_on_the_loser_hangs_on_the_survivor(
    sides: TwoSides, admin_user: User, ids_are_deleted: bool
) -> None:
    sides.control.settings(merge_deletes_external_ids=ids_are_deleted)
    winner = create_contact(actor=admin_user, name="Bea Buyer", email="bea@example.com")
    loser = create_contact(actor=admin_user, name="Beatrice B.", email="bea@example.com")
    lead = create_lead(actor=admin_user, name="Lead", contact=loser, consent=True)
    deal = create_opportunity(actor=admin_user, name="Deal", contact=loser)
    call = log_activity(actor=admin_user, type="call", subject="Call", contact=loser)
    note = write_note(actor=admin_user, body="Called.", contact=loser)
    sides.settle()

    sides.control.merge_partners(sides.remote_id(winner), sides.remote_id(loser))
    sides.settle(compare_ids=True)

    for row in (winner, loser, lead, deal, call, note):
        row.refresh_from_db()
    assert [row.contact for row in (lead, deal, call, note)] == [winner] * 4
    assert lead.consent
    assert (winner.archived_at is None, loser.archived_at is None) == (True, False)
    assert sides.binding(loser).state == Binding.State.GONE
    assert sides.there(lead)["partner_id"] == sides.there(deal)["partner_id"] == sides.remote_id(winner)
    assert not Conflict.objects.filter(status=Conflict.Status.OPEN).exists()
    sides.control.reset_counters()
    sides.settle(compare_ids=True)
    assert sides.loads() == {}


@pytest.mark.sandbox
def test_failure_case_09_when_the_survivor_is_unsure_nothing_is_linked_or_lost(
    sides: TwoSides, admin_user: User
) -> None:
    same = [create_lead(actor=admin_user, name="Request") for _number in range(4)]
    notes = [write_note(actor=admin_user, body="Called.", lead=lead) for lead in same]
    sides.settle()
    left = {
        sides.control.merge_leads(*(sides.remote_id(lead) for lead in same[:2])),
        sides.control.merge_leads(*(sides.remote_id(lead) for lead in same[2:])),
    }

    sides.settle(compare_ids=True)

    lost = [lead for lead in same if sides.binding(lead).state == Binding.State.GONE]
    assert len(lost) == 2
    for note in notes:
        note.refresh_from_db()
    assert [note.lead for note in notes] == same
    assert type(same[0]).objects.filter(archived_at=None).count() == 4
    assert {row["id"] for row in sides.control.dump("crm.lead")} == left


@pytest.mark.sandbox
def test_failure_case_21_the_connections_company_counts_and_not_the_users_default(
    sides: TwoSides, admin_user: User
) -> None:
    other = sides.control.create("res.company", name="Second")
    sides.control.patch("res.users", [sides.odoo.uid], company_ids=[1, other])
    sides = two_sides(sides.odoo, url=sides.connection.url, transport=sides.connection.transport)
    sides.control.patch("res.users", [sides.odoo.uid], company_id=other)
    sides = two_sides(sides.odoo, url=sides.connection.url, transport=sides.connection.transport)
    foreign = sides.control.create("crm.lead", name="Of the second", type="lead", company_id=other)
    sides.control.create("res.partner", name="Of the second", company_id=other)

    lead = create_lead(actor=admin_user, name="Of the first")
    sides.settle(compare_ids=True)
    update_lead(sides.here("crm.lead", foreign), actor=admin_user, phone="2")
    sides.settle(compare_ids=True)

    assert sides.there(lead)["company_id"] == sides.connection.company_id == 1
    assert (sides.row("crm.lead", foreign)["phone"], sides.row("crm.lead", foreign)["company_id"]) == ("2", other)
    assert Contact.objects.filter(archived_at=None, name="Of the second").count() == 1
    assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()


def test_failure_case_24_an_activity_that_vanishes_when_done_stays_done_here_and_is_not_made_again(
    sides: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    task = create_task(actor=admin_user, title="Call back", assignee=None, account=account)
    sides.settle()
    activity = sides.remote_id(task)
    sides.control.call("mail.activity", "action_feedback", [activity])

    sides.settle()
    sides.settle(compare_ids=True)

    task.refresh_from_db()
    assert task.done_at is not None
    still_open = sides.control.call("mail.activity", "search", [["summary", "=", "Call back"]])
    assert still_open == []
    assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()


def test_failure_case_24_a_message_that_is_gone_in_odoo_stays_on_the_timeline(sides: TwoSides) -> None:
    partner = sides.control.create("res.partner", name="Paula")
    sides.settle()
    sides.control.call(
        "res.partner", "message_post", [partner], body="<p>Offer sent</p>", body_is_html=True, subject="Offer"
    )
    sides.settle()
    (message,) = sides.control.call("mail.message", "search", [["subject", "=", "Offer"]])
    sides.control.delete("mail.message", message)

    sides.settle(compare_ids=True)

    log = CommunicationLog.objects.get(subject="Offer")
    assert (log.body, log.archived_at) == ("<p>Offer sent</p>", None)

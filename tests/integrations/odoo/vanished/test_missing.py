"""Rule 14: what a person decides about records that vanished from Odoo."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from crm.models import Activity, Note, Opportunity, Task, User
from crm.services.accounts import archive_account, create_account, restore_account, update_account
from crm.services.activities import log_activity
from crm.services.contacts import create_contact, update_contact
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity
from crm.services.tasks import create_task
from integrations import sync
from integrations.models import Binding, MissingRecord, OutboxMessage
from integrations.odoo.vanished import missing
from leads.models import Lead
from leads.services import create_lead, update_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("series", [16, 18, 19])
BOTH = pytest.mark.parametrize("ids_are_deleted", [False, True])
HANGING = (Activity, Note, Task, Lead, Opportunity)
KIND, STATUS, STATE = MissingRecord.Kind, MissingRecord.Status, Binding.State


def the_question(kind: str) -> MissingRecord:
    return MissingRecord.objects.get(kind=kind, status=STATUS.OPEN)


@EVERY
def test_rule_14_deleted_there_and_created_again_everything_is_linked_again(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    person = create_contact(actor=admin_user, name="Bea", account=account)
    lead = create_lead(actor=admin_user, name="Lead", account=account)
    deal = create_opportunity(actor=admin_user, name="Deal", account=account)
    synced.settle()
    lost, name = synced.remote_id(account), synced.binding(account).external_name
    synced.control.delete("res.partner", lost)
    account = update_account(account, actor=admin_user, phone="2")
    synced.settle(compare_ids=True)

    missing.create_again(the_question(KIND.DELETED), actor=admin_user)
    synced.settle(compare_ids=True)

    again = synced.binding(account)
    assert (again.state, again.remote_id == lost, again.external_name == name) == (STATE.BOUND, False, False)
    assert (synced.there(account)["name"], synced.there(account)["phone"]) == ("Acme", "2")
    for row in (person, lead, deal):
        row.refresh_from_db()
        assert row.account == account
    assert synced.there(person)["parent_id"] == again.remote_id
    assert {synced.there(row)["partner_id"] for row in (lead, deal)} == {again.remote_id}
    assert [row["name"] for row in synced.control.dump("res.partner")].count("Acme") == 1
    assert synced.message(account).status == OutboxMessage.Status.DONE
    assert not MissingRecord.objects.filter(status=STATUS.OPEN).exists()


@EVERY
def test_rule_14_deleted_there_and_dropped_here_goes_to_the_trash_and_its_message_ends(
    synced: TwoSides, admin_user: User
) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    synced.settle()
    synced.control.delete("crm.lead", synced.remote_id(lead))
    lead = update_lead(lead, actor=admin_user, phone="2")
    synced.settle()

    missing.drop_here(the_question(KIND.DELETED), actor=admin_user)
    synced.settle(compare_ids=True)

    lead.refresh_from_db()
    assert (lead.archived_at is None, lead.phone) == (False, "2")
    assert synced.message(lead).status == OutboxMessage.Status.DROPPED
    assert "Ada" in synced.message(lead).explanation
    assert synced.control.dump("crm.lead") == []


@EVERY
def test_rule_14_a_record_created_again_twice_gets_an_external_id_each_time(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    names = []
    for phone in ("1", "2", "3"):
        synced.settle()
        names.append(synced.binding(lead).external_name)
        synced.control.delete("crm.lead", synced.remote_id(lead))
        lead = update_lead(lead, actor=admin_user, phone=phone)
        synced.settle()
        missing.create_again(the_question(KIND.DELETED), actor=admin_user)
    synced.settle()

    assert len({*names, synced.binding(lead).external_name}) == 4
    assert [row["phone"] for row in synced.control.dump("crm.lead")] == ["3"]
    assert Lead.objects.count() == 1


def test_rule_14_a_lost_answer_to_the_second_creation_makes_no_third_record(
    behind_proxy: TwoSides, proxy: object, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    behind_proxy.settle()
    behind_proxy.control.delete("res.partner", behind_proxy.remote_id(account))
    account = update_account(account, actor=admin_user, phone="2")
    behind_proxy.settle()
    missing.create_again(the_question(KIND.DELETED), actor=admin_user)
    proxy.rule("lost_answer", count=1, **behind_proxy.wire_of_load("res.partner"))  # type: ignore[attr-defined]

    behind_proxy.settle()

    assert [row["name"] for row in behind_proxy.control.dump("res.partner")].count("Acme") == 1
    assert behind_proxy.binding(account).state == STATE.BOUND


def test_rule_14_what_went_to_the_trash_by_itself_and_is_restored_is_asked_about_with_its_links(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    person = create_contact(actor=admin_user, name="Bea", account=account)
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))
    synced.settle(compare_ids=True)
    account.refresh_from_db()
    assert account.archived_at is not None

    account = restore_account(account, actor=admin_user)
    synced.settle()
    missing.create_again(the_question(KIND.DELETED), actor=admin_user)
    synced.settle()

    person.refresh_from_db()
    assert person.account == account
    assert synced.there(person)["parent_id"] == synced.remote_id(account)


def test_rule_14_a_link_given_to_another_company_meanwhile_stays(synced: TwoSides, admin_user: User) -> None:
    account, other = (create_account(actor=admin_user, name=name) for name in ("Acme", "Other"))
    person = create_contact(actor=admin_user, name="Bea", account=account)
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))
    update_account(account, actor=admin_user, phone="2")
    synced.settle(compare_ids=True)
    person.refresh_from_db()
    update_contact(person, actor=admin_user, account=other)

    missing.create_again(the_question(KIND.DELETED), actor=admin_user)
    synced.settle()

    person.refresh_from_db()
    assert person.account == other


@EVERY
def test_rule_14_hidden_is_shown_and_back_in_step_once_it_is_seen_and_what_waited_is_sent(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.hide("res.partner", synced.remote_id(account))
    account = update_account(account, actor=admin_user, phone="2")
    synced.settle(compare_ids=True)
    assert the_question(KIND.HIDDEN).object_uuid == account.uuid
    assert synced.message(account).reason == OutboxMessage.Reason.MISSING_RIGHT
    account.refresh_from_db()
    assert account.archived_at is None

    synced.control.patch("res.partner", [synced.remote_id(account)], company_id=None)
    synced.settle(compare_ids=True)
    synced.settle()

    assert MissingRecord.objects.get().status == STATUS.BACK
    assert synced.binding(account).state == STATE.BOUND
    assert synced.there(account)["phone"] == "2"


def test_rule_14_a_hidden_record_is_read_again_when_a_person_asks(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.hide("res.partner", synced.remote_id(account))
    synced.compare("res.partner")
    synced.control.patch("res.partner", [synced.remote_id(account)], company_id=None)

    missing.look_again(the_question(KIND.HIDDEN))
    sync.read_back()

    assert synced.binding(account).state == STATE.BOUND


@pytest.mark.parametrize("decide", [missing.drop_here, missing.create_again])
def test_rule_14_what_is_only_hidden_is_neither_dropped_nor_created_again(
    synced: TwoSides, admin_user: User, decide: object
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.hide("res.partner", synced.remote_id(account))
    synced.compare("res.partner")

    with pytest.raises(ValidationError, match="not possible"):
        decide(the_question(KIND.HIDDEN), actor=admin_user)  # type: ignore[operator]
    account.refresh_from_db()
    assert account.archived_at is None


def test_rule_14_nobody_settles_twice(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))
    update_account(account, actor=admin_user, phone="2")
    synced.settle()
    row = the_question(KIND.DELETED)
    missing.drop_here(row, actor=admin_user)

    with pytest.raises(ValidationError, match="settled"):
        missing.create_again(row, actor=admin_user)


@EVERY
@BOTH
def test_rule_14_everything_that_hung_on_the_merged_contact_hangs_on_the_survivor_counted(
    synced: TwoSides, admin_user: User, ids_are_deleted: bool
) -> None:
    synced.control.settings(merge_deletes_external_ids=ids_are_deleted)
    winner = create_contact(actor=admin_user, name="Bea Buyer", email="bea@example.com")
    loser = create_contact(actor=admin_user, name="Bea B. Buyer", email="bea@example.com")
    boss_of = create_contact(actor=admin_user, name="Carl", reports_to=loser)
    for number in range(3):
        log_activity(actor=admin_user, type="call", subject=f"Call {number}", contact=loser)
        write_note(actor=admin_user, body=f"Note {number}", contact=loser)
        create_task(actor=admin_user, title=f"Task {number}", contact=loser)
        create_lead(actor=admin_user, name=f"Lead {number}", contact=loser)
        create_opportunity(actor=admin_user, name=f"Deal {number}", contact=loser)
    synced.settle()
    unsent = create_lead(actor=admin_user, name="Not sent yet", contact=loser)

    synced.control.merge_partners(synced.remote_id(winner), synced.remote_id(loser))
    synced.settle(compare_ids=True)

    counted = [table.objects.filter(contact=winner).count() for table in HANGING]
    assert counted == [3, 3, 3, 4, 3]
    assert [table.objects.filter(contact=loser).count() for table in HANGING] == [0, 0, 0, 0, 0]
    boss_of.refresh_from_db()
    unsent.refresh_from_db()
    assert (boss_of.reports_to, unsent.contact) == (winner, winner)
    assert Activity.objects.filter(contact=winner, subject="Call 2").exists()


def test_rule_14_the_same_email_alone_is_asked_about_and_a_person_names_the_survivor(
    synced: TwoSides, admin_user: User
) -> None:
    winner = create_contact(actor=admin_user, name="Office", email="info@example.com")
    loser = create_contact(actor=admin_user, name="Bea Buyer", email="info@example.com")
    note = write_note(actor=admin_user, body="Called.", contact=loser)
    lead = create_lead(actor=admin_user, name="Lead", contact=loser)
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(loser))
    synced.settle(compare_ids=True)
    question = the_question(KIND.MERGED)
    loser.refresh_from_db()
    assert (loser.archived_at, [one["id"] for one in question.candidates]) == (None, [synced.remote_id(winner)])

    missing.merge_into(question, synced.remote_id(winner), actor=admin_user)
    sync.read_back()
    synced.settle()

    for row in (note, loser, lead):
        row.refresh_from_db()
    assert (note.contact, loser.archived_at is None) == (winner, False)
    assert MissingRecord.objects.get().chosen_id == synced.remote_id(winner)


def test_rule_14_merged_into_one_that_nobody_here_knew_takes_its_place(synced: TwoSides, admin_user: User) -> None:
    contact = create_contact(actor=admin_user, name="Bea Buyer", email="info@example.com")
    synced.settle()
    other = synced.control.create("res.partner", name="Office", email="info@example.com", phone="7")
    synced.control.delete("res.partner", synced.remote_id(contact))
    synced.compare("res.partner")
    question = the_question(KIND.MERGED)
    Binding.objects.filter(remote_id=other).delete()

    missing.merge_into(question, other, actor=admin_user)
    sync.read_back()
    synced.settle()

    contact.refresh_from_db()
    assert (synced.remote_id(contact), contact.phone, contact.archived_at) == (other, "7", None)


def test_rule_14_merged_into_none_of_them_is_a_deletion_to_decide_on(synced: TwoSides, admin_user: User) -> None:
    winner = create_contact(actor=admin_user, name="Office", email="info@example.com")
    loser = create_contact(actor=admin_user, name="Bea Buyer", email="info@example.com")
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(loser))
    synced.compare("res.partner")
    question = the_question(KIND.MERGED)

    with pytest.raises(ValidationError, match="possible survivors"):
        missing.merge_into(question, 999_999, actor=admin_user)
    missing.was_deleted(question, actor=admin_user)
    missing.create_again(the_question(KIND.DELETED), actor=admin_user)
    synced.settle()

    assert synced.there(loser)["name"] == "Bea Buyer"
    assert synced.there(winner)["name"] == "Office"


@EVERY
def test_rule_14_leads_whose_survivor_is_unsure_are_settled_by_a_person(synced: TwoSides, admin_user: User) -> None:
    same = [create_lead(actor=admin_user, name="Request", email="") for _number in range(4)]
    synced.settle()
    first = synced.control.merge_leads(synced.remote_id(same[0]), synced.remote_id(same[1]))
    synced.control.merge_leads(synced.remote_id(same[2]), synced.remote_id(same[3]))
    synced.settle(compare_ids=True)

    for question in MissingRecord.objects.filter(kind=KIND.MERGED, status=STATUS.OPEN):
        missing.merge_into(question, first, actor=admin_user)
    sync.read_back()
    synced.settle(compare_ids=True)

    assert Lead.objects.filter(archived_at=None).count() == 2
    assert not MissingRecord.objects.filter(status=STATUS.OPEN).exists()


def test_rule_14_a_record_in_the_trash_here_needs_no_question_when_odoo_deletes_it(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    archive_account(account, actor=admin_user)
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))

    synced.settle(compare_ids=True)

    assert not MissingRecord.objects.filter(status=STATUS.OPEN).exists()


def test_rule_14_one_hidden_record_does_not_hold_up_the_poll_or_the_push_of_the_others(
    synced: TwoSides, admin_user: User
) -> None:
    one, two = (create_account(actor=admin_user, name=name) for name in ("One", "Two"))
    synced.settle()
    synced.hide("res.partner", synced.remote_id(one))
    for account in (one, two):
        update_account(account, actor=admin_user, phone="2")
    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(two)], city="Oslo")

    synced.settle()

    two.refresh_from_db()
    assert (two.city, synced.there(two)["phone"]) == ("Oslo", "2")
    assert synced.message(one).reason == OutboxMessage.Reason.MISSING_RIGHT

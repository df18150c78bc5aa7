"""Rule 14: gone, archived, merged."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Account, Contact, LostReason, Opportunity, User
from crm.services.accounts import archive_account, create_account, restore_account, update_account
from crm.services.contacts import create_contact, update_contact
from crm.services.notes import write_note
from crm.services.pipeline import (
    archive_opportunity,
    create_opportunity,
    lose_opportunity,
    move_to_stage,
    reopen_opportunity,
    restore_opportunity,
    win_opportunity,
)
from integrations.models import Binding, Conflict, IntegrationEvent, MissingRecord, OutboxMessage
from leads.models import Lead
from leads.services import create_lead, lose_lead, update_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("series", [16, 18, 19])
BOTH = pytest.mark.parametrize("ids_are_deleted", [False, True])
STATE = Binding.State


@EVERY
def test_rule_14_trash_here_is_archive_in_odoo_and_restore_is_unarchive(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()

    account = archive_account(account, actor=admin_user)
    synced.settle()
    assert synced.there(account)["active"] is False
    restore_account(account, actor=admin_user)
    synced.settle()
    assert synced.there(account)["active"] is True
    assert not any(name.endswith("unlink") for name in synced.control.counters()["calls"])


@EVERY
def test_rule_14_archive_in_odoo_is_trash_here_and_back(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()

    synced.control.archive("res.partner", synced.remote_id(account))
    synced.settle()
    account.refresh_from_db()
    assert account.archived_at is not None
    synced.control.write("res.partner", [synced.remote_id(account)], active=True, phone="2")
    synced.settle()
    account.refresh_from_db()
    assert (account.archived_at, account.phone) == (None, "2")


@EVERY
def test_rule_14_an_archived_record_is_updated_and_not_made_twice(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    account = archive_account(account, actor=admin_user)
    synced.settle()

    update_account(account, actor=admin_user, phone="2")
    synced.settle()

    assert synced.there(account)["phone"] == "2"
    assert [row["name"] for row in synced.control.dump("res.partner")].count("Acme") == 1


@EVERY
def test_rule_14_a_lost_deal_is_inactive_at_zero_with_its_reason_and_comes_back(
    synced: TwoSides, admin_user: User
) -> None:
    reason = LostReason.objects.get(name="Too expensive")
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()

    deal = lose_opportunity(deal, actor=admin_user, reason=reason)
    synced.settle()
    row = synced.there(deal)
    assert (row["active"], row["probability"]) == (False, 0.0)
    assert row["lost_reason_id"] == Binding.objects.get(object_uuid=reason.uuid).remote_id
    reopen_opportunity(deal, actor=admin_user)
    synced.settle()

    row = synced.there(deal)
    assert row["active"] is True
    assert row["lost_reason_id"] is False
    deal.refresh_from_db()
    assert (deal.lost_at, deal.stage.is_lost) == (None, False)


@EVERY
def test_rule_14_a_deal_that_odoo_loses_keeps_the_stage_it_was_moved_to_here(
    synced: TwoSides, admin_user: User
) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()
    stage = synced.here("crm.stage", 2)

    synced.control.write("crm.lead", [synced.remote_id(deal)], active=False, probability=0)
    move_to_stage(deal, actor=admin_user, stage=stage)
    synced.settle()

    deal.refresh_from_db()
    row = synced.there(deal)
    assert (deal.lost_at is None, deal.stage) == (False, stage)
    assert (row["active"], row["probability"], row["stage_id"]) == (False, 0.0, 2)
    assert Conflict.objects.count() == 0


@EVERY
def test_rule_14_a_deal_that_is_won_here_and_lost_in_odoo_is_lost_and_the_stage_is_kept_on_a_conflict(
    synced: TwoSides, admin_user: User
) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()
    before = deal.stage

    synced.control.write("crm.lead", [synced.remote_id(deal)], active=False, probability=0)
    won = win_opportunity(deal, actor=admin_user).stage
    synced.settle()

    deal.refresh_from_db()
    row = synced.there(deal)
    assert (deal.lost_at is None, deal.stage) == (False, before)
    assert (row["active"], row["probability"]) == (False, 0.0)
    assert row["stage_id"] == Binding.objects.get(object_uuid=before.uuid).remote_id
    (kept,) = [one for one in synced.conflicts(deal) if one.field == "stage_id"]
    assert (kept.here, kept.odoo, kept.winner, kept.here_by) == (won.pk, before.pk, "odoo", admin_user)


def test_rule_14_lost_deals_cost_no_query_each(synced: TwoSides, admin_user: User) -> None:
    deals = [create_opportunity(actor=admin_user, name=f"Deal {number}") for number in range(12)]
    synced.settle()
    remote_ids = [synced.remote_id(deal) for deal in deals]
    synced.control.write("crm.lead", remote_ids, active=False, probability=0)
    synced.settle()

    synced.end_second()
    synced.control.write("crm.lead", remote_ids, referred="once more")
    with CaptureQueriesContext(connection) as found:
        synced.pull()

    stages = [one["sql"] for one in found if 'FROM "crm_stage"' in one["sql"]]
    assert 0 < len(stages) < len(deals) / 2


@EVERY
def test_rule_14_an_archived_deal_is_no_lost_one(synced: TwoSides, admin_user: User) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()

    deal = archive_opportunity(deal, actor=admin_user)
    synced.settle()
    assert synced.there(deal)["active"] is False
    assert synced.there(deal)["probability"] > 0
    deal.refresh_from_db()
    assert (deal.lost_at, deal.archived_at is None) == (None, False)
    restore_opportunity(deal, actor=admin_user)
    synced.settle()

    assert synced.there(deal)["active"] is True


@EVERY
def test_rule_14_lost_in_odoo_is_lost_here(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    synced.settle()
    synced.control.call("crm.lead", "action_set_lost", [synced.remote_id(lead)], lost_reason_id=1)

    synced.settle()

    lead.refresh_from_db()
    assert lead.lost_at is not None
    assert (lead.archived_at, lead.lost_reason) == (None, LostReason.objects.get(name="Too expensive"))


def test_rule_14_lost_here_and_edited_there_both_arrive(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    synced.settle()
    lose_lead(lead, actor=admin_user, reason=None)
    synced.control.write("crm.lead", [synced.remote_id(lead)], contact_name="Bea")

    synced.settle()

    lead.refresh_from_db()
    assert (synced.there(lead)["active"], lead.contact_name) == (False, "Bea")


@EVERY
@pytest.mark.parametrize("found_by", ["comparison", "push"])
def test_rule_14_deleted_in_odoo_and_unchanged_here_goes_to_the_trash(
    synced: TwoSides, admin_user: User, found_by: str
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))

    {
        "comparison": lambda: synced.compare("res.partner"),
        "push": lambda: (synced.compare("res.partner"), synced.push()),
    }[found_by]()

    account.refresh_from_db()
    assert account.archived_at is not None
    assert synced.binding(account).state == STATE.GONE
    synced.settle(compare_ids=True)
    assert [row["name"] for row in synced.control.dump("res.partner")].count("Acme") == 0


@EVERY
def test_rule_14_deleted_there_with_changes_here_a_person_chooses(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))
    update_account(account, actor=admin_user, phone="2")

    synced.settle()

    account.refresh_from_db()
    assert (account.archived_at, account.phone) == (None, "2")
    assert synced.message(account).reason == OutboxMessage.Reason.DELETED
    question = MissingRecord.objects.get(object_uuid=account.uuid)
    assert (question.kind, question.status) == (MissingRecord.Kind.DELETED, MissingRecord.Status.OPEN)
    assert [row["name"] for row in synced.control.dump("res.partner")].count("Acme") == 0


@EVERY
def test_rule_14_hidden_is_not_deleted(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.hide("res.partner", synced.remote_id(account))

    synced.compare("res.partner")

    account.refresh_from_db()
    assert account.archived_at is None
    assert synced.binding(account).state == STATE.HIDDEN


def test_rule_14_a_record_that_is_seen_again_is_in_step_again(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.hide("res.partner", synced.remote_id(account))
    synced.compare("res.partner")
    synced.control.patch("res.partner", [synced.remote_id(account)], company_id=None)
    synced.control.write("res.partner", [synced.remote_id(account)], phone="2")

    synced.settle()

    account.refresh_from_db()
    assert (account.phone, synced.binding(account).state) == ("2", STATE.BOUND)


@EVERY
def test_rule_14_merged_companies_keep_their_people(synced: TwoSides, admin_user: User) -> None:
    winner = create_account(actor=admin_user, name="Acme")
    loser = create_account(actor=admin_user, name="Acme Ltd.")
    person = create_contact(actor=admin_user, name="Bea", account=loser)
    synced.settle()

    synced.control.merge_partners(synced.remote_id(winner), synced.remote_id(loser))
    synced.settle(compare_ids=True)

    person.refresh_from_db()
    assert person.account == winner
    assert synced.there(person)["parent_id"] == synced.remote_id(winner)


@BOTH
def test_rule_14_merged_into_a_partner_that_nobody_here_knew_the_binding_moves(
    synced: TwoSides, admin_user: User, ids_are_deleted: bool
) -> None:
    synced.control.settings(merge_deletes_external_ids=ids_are_deleted)
    account = create_account(actor=admin_user, name="Acme", email="a@example.com")
    synced.settle()
    other = synced.control.create("res.partner", name="Acme Inc", is_company=True, email="a@example.com", phone="2")
    synced.control.merge_partners(other, synced.remote_id(account))

    synced.compare("res.partner")
    synced.settle()

    account.refresh_from_db()
    assert Account.objects.filter(archived_at=None).count() == 1
    assert synced.remote_id(Account.objects.get(archived_at=None)) == other


@EVERY
def test_rule_14_an_edit_of_the_loser_is_not_pushed_over_the_survivor(synced: TwoSides, admin_user: User) -> None:
    winner = create_contact(actor=admin_user, name="Bea", email="bea@example.com", phone="1")
    loser = create_contact(actor=admin_user, name="Beatrice", email="bea@example.com")
    synced.settle()
    synced.control.merge_partners(synced.remote_id(winner), synced.remote_id(loser))
    update_contact(loser, actor=admin_user, phone="2")

    synced.settle(compare_ids=True)

    assert synced.there(winner)["phone"] == "1"
    loser.refresh_from_db()
    assert loser.phone == "2"


@EVERY
def test_rule_14_merged_leads_are_found_by_the_summary_in_the_chatter(synced: TwoSides, admin_user: User) -> None:
    one = create_lead(actor=admin_user, name="Machine for Bea", email="bea@example.com")
    two = create_lead(actor=admin_user, name="Second machine", email="bea@example.com")
    synced.settle()
    leads = {synced.remote_id(lead): lead for lead in (one, two)}
    notes = {pk: write_note(actor=admin_user, body="Called.", lead=lead) for pk, lead in leads.items()}
    synced.settle()
    survivor = synced.control.merge_leads(*leads)
    (lost,) = leads.keys() - {survivor}

    synced.settle(compare_ids=True)

    gone, kept = leads[lost], leads[survivor]
    gone.refresh_from_db()
    notes[lost].refresh_from_db()
    assert gone.archived_at is not None
    assert notes[lost].lead == kept
    assert Lead.objects.filter(archived_at=None).count() == 1
    assert len(synced.control.dump("crm.lead")) == 1


def test_rule_14_a_merged_lead_whose_survivor_is_unsure_is_asked_about(synced: TwoSides, admin_user: User) -> None:
    same = [create_lead(actor=admin_user, name="Request", email="") for _number in range(4)]
    synced.settle()
    first = synced.control.merge_leads(synced.remote_id(same[0]), synced.remote_id(same[1]))
    second = synced.control.merge_leads(synced.remote_id(same[2]), synced.remote_id(same[3]))

    synced.settle(compare_ids=True)

    left = {row["id"] for row in synced.control.dump("crm.lead")}
    assert left == {first, second}
    asked = MissingRecord.objects.filter(kind=MissingRecord.Kind.MERGED, status=MissingRecord.Status.OPEN)
    assert [sorted(one["id"] for one in row.candidates) for row in asked] == [sorted(left)] * 2
    assert Lead.objects.filter(archived_at=None).count() == 4


def test_rule_14_the_comparison_ignores_records_bound_after_its_start(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    Binding.objects.filter(object_uuid=account.uuid).update(created_at="2036-01-01T00:00:00Z")
    synced.control.delete("res.partner", synced.remote_id(account))

    assert synced.compare("res.partner").missing == []


def test_rule_14_too_many_missing_at_once_is_asked_about_and_nothing_is_done(connected: TwoSides) -> None:
    connected.control.seed(partners=120)
    connected.pull()
    rows = [row["id"] for row in connected.control.dump("res.partner", "name") if row["id"] > 12]
    connected.control.delete("res.partner", *rows[-60:])

    compared = connected.compare("res.partner")

    assert compared.stopped is True
    assert len(compared.missing) == 60
    assert Binding.objects.filter(state=STATE.GONE).count() == 0
    assert IntegrationEvent.objects.filter(kind="safety stop").count() == 1


def test_rule_14_a_partner_out_of_scope_is_left_alone(synced: TwoSides, admin_user: User) -> None:
    contact = create_contact(actor=admin_user, name="Bea")
    synced.settle()
    synced.control.write("res.partner", [synced.remote_id(contact)], type="invoice")

    synced.compare("res.partner")

    contact.refresh_from_db()
    assert contact.archived_at is None
    assert synced.binding(contact).state == STATE.OUT_OF_SCOPE


def test_rule_14_an_update_of_a_deleted_lead_makes_no_new_one(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    synced.settle()
    synced.control.delete("crm.lead", synced.remote_id(lead))

    update_lead(lead, actor=admin_user, phone="2")
    synced.settle()

    assert synced.control.dump("crm.lead") == []
    assert (Opportunity.objects.count(), Contact.objects.count()) == (0, 0)

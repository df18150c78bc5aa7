"""Settling conflicts: for one side, many at once, taken back, asked again; both sides equal afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from crm.models import Account, Contact, Stage, User
from crm.services.accounts import create_account, update_account
from crm.services.contacts import create_contact
from crm.services.pipeline import create_opportunity, update_opportunity
from crm.services.tags import create_tag
from integrations import sync
from integrations.models import Binding, Conflict, OutboxMessage
from integrations.odoo.applying.nouns import FLIP
from integrations.odoo.mappers import maps_of
from integrations.odoo.settling import conflicts
from leads.conversion import convert_lead
from leads.services import create_lead, update_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATUS = Conflict.Status
ASK = {"res.partner.*": "ask", "crm.lead.*": "ask"}


def rules(sides: TwoSides, kept: dict[str, Any]) -> None:
    sides.connection.field_rules = kept
    sides.connection.save()


def asked(sides: TwoSides, actor: User) -> tuple[Account, Conflict]:
    """An account whose phone is "here" here and "there" in Odoo, and the open question."""
    account = create_account(actor=actor, name="Acme", phone="1")
    sides.settle()
    rules(sides, ASK)
    sides.end_second()
    update_account(account, actor=actor, phone="here")
    sides.control.write("res.partner", [sides.remote_id(account)], phone="there")
    sides.settle()
    account.refresh_from_db()
    return account, sides.conflicts(account)[-1]


def decided_by_rule(sides: TwoSides, actor: User, rule: str) -> tuple[Account, Conflict]:
    """The same, settled by a rule and told to the other side."""
    account = create_account(actor=actor, name="Acme", phone="1")
    sides.settle()
    rules(sides, {"res.partner.phone": rule})
    sides.end_second()
    update_account(account, actor=actor, phone="here")
    sides.control.write("res.partner", [sides.remote_id(account)], phone="there")
    sides.settle()
    account.refresh_from_db()
    return account, sides.conflicts(account)[-1]


def at_rest(sides: TwoSides, account: Account, phone: str) -> None:
    """Both sides hold this, and a further sync writes on neither."""
    sides.settle()
    account.refresh_from_db()
    assert account.phone == phone
    assert (sides.there(account)["phone"] or "") == phone
    version = account.version
    sides.control.reset_counters()
    sides.settle()
    account.refresh_from_db()
    assert (sides.loads(), account.version) == ({}, version)
    assert not Conflict.objects.filter(status=STATUS.OPEN).exists()


@pytest.mark.parametrize("series", [16, 18, 19])
@pytest.mark.parametrize(("winner", "phone"), [("here", "here"), ("odoo", "there")])
def test_settled_for_one_side_both_hold_it_and_are_at_rest(
    synced: TwoSides, admin_user: User, winner: str, phone: str
) -> None:
    account, conflict = asked(synced, admin_user)

    settled = conflicts.settle(conflict, winner=winner, actor=admin_user, seen=conflicts.shown(conflict))

    assert (settled.status, settled.winner, settled.settled_by) == (STATUS.BY_PERSON, winner, admin_user)
    assert [(one["who"], one["did"]) for one in settled.trail] == [("Ada", winner)]
    at_rest(synced, account, phone)
    assert len(synced.conflicts(account)) == 1


def test_who_and_when_of_the_edit_here_are_kept_with_the_conflict(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)

    assert conflict.here_by == admin_user
    assert conflict.here_at is not None
    assert conflict.here_at.isoformat() == account.field_times["phone"]
    assert (conflict.remote, conflict.remote_write_uid is not None) == ("there", True)


def test_for_odoo_writes_here_at_once_and_announces_nothing(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    before = OutboxMessage.objects.count()

    conflicts.settle(conflict, winner="odoo", actor=admin_user)

    account.refresh_from_db()
    assert (account.phone, account.updated_by) == ("there", admin_user)
    assert OutboxMessage.objects.count() == before


def test_for_here_overwrites_nothing_that_odoo_got_in_the_meantime(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    conflicts.settle(conflict, winner="here", actor=admin_user)
    synced.control.write("res.partner", [synced.remote_id(account)], phone="newer")

    synced.settle()

    assert synced.there(account)["phone"] == "newer"
    fresh = synced.conflicts(account)[-1]
    assert fresh.pk != conflict.pk
    assert (fresh.status, fresh.here, fresh.odoo, fresh.base) == (STATUS.OPEN, "here", "newer", "there")


def test_what_was_changed_here_since_it_was_shown_is_told_and_not_settled(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    update_account(account, actor=admin_user, phone="here again")

    with pytest.raises(ValidationError, match="has changed since you looked"):
        conflicts.settle(conflict, winner="odoo", actor=admin_user, seen=conflicts.shown(conflict))

    conflict.refresh_from_db()
    account.refresh_from_db()
    assert (conflict.status, conflict.here, account.phone) == (STATUS.OPEN, "here again", "here again")


def test_what_was_changed_in_odoo_since_it_was_shown_is_told_and_not_settled(
    synced: TwoSides, admin_user: User
) -> None:
    account, conflict = asked(synced, admin_user)
    seen = conflicts.shown(conflict)
    synced.control.write("res.partner", [synced.remote_id(account)], phone="there again")
    synced.settle()

    with pytest.raises(ValidationError, match="Odoo's value has changed"):
        conflicts.settle(conflict, winner="here", actor=admin_user, seen=seen)

    assert synced.conflicts(account)[-1].status == STATUS.OPEN


def test_the_second_to_settle_is_told_who_was_first(synced: TwoSides, admin_user: User, owner: User) -> None:
    account, conflict = asked(synced, admin_user)
    conflicts.settle(conflict, winner="here", actor=owner)

    with pytest.raises(ValidationError, match="Settled already, by Olga Owner: Here"):
        conflicts.settle(conflict, winner="odoo", actor=admin_user)

    at_rest(synced, account, "here")


@pytest.mark.parametrize("winner", ["", "both", "ODOO"])
def test_a_side_that_is_none_is_refused(synced: TwoSides, admin_user: User, winner: str) -> None:
    _account, conflict = asked(synced, admin_user)

    with pytest.raises(ValidationError, match="Say which side is right"):
        conflicts.settle(conflict, winner=winner, actor=admin_user)


def test_a_value_that_the_record_may_not_have_is_refused_and_the_question_stays(
    synced: TwoSides, admin_user: User
) -> None:
    account, conflict = asked(synced, admin_user)
    Conflict.objects.filter(pk=conflict.pk).update(odoo="x" * 400)

    with pytest.raises(ValidationError):
        conflicts.settle(conflict, winner="odoo", actor=admin_user)

    conflict.refresh_from_db()
    assert conflict.status == STATUS.OPEN
    assert synced.binding(account).base["phone"] == "1"


def test_a_conflict_of_a_connection_that_is_off_is_left_alone(synced: TwoSides, admin_user: User) -> None:
    _account, conflict = asked(synced, admin_user)
    synced.connection.state = "off"
    synced.connection.save()

    with pytest.raises(ValidationError, match="switched off"):
        conflicts.settle(conflict, winner="odoo", actor=admin_user)


# --- emptied


@pytest.mark.parametrize("series", [16, 18, 19])
@pytest.mark.parametrize(("winner", "phone"), [("here", "1"), ("odoo", "")])
def test_an_emptying_that_was_asked_about_is_settled(
    synced: TwoSides, admin_user: User, winner: str, phone: str
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    rules(synced, {"ask_before_emptying": ["res.partner.phone"]})
    synced.control.write("res.partner", [synced.remote_id(account)], phone=False)
    synced.settle()
    (conflict,) = synced.conflicts(account)

    conflicts.settle(conflict, winner=winner, actor=admin_user)

    at_rest(synced, account, phone)


# --- kinds of fields


@pytest.mark.parametrize("winner", ["here", "odoo"])
def test_every_kind_of_field_of_a_deal_can_be_settled(
    synced: TwoSides, admin_user: User, stages: dict[str, Stage], winner: str
) -> None:
    ours, theirs = create_tag(actor=admin_user, name="Ours"), create_tag(actor=admin_user, name="Theirs")
    deal = create_opportunity(actor=admin_user, name="Deal", tags=[ours, theirs])
    synced.settle()
    rules(synced, ASK)
    synced.end_second()
    second, third = (Stage.objects.filter(archived_at=None, is_won=False, is_lost=False)[n] for n in (1, 2))
    update_opportunity(
        deal,
        actor=admin_user,
        amount=10,  # type: ignore[arg-type]
        priority="1",
        description="ours",
        stage=second,
        tags=[],
        close_date="2031-01-01",  # type: ignore[arg-type]
    )
    synced.control.write(
        "crm.lead",
        [synced.remote_id(deal)],
        expected_revenue=20.0,
        priority="2",
        description="<p>theirs</p>",
        stage_id=Binding.objects.get(remote_model="crm.stage", object_uuid=third.uuid).remote_id,
        tag_ids=[[6, 0, [synced.remote_id(theirs, "crm.tag")]]],
        date_deadline="2032-02-02",
    )
    synced.settle()
    open_ones = Conflict.objects.filter(status=STATUS.OPEN)
    names = {"expected_revenue", "priority", "description", "stage_id", "tag_ids", "date_deadline"}
    assert {one.field for one in open_ones} == names

    done = conflicts.settle_many(conflicts.in_bulk(open_ones, maps_of(None)), rule=winner, actor=admin_user)

    assert (done.here, done.odoo, done.refused) == ((6, 0, []) if winner == "here" else (0, 6, []))
    synced.settle()
    deal.refresh_from_db()
    row = synced.there(deal)
    expected = (10, "1", "ours", second, []) if winner == "here" else (20, "2", "theirs", third, [theirs])
    assert (deal.amount, deal.priority, deal.description, deal.stage, list(deal.tags.order_by("name"))) == expected
    assert (row["expected_revenue"], row["priority"], len(row["tag_ids"])) == (
        float(deal.amount),
        deal.priority,
        deal.tags.count(),
    )
    assert row["date_deadline"] == deal.close_date.isoformat()  # type: ignore[union-attr]
    synced.control.reset_counters()
    synced.settle()
    assert synced.loads() == {}
    assert not open_ones.all().exists()


@pytest.mark.parametrize("winner", ["here", "odoo"])
def test_the_customer_and_the_standing_of_a_lead_can_be_settled(
    synced: TwoSides, admin_user: User, winner: str
) -> None:
    one, other = (create_account(actor=admin_user, name=name) for name in ("One", "Other"))
    lead = create_lead(actor=admin_user, name="Lead")
    synced.settle()
    rules(synced, ASK)
    synced.end_second()
    update_lead(lead, actor=admin_user, account=one)
    synced.control.write("crm.lead", [synced.remote_id(lead)], partner_id=synced.remote_id(other))
    synced.settle()

    open_ones = Conflict.objects.filter(status=STATUS.OPEN, field="partner_id")
    assert open_ones.count() == 1
    conflicts.settle_many(open_ones, rule=winner, actor=admin_user)

    synced.settle()
    lead.refresh_from_db()
    right = one if winner == "here" else other
    assert (lead.account, synced.there(lead)["partner_id"]) == (right, synced.remote_id(right))


# --- taking back


@pytest.mark.parametrize("series", [16, 18, 19])
@pytest.mark.parametrize(("rule", "phone"), [("odoo", "here"), ("here", "there")])
def test_what_a_rule_settled_is_taken_back_on_both_sides(
    synced: TwoSides, admin_user: User, rule: str, phone: str
) -> None:
    account, conflict = decided_by_rule(synced, admin_user, rule)

    back = conflicts.take_back(conflict, actor=admin_user)

    assert (back.status, back.winner == rule, back.settled_by) == (STATUS.BY_PERSON, False, admin_user)
    assert [one["did"] for one in back.trail] == ["taken back"]
    at_rest(synced, account, phone)


def test_taken_back_only_where_the_value_is_still_what_the_rule_wrote(synced: TwoSides, admin_user: User) -> None:
    account, conflict = decided_by_rule(synced, admin_user, "odoo")
    update_account(account, actor=admin_user, phone="a third")

    with pytest.raises(conflicts.ChangedSinceError) as refusal:
        conflicts.take_back(conflict, actor=admin_user)

    account.refresh_from_db()
    assert (account.phone, refusal.value.now) == ("a third", "a third")
    update_account(account, actor=admin_user, phone="a fourth")
    with pytest.raises(conflicts.ChangedSinceError):
        conflicts.take_back(conflict, actor=admin_user, anyway=refusal.value.stamp)
    conflicts.take_back(conflict, actor=admin_user, anyway=conflicts.stamp_of("a fourth"))
    at_rest(synced, account, "here")


def test_a_taking_back_overwrites_nothing_that_odoo_got_in_the_meantime(synced: TwoSides, admin_user: User) -> None:
    account, conflict = decided_by_rule(synced, admin_user, "odoo")
    conflicts.take_back(conflict, actor=admin_user)
    synced.control.write("res.partner", [synced.remote_id(account)], phone="newer")

    at_rest(synced, account, "newer")

    assert [(one.here, one.odoo) for one in synced.conflicts(account)] == [("here", "there"), ("here", "newer")]


@pytest.mark.parametrize("winner", ["here", "odoo"])
def test_a_decision_that_odoo_has_not_heard_of_is_asked_again(synced: TwoSides, admin_user: User, winner: str) -> None:
    account, conflict = asked(synced, admin_user)
    conflicts.settle(conflict, winner=winner, actor=admin_user)

    again = conflicts.take_back(conflict, actor=admin_user)
    synced.settle()

    conflict.refresh_from_db()
    account.refresh_from_db()
    assert (again.status, conflict.status, conflict.winner) == (STATUS.OPEN, STATUS.OPEN, "")
    assert [one["did"] for one in conflict.trail] == [winner, "asked again"]
    assert (account.phone, synced.there(account)["phone"]) == ("here", "there")
    assert len(synced.conflicts(account)) == 1


def test_a_decision_that_odoo_has_heard_of_is_put_back(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    conflicts.settle(conflict, winner="here", actor=admin_user)
    synced.settle()

    conflicts.take_back(conflict, actor=admin_user)

    at_rest(synced, account, "there")
    conflicts.take_back(conflict, actor=admin_user)
    at_rest(synced, account, "here")


def test_there_is_nothing_to_take_back_from_an_open_one(synced: TwoSides, admin_user: User) -> None:
    _account, conflict = asked(synced, admin_user)

    with pytest.raises(ValidationError, match="nothing to take back"):
        conflicts.take_back(conflict, actor=admin_user)


# --- a company that became a person


def flipped(sides: TwoSides, actor: User) -> tuple[Account, Conflict]:
    account = create_account(actor=actor, name="Acme")
    create_contact(actor=actor, name="Carla", account=account)
    sides.settle()
    sides.control.write("res.partner", [sides.remote_id(account)], is_company=False)
    sides.settle()
    (question,) = sides.conflicts(account)
    assert question.field == FLIP
    return account, question


@pytest.mark.parametrize("series", [16, 18, 19])
def test_that_it_is_a_company_is_told_to_odoo(synced: TwoSides, admin_user: User) -> None:
    account, question = flipped(synced, admin_user)

    conflicts.settle(question, winner="here", actor=admin_user)
    synced.settle()

    assert synced.there(account)["is_company"] is True
    assert FLIP not in synced.binding(account).base
    assert [one.status for one in synced.conflicts(account)] == [STATUS.BY_PERSON]


def test_that_it_is_a_person_waits_until_nothing_hangs_on_the_account(synced: TwoSides, admin_user: User) -> None:
    account, question = flipped(synced, admin_user)
    with pytest.raises(ValidationError, match="Move them first"):
        conflicts.settle(question, winner="odoo", actor=admin_user)
    remote_id = synced.remote_id(account)
    synced.control.write("res.partner", [synced.remote_id(Contact.objects.get())], parent_id=False)
    synced.settle()

    conflicts.settle(question, winner="odoo", actor=admin_user)
    sync.read_back()

    assert isinstance(synced.here("res.partner", remote_id), Contact)


def test_a_question_about_a_whole_record_is_not_settled_as_a_value(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    Conflict.objects.filter(pk=conflict.pk).update(field="deleted in Odoo")

    with pytest.raises(ValidationError, match="no question about a value"):
        conflicts.settle(conflict, winner="here", actor=admin_user)

    assert synced.conflicts(account)[0].status == STATUS.OPEN


# --- many at once


def test_the_newest_is_told_field_by_field(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    assert conflicts.winner_of(conflict, "newest") == ("here" if conflict.later_here else "odoo")
    conflict.later_here = True
    assert conflicts.winner_of(conflict, "newest") == "here"
    with pytest.raises(ValidationError, match="Choose a rule"):
        conflicts.winner_of(conflict, "ask")
    assert account.pk


def test_one_that_is_refused_stops_no_other(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    other, second = asked(synced, admin_user)
    update_account(account, actor=admin_user, phone="changed")

    done = conflicts.settle_many(
        conflicts.in_bulk(Conflict.objects.all(), maps_of(None)), rule="odoo", actor=admin_user
    )

    assert (done.odoo, [one.pk for one, _words in done.refused]) == (1, [conflict.pk])
    second.refresh_from_db()
    assert (second.status, second.trail[-1]["did"]) == (STATUS.BY_PERSON, "odoo: odoo")
    assert other.pk


# --- when the record has become another one, and while the sync is at it


def test_a_question_about_a_lead_is_settled_on_the_deal_that_it_became(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Lead", street="1", contact_name="1")
    synced.settle()
    rules(synced, ASK)
    synced.end_second()
    update_lead(lead, actor=admin_user, street="here", contact_name="here")
    synced.control.write("crm.lead", [synced.remote_id(lead)], street="there", contact_name="there")
    synced.settle()
    street, name = (Conflict.objects.get(field=field) for field in ("street", "contact_name"))
    deal = convert_lead(lead, actor=admin_user).opportunity

    conflicts.settle(street, winner="here", actor=admin_user)
    conflicts.settle(name, winner="odoo", actor=admin_user)

    synced.settle()
    deal.refresh_from_db()
    assert (deal.contact_name, synced.there(deal)["contact_name"]) == ("there", "there")
    assert Conflict.objects.filter(status=STATUS.BY_PERSON).count() == 2


def test_a_conflict_of_a_record_that_is_gone_can_be_closed(synced: TwoSides, admin_user: User) -> None:
    account, conflict = asked(synced, admin_user)
    Account.objects.filter(pk=account.pk).delete()

    settled = conflicts.settle(conflict, winner="odoo", actor=admin_user)

    assert settled.status == STATUS.BY_PERSON
    with pytest.raises(ValidationError, match="nothing can be taken back"):
        conflicts.take_back(settled, actor=admin_user)

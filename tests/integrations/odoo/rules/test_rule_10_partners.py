"""Rule 10: which partners, and who owns what."""

from __future__ import annotations

import pytest

from crm.models import Account, Contact, Opportunity, User
from crm.services.accounts import create_account, update_account
from crm.services.contacts import create_contact, make_primary, update_contact
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity, update_opportunity
from crm.services.tags import update_tag
from integrations.models import Conflict, PendingLink
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("series", [16, 18, 19])


def company(sides: TwoSides, name: str = "Firm", **values: object) -> int:
    return sides.control.create("res.partner", name=name, is_company=True, **values)


def person(sides: TwoSides, name: str = "Person", **values: object) -> int:
    return sides.control.create("res.partner", name=name, **values)


def test_rule_10_only_contacts_come_no_users_no_own_company_no_invoice_addresses(synced: TwoSides) -> None:
    parent = company(synced)
    person(synced, "Accounting", parent_id=parent, type="invoice")
    person(synced, "Warehouse", parent_id=parent, type="delivery")

    synced.settle()

    assert list(Account.objects.values_list("name", flat=True)) == ["Firm"]
    assert Contact.objects.count() == 0


def test_rule_10_the_types_are_a_setting(synced: TwoSides) -> None:
    parent = company(synced)
    person(synced, "Warehouse", parent_id=parent, type="delivery")
    synced.connection.partner_types = ["contact", "delivery"]
    synced.connection.save()

    synced.settle()

    assert list(Contact.objects.values_list("name", flat=True)) == ["Warehouse"]


def test_rule_10_account_of_a_contact_and_of_an_opportunity_may_be_empty(synced: TwoSides) -> None:
    alone = person(synced)
    deal = synced.control.create("crm.lead", name="Deal", type="opportunity")

    synced.settle()

    assert synced.here("res.partner", alone).account is None
    assert (synced.here("crm.lead", deal).account, synced.here("crm.lead", deal).contact) == (None, None)


def test_rule_10_a_company_under_a_company_has_a_parent_and_a_person_under_a_person_its_company(
    synced: TwoSides,
) -> None:
    top = company(synced, "Top")
    below = company(synced, "Below", parent_id=top)
    boss = person(synced, "Boss", parent_id=below)
    clerk = person(synced, "Clerk", parent_id=boss)

    synced.settle()

    account = synced.here("res.partner", below)
    assert account.parent == synced.here("res.partner", top)
    assert synced.here("res.partner", boss).account == account
    assert synced.here("res.partner", clerk).account == account


@EVERY
def test_rule_10_for_persons_under_a_company_the_address_is_neither_compared_nor_sent(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Firm", street="Main Street 1", city="Ulm")
    contact = create_contact(
        actor=admin_user, name="Person", account=account, street="Home 5", city="Bonn", email="p@example.com"
    )
    synced.settle()
    update_contact(contact, actor=admin_user, city="Köln", phone="2")
    synced.settle()

    contact.refresh_from_db()
    account.refresh_from_db()
    assert contact.city == "Köln"
    assert account.city == synced.there(account)["city"] == synced.there(contact)["city"] == "Ulm"
    assert synced.there(contact)["phone"] == "2"
    assert synced.conflicts(contact) == []


@EVERY
def test_rule_10_a_new_address_of_the_company_reaches_its_people_in_odoo_and_no_conflict_comes_of_it(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Firm", city="Ulm")
    contact = create_contact(actor=admin_user, name="Person", account=account, job_title="Buyer")
    synced.settle()
    update_account(account, actor=admin_user, city="Bonn", vat="DE1")
    update_contact(contact, actor=admin_user, job_title="Head of purchase")

    synced.settle()

    assert (synced.there(contact)["city"], synced.there(contact)["vat"]) == ("Bonn", "DE1")
    assert synced.there(contact)["function"] == "Head of purchase"
    assert Conflict.objects.count() == 0


@EVERY
def test_rule_10_parent_id_and_type_are_sent_only_when_they_change(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Firm", city="Ulm")
    child = create_account(actor=admin_user, name="Child", parent=account)
    synced.settle()
    synced.control.patch("res.partner", [synced.remote_id(child)], city="its own")

    update_account(child, actor=admin_user, phone="2")
    synced.push()

    assert synced.there(child)["phone"] == "2"
    # Repeated, parent_id would have overwritten the address.
    assert synced.there(child)["city"] == "its own"


@EVERY
def test_rule_10_a_person_that_left_the_company_has_an_address_again(synced: TwoSides, admin_user: User) -> None:
    firm = company(synced, city="Ulm")
    one = person(synced, parent_id=firm)
    synced.settle()
    synced.control.write("res.partner", [one], parent_id=False, city="Bonn")

    synced.settle()

    contact = synced.here("res.partner", one)
    assert (contact.account, contact.city) == (None, "Bonn")
    update_contact(contact, actor=admin_user, city="Köln")
    synced.settle()
    assert synced.row("res.partner", one)["city"] == "Köln"


@EVERY
def test_rule_10_email_and_phone_of_a_lead_with_a_partner_are_the_partners(synced: TwoSides, admin_user: User) -> None:
    contact = create_contact(actor=admin_user, name="Bea", email="bea@example.com", phone="+49 30 1")
    deal = create_opportunity(actor=admin_user, name="Deal", contact=contact)
    synced.settle()
    deal.refresh_from_db()
    assert (deal.email, deal.phone) == ("bea@example.com", "+49 30 1")

    update_opportunity(deal, actor=admin_user, email="mine@example.com", amount=5)
    synced.settle()

    deal.refresh_from_db()
    contact.refresh_from_db()
    assert deal.email == contact.email == "mine@example.com"
    assert synced.there(deal)["email_from"] == synced.there(contact)["email"] == "mine@example.com"
    assert synced.there(deal)["expected_revenue"] == 5.0
    assert Conflict.objects.count() == 0


def test_rule_10_another_email_on_a_lead_that_gets_a_customer_loses_and_is_kept(
    synced: TwoSides, admin_user: User
) -> None:
    contact = create_contact(actor=admin_user, name="Bea", email="bea@example.com")
    deal = create_opportunity(actor=admin_user, name="Deal", email="mine@example.com")
    synced.settle()
    synced.control.write("crm.lead", [synced.remote_id(deal)], partner_id=synced.remote_id(contact))
    Opportunity.objects.filter(pk=deal.pk).update(email="another@example.com")

    synced.settle()

    deal.refresh_from_db()
    assert deal.email == synced.there(deal)["email_from"] == "bea@example.com"
    assert [(one.field, one.here) for one in synced.conflicts(deal)] == [("email_from", "another@example.com")]


@EVERY
def test_rule_10_the_partners_new_email_reaches_its_leads_here(synced: TwoSides, admin_user: User) -> None:
    contact = create_contact(actor=admin_user, name="Bea", email="bea@example.com")
    deal = create_opportunity(actor=admin_user, name="Deal", contact=contact)
    synced.settle()

    update_contact(contact, actor=admin_user, email="new@example.com")
    synced.settle()

    deal.refresh_from_db()
    assert deal.email == synced.there(deal)["email_from"] == "new@example.com"


@EVERY
def test_rule_10_a_person_that_becomes_a_company_hands_over_binding_uuid_and_history(
    synced: TwoSides, admin_user: User
) -> None:
    one = person(synced, "Solo", email="solo@example.com", phone="1")
    synced.settle()
    contact = synced.here("res.partner", one)
    note = write_note(actor=admin_user, body="Called.", contact=contact)
    deal = create_opportunity(actor=admin_user, name="Deal", contact=contact)
    synced.settle()
    synced.control.write("res.partner", [one], is_company=True, phone="2")

    synced.settle()

    account = synced.here("res.partner", one)
    assert isinstance(account, Account)
    assert (account.uuid, account.phone, account.email) == (contact.uuid, "2", "solo@example.com")
    contact.refresh_from_db()
    note.refresh_from_db()
    deal.refresh_from_db()
    assert contact.moved_to == account
    assert (note.account, note.contact) == (account, None)
    assert (deal.account, deal.contact) == (account, None)
    assert synced.there(deal)["partner_id"] == one
    assert Conflict.objects.count() == 0


@EVERY
def test_rule_10_a_company_on_which_nothing_hangs_becomes_a_person_again(synced: TwoSides) -> None:
    one = person(synced, "Solo")
    synced.settle()
    contact = synced.here("res.partner", one)
    synced.control.write("res.partner", [one], is_company=True)
    synced.settle()

    synced.control.write("res.partner", [one], is_company=False)
    synced.settle()

    again = synced.here("res.partner", one)
    assert isinstance(again, Contact)
    assert (again.uuid, again.moved_to, again.archived_at) == (contact.uuid, None, None)
    assert Account.objects.count() == 0


def test_rule_10_a_company_on_which_something_hangs_stays_and_a_person_is_asked(
    synced: TwoSides, admin_user: User
) -> None:
    firm = company(synced)
    one = person(synced, parent_id=firm)
    synced.settle()
    synced.control.write("res.partner", [firm], is_company=False, phone="2")

    synced.settle()

    account = synced.here("res.partner", firm)
    assert isinstance(account, Account)
    assert account.phone == "2"
    assert synced.here("res.partner", one).account == account
    (question,) = synced.conflicts(account)
    assert (question.field, question.status, question.winner) == ("is_company", Conflict.Status.OPEN, "")
    synced.control.write("res.partner", [firm], is_company=True)
    synced.settle()
    question.refresh_from_db()
    assert question.status == Conflict.Status.BY_RULE


def test_rule_10_a_flip_and_those_who_point_to_it_may_come_in_one_chunk(synced: TwoSides) -> None:
    one = person(synced, "Solo")
    two = person(synced, "Clerk", parent_id=one)
    synced.settle()
    assert synced.here("res.partner", two).account is None
    synced.control.write("res.partner", [one], is_company=True)
    synced.control.write("res.partner", [two], phone="2")

    synced.settle()

    clerk = synced.here("res.partner", two)
    assert (clerk.phone, clerk.account) == ("2", synced.here("res.partner", one))


def line_of_people(sides: TwoSides) -> tuple[int, int, int, int]:
    """Two companies, a boss below the first, and a clerk below the boss."""
    first, second = company(sides, "First"), company(sides, "Second")
    boss = person(sides, "Boss", parent_id=first)
    return first, second, boss, person(sides, "Clerk", parent_id=boss)


@pytest.mark.parametrize("below_is_company", [False, True])
def test_rule_10_who_stands_below_a_person_follows_where_that_person_moves_in_odoo(
    synced: TwoSides, below_is_company: bool
) -> None:
    first, second, boss, clerk = line_of_people(synced)
    below = person(synced, "Below", parent_id=clerk, is_company=below_is_company)
    synced.settle()

    def above_both() -> list[Account | None]:
        last = synced.here("res.partner", below)
        return [synced.here("res.partner", clerk).account, last.parent if below_is_company else last.account]

    assert above_both() == [synced.here("res.partner", first)] * 2
    for parent in (second, False, first):
        synced.control.write("res.partner", [boss], parent_id=parent)
        synced.settle()
        assert above_both() == [synced.here("res.partner", parent) if parent else None] * 2
    assert (Conflict.objects.count(), synced.row("res.partner", clerk)["parent_id"]) == (0, boss)


def test_rule_10_who_stands_below_a_person_follows_a_move_that_was_made_here(
    synced: TwoSides, admin_user: User
) -> None:
    _first, second, boss, clerk = line_of_people(synced)
    synced.settle()

    update_contact(synced.here("res.partner", boss), actor=admin_user, account=synced.here("res.partner", second))
    synced.settle()

    assert synced.here("res.partner", clerk).account == synced.here("res.partner", second)
    assert (synced.row("res.partner", boss)["parent_id"], synced.row("res.partner", clerk)["parent_id"]) == (
        second,
        boss,
    )


def test_rule_10_who_was_moved_away_from_the_person_above_follows_that_person_no_more(
    synced: TwoSides, admin_user: User
) -> None:
    _first, second, boss, clerk = line_of_people(synced)
    synced.settle()
    mine = create_account(actor=admin_user, name="Mine")

    update_contact(synced.here("res.partner", clerk), actor=admin_user, account=mine)
    synced.control.write("res.partner", [boss], parent_id=second)
    synced.settle()

    assert synced.here("res.partner", clerk).account == mine
    assert synced.row("res.partner", clerk)["parent_id"] == synced.remote_id(mine)
    assert PendingLink.objects.count() == 0


@pytest.mark.parametrize("how", ["moved", "archived"])
def test_rule_10_a_primary_contact_that_odoo_moves_makes_room_for_another(
    synced: TwoSides, admin_user: User, how: str
) -> None:
    first, second = company(synced, "First"), company(synced, "Second")
    one, two = person(synced, "One", parent_id=first), person(synced, "Two", parent_id=second)
    synced.settle()
    for partner in (one, two):
        make_primary(synced.here("res.partner", partner), actor=admin_user)

    if how == "archived":
        synced.control.write("res.partner", [one], active=False)
        synced.settle()
        synced.control.write("res.partner", [one], active=True)
    synced.control.write("res.partner", [one], parent_id=second)
    synced.settle()

    primary = Contact.objects.filter(is_primary=True).values_list("name", flat=True)
    assert (synced.here("res.partner", one).account.name, list(primary)) == ("Second", ["Two"])


@EVERY
def test_rule_10_what_was_edited_here_and_has_no_place_on_an_account_is_kept_on_a_conflict(
    synced: TwoSides, admin_user: User
) -> None:
    one = person(synced, "Solo", function="Owner")
    synced.settle()
    contact = synced.here("res.partner", one)
    update_contact(contact, actor=admin_user, job_title="Founder", phone="2")
    synced.control.write("res.partner", [one], is_company=True)

    synced.settle()

    account = synced.here("res.partner", one)
    assert isinstance(account, Account)
    assert (account.phone, synced.row("res.partner", one)["phone"]) == ("2", "2")
    (kept,) = synced.conflicts(account)
    assert (kept.field, kept.here, kept.odoo, kept.winner) == ("function", "Founder", "Owner", "odoo")
    assert (kept.status, kept.here_by) == (Conflict.Status.BY_RULE, admin_user)

    synced.control.write("res.partner", [one], is_company=False)
    synced.settle()
    again = synced.here("res.partner", one)
    assert (again.job_title, synced.row("res.partner", one)["function"]) == ("Owner", "Owner")


def test_rule_10_it_is_kept_too_when_the_rest_of_the_row_cannot_be_taken(synced: TwoSides, admin_user: User) -> None:
    one = person(synced, "Solo", function="Owner")
    synced.settle()
    contact = synced.here("res.partner", one)
    update_contact(contact, actor=admin_user, job_title="Founder")
    synced.end_second()
    synced.control.write("res.partner", [one], is_company=True, name="x" * 300)

    synced.pull()

    assert [(kept.field, kept.here) for kept in Conflict.objects.all()] == [("function", "Founder")]


def test_rule_10_a_tag_may_have_two_bindings(synced: TwoSides, admin_user: User) -> None:
    label = synced.control.create("crm.tag", name="Hot")
    category = synced.control.create("res.partner.category", name="Hot")

    synced.settle()

    tag = synced.here("crm.tag", label)
    assert synced.here("res.partner.category", category) == tag
    update_tag(tag, actor=admin_user, name="Very hot")
    synced.settle()
    assert synced.row("crm.tag", label)["name"] == "Very hot"
    assert synced.row("res.partner.category", category)["name"] == "Very hot"

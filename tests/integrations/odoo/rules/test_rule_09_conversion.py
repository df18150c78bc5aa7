"""Rule 9: one crm.lead, two nouns."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from crm.models import Account, Contact, Opportunity, User
from crm.services.contacts import create_contact
from crm.services.notes import write_note
from crm.services.pipeline import update_opportunity
from integrations.models import OutboxMessage
from leads.conversion import convert_lead
from leads.models import Lead
from leads.services import create_lead, update_lead
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("series", [16, 18, 19])
STATUS = OutboxMessage.Status


def new_lead(actor: User, **values: object) -> Lead:
    fields = {
        "contact_name": "Bea Buyer",
        "company_name": "Prospect GmbH",
        "email": "bea@example.com",
        "phone": "+49 30 1",
        "city": "Ulm",
        "utm_source": "Trade fair",
        **values,
    }
    return create_lead(actor=actor, name="Wants a machine", **fields)  # type: ignore[arg-type]


def convert_in_odoo(sides: TwoSides, lead_id: int, action: str = "create") -> None:
    context = {"active_model": "crm.lead", "active_id": lead_id, "active_ids": [lead_id]}
    values = {"name": "convert", "action": action, "lead_id": lead_id}
    wizard = sides.control.call("crm.lead2opportunity.partner", "create", values, context=context)
    sides.control.call("crm.lead2opportunity.partner", "action_apply", [wizard], context=context)


def only_lead(sides: TwoSides) -> dict[str, object]:
    (row,) = sides.control.dump("crm.lead")
    return row


@EVERY
def test_rule_09_a_conversion_here_sends_type_date_and_partner_to_the_same_record(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user)
    synced.settle()
    record = synced.remote_id(lead)
    name = synced.binding(lead).external_name

    done = convert_lead(lead, actor=admin_user)
    assert synced.binding(done.opportunity).external_name == name
    synced.settle()

    row = only_lead(synced)
    assert (row["id"], row["type"]) == (record, "opportunity")
    assert row["date_conversion"]
    assert row["partner_id"] == synced.remote_id(done.contact)
    assert synced.there(done.contact)["parent_id"] == synced.remote_id(done.account)
    assert (row["email_from"], row["phone"], row["contact_name"]) == ("bea@example.com", "+49 30 1", "Bea Buyer")


def test_rule_09_the_lead_stays_as_read_only_history_and_its_waiting_row_is_superseded(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user)
    synced.settle()
    lead = update_lead(lead, actor=admin_user, contact_name="Bea Baker")

    convert_lead(lead, actor=admin_user)

    assert synced.message(lead).status == STATUS.SUPERSEDED
    lead.refresh_from_db()
    with pytest.raises(ValidationError):
        update_lead(lead, actor=admin_user, phone="2")
    synced.settle()
    assert only_lead(synced)["contact_name"] == "Bea Baker"


@EVERY
def test_rule_09_a_lead_converted_before_it_was_ever_sent_is_one_opportunity_with_all_it_had(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user, street="Main Street 1", website="prospect.example.com")

    done = convert_lead(lead, actor=admin_user)
    synced.settle()

    row = only_lead(synced)
    assert (row["type"], row["partner_id"]) == ("opportunity", synced.remote_id(done.contact))
    assert (row["city"], row["street"], row["website"]) == ("Ulm", "Main Street 1", "http://prospect.example.com")
    sources = {one["id"]: one["name"] for one in synced.control.dump("utm.source")}
    assert sources[row["source_id"]] == "Trade fair"  # type: ignore[index]


def test_rule_09_what_was_edited_on_the_lead_right_before_its_conversion_arrives_too(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user)
    synced.settle()
    lead = update_lead(lead, actor=admin_user, city="Bonn", referrer="a friend")

    convert_lead(lead, actor=admin_user)
    synced.settle()

    assert (only_lead(synced)["city"], only_lead(synced)["referred"]) == ("Bonn", "a friend")
    synced.control.reset_counters()
    synced.settle()
    assert synced.loads() == {}


@EVERY
def test_rule_09_a_conversion_moves_the_binding_even_if_the_create_is_still_unknown(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    lead = new_lead(admin_user)
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("crm.lead"))
    behind_proxy.push("crm.lead")

    done = convert_lead(lead, actor=admin_user)
    behind_proxy.settle()

    assert only_lead(behind_proxy)["type"] == "opportunity"
    assert only_lead(behind_proxy)["id"] == behind_proxy.remote_id(done.opportunity)
    assert Opportunity.objects.count() == 1


@EVERY
def test_rule_09_converted_in_odoo_the_lead_becomes_an_opportunity_here_with_its_partner(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user)
    note = write_note(actor=admin_user, body="Called.", lead=lead)
    synced.settle()
    record = synced.remote_id(lead)
    convert_in_odoo(synced, record)

    synced.settle()

    opportunity = synced.here("crm.lead", record)
    lead.refresh_from_db()
    note.refresh_from_db()
    assert isinstance(opportunity, Opportunity)
    assert lead.converted_opportunity == note.opportunity == opportunity
    assert opportunity.converted_at is not None
    assert (opportunity.contact.name, opportunity.contact.account.name) == ("Bea Buyer", "Prospect GmbH")
    assert (Account.objects.count(), Contact.objects.count()) == (1, 1)


@EVERY
@pytest.mark.parametrize("first", ["push", "pull"])
def test_rule_09_converted_on_both_sides_between_two_syncs_gives_one_lead_and_one_partner(
    synced: TwoSides, admin_user: User, first: str
) -> None:
    lead = new_lead(admin_user)
    synced.settle()
    record = synced.remote_id(lead)
    people = len(synced.control.dump("res.partner"))
    done = convert_lead(lead, actor=admin_user)
    convert_in_odoo(synced, record)

    getattr(synced, first)()
    synced.settle()

    row = only_lead(synced)
    assert (row["id"], row["type"]) == (record, "opportunity")
    assert len(synced.control.dump("res.partner")) == people + 2
    assert (Account.objects.count(), Contact.objects.count(), Opportunity.objects.count()) == (1, 1, 1)
    assert row["partner_id"] == synced.remote_id(done.contact)
    assert synced.there(done.contact)["parent_id"] == synced.remote_id(done.account)
    synced.control.reset_counters()
    synced.settle()
    assert synced.loads() == {}


@EVERY
def test_rule_09_a_partner_that_odoos_lead_has_is_bound_before_the_contact_is_made_there(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user, company_name="")
    synced.settle()
    partner = synced.control.create("res.partner", name="Beatrice Buyer", email="private@example.com")
    synced.control.write("crm.lead", [synced.remote_id(lead)], partner_id=partner)

    done = convert_lead(lead, actor=admin_user)
    synced.push()
    synced.settle()

    assert done.contact is not None
    assert synced.remote_id(done.contact) == partner
    assert Contact.objects.count() == 1


def test_rule_09_the_partner_of_a_conversion_in_odoo_is_linked_to_an_unbound_local_match(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user, company_name="")
    synced.settle()
    record = synced.remote_id(lead)
    contact = create_contact(actor=admin_user, name="Bea Buyer", email="bea@example.com", job_title="Buyer")
    convert_in_odoo(synced, record)

    synced.pull()
    synced.settle()

    assert Contact.objects.count() == 1
    assert only_lead(synced)["partner_id"] == synced.remote_id(contact)
    assert synced.there(contact)["function"] == "Buyer"


def test_rule_09_stage_and_type_of_our_own_are_not_synced(synced: TwoSides, admin_user: User) -> None:
    lead = new_lead(admin_user)
    synced.settle()
    synced.control.reset_counters()

    update_lead(lead, actor=admin_user, stage="proposal", score=80)
    synced.settle()

    assert synced.loads() == {}


@EVERY
def test_rule_09_partner_id_travels_with_the_contact_columns_so_that_odoo_overwrites_none(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user, company_name="")
    synced.settle()
    contact = create_contact(actor=admin_user, name="Other Person", email="other@example.com", phone="+49 30 2")
    synced.settle()

    update_lead(lead, actor=admin_user, contact=contact)
    synced.settle()

    row = only_lead(synced)
    assert row["partner_id"] == synced.remote_id(contact)
    assert row["contact_name"] == "Bea Buyer"
    lead.refresh_from_db()
    assert lead.contact_name == "Bea Buyer"
    # E-mail and phone are the customer's (rule 10): the lead has his now, and he keeps them.
    there = synced.there(contact)
    assert (there["email"], there["phone"]) == (lead.email, lead.phone) == ("other@example.com", "+49 30 2")


@EVERY
def test_rule_09_a_new_customers_email_that_nobody_here_has_heard_of_is_not_overwritten(
    synced: TwoSides, admin_user: User
) -> None:
    lead = new_lead(admin_user)
    contact = create_contact(actor=admin_user, name="Other Person", email="other@example.com")
    synced.settle()

    update_lead(lead, actor=admin_user, email="mine@example.com", phone="+49 30 7")
    synced.control.write("res.partner", [synced.remote_id(contact)], email="newest@example.com")
    update_lead(lead, actor=admin_user, contact=contact)
    synced.settle()

    lead.refresh_from_db()
    contact.refresh_from_db()
    there = synced.there(contact)
    assert there["email"] == contact.email == lead.email == "newest@example.com"
    assert there["phone"] == only_lead(synced)["phone"] == lead.phone == "+49 30 7"
    assert [(one.field, one.here) for one in synced.conflicts(lead)] == [("email_from", "mine@example.com")]


def test_rule_09_an_opportunity_edited_after_conversion_is_the_same_record(synced: TwoSides, admin_user: User) -> None:
    lead = new_lead(admin_user)
    synced.settle()
    done = convert_lead(lead, actor=admin_user)
    synced.settle()

    update_opportunity(done.opportunity, actor=admin_user, amount=1200)
    synced.settle()

    assert only_lead(synced)["expected_revenue"] == 1200.0

"""A lead becomes an account, a contact and an opportunity; in Odoo it stays one record (rule 9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from crm.models import Account, Contact, Opportunity, Stage, StageChange, User
from crm.services.records import StaleVersionError
from integrations.models import Binding, Connection, OutboxMessage, content_type_of
from leads.conversion import convert_lead, plan_conversion
from leads.models import Lead
from leads.services import archive_lead, create_lead, lose_lead, update_lead
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    CommunicationLogFactory,
    ContactFactory,
    CountryFactory,
    LeadFactory,
    NoteFactory,
    TagFactory,
    TaskFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stages")]


def full_lead(owner: User) -> Lead:
    return create_lead(
        actor=owner,
        name="Asks for prices",
        contact_name="Renée Keller",
        company_name="Ufer GmbH",
        email="renee@example.com",
        phone="+49 30 1",
        mobile="+49 170 1",
        job_title="Buyer",
        website="https://ufer.example.com",
        description="Called twice",
        need="Twelve sensors",
        priority="2",
        expected_revenue=Decimal("1200.50"),
        city="Berlin",
        country=CountryFactory.create(),
        owner=owner,
        tags=[TagFactory.create(name="Trade show")],
    )


def test_everything_the_lead_knew_goes_over(owner: User) -> None:
    done = convert_lead(full_lead(owner), actor=owner)
    account, contact, deal = done.account, done.contact, done.opportunity
    assert account is not None
    assert contact is not None
    assert (account.name, account.city, account.website, account.manager) == (
        "Ufer GmbH",
        "Berlin",
        "https://ufer.example.com",
        owner,
    )
    assert (contact.name, contact.account, contact.email, contact.phone, contact.mobile, contact.job_title) == (
        "Renée Keller",
        account,
        "renee@example.com",
        "+49 30 1",
        "+49 170 1",
        "Buyer",
    )
    assert (deal.name, deal.account, deal.contact, deal.amount, deal.priority, deal.owner) == (
        "Asks for prices",
        account,
        contact,
        Decimal("1200.50"),
        "2",
        owner,
    )
    assert (deal.description, deal.requirements, deal.contact_name, deal.company_name) == (
        "Called twice",
        "Twelve sensors",
        "Renée Keller",
        "Ufer GmbH",
    )
    assert (deal.stage.key, deal.probability) == ("prospecting", Decimal(10))
    assert [tag.name for tag in deal.tags.all()] == ["Trade show"]
    assert StageChange.objects.filter(opportunity=deal).count() == 1
    lead = done.lead
    assert (lead.converted_by, lead.converted_account, lead.converted_contact, lead.converted_opportunity) == (
        owner,
        account,
        contact,
        deal,
    )
    assert lead.converted_at == deal.converted_at


def test_a_second_conversion_returns_the_first_one(owner: User, team_mate: User) -> None:
    lead = full_lead(owner)
    first = convert_lead(lead, actor=owner)
    second = convert_lead(lead, actor=team_mate, name="Other", account=AccountFactory.create())
    assert (first.created, second.created) == (True, False)
    assert (second.opportunity, second.account, second.contact) == (first.opportunity, first.account, first.contact)
    assert Opportunity.objects.get().name == "Asks for prices"


def test_a_converted_lead_is_history(owner: User) -> None:
    lead = full_lead(owner)
    convert_lead(lead, actor=owner)
    for change in (
        lambda: update_lead(lead, actor=owner, name="New"),
        lambda: lose_lead(lead, actor=owner, reason=None),
        lambda: archive_lead(lead, actor=owner),
    ):
        with pytest.raises(ValidationError, match="was converted and is kept as history"):
            change()


def test_an_opportunity_that_is_gone_is_said_clearly(owner: User) -> None:
    lead = full_lead(owner)
    convert_lead(lead, actor=owner).opportunity.delete()
    with pytest.raises(ValidationError, match="its opportunity is gone"):
        convert_lead(lead, actor=owner)


def test_what_the_person_chose_wins(owner: User, stages: dict[str, Stage]) -> None:
    account = AccountFactory.create()
    contact = ContactFactory.create()
    done = convert_lead(
        full_lead(owner),
        actor=owner,
        account=account,
        contact=contact,
        name="Big deal",
        amount=Decimal(9),
        stage=stages["proposal"],
    )
    assert (done.account, done.contact) == (account, contact)
    assert (done.opportunity.name, done.opportunity.amount, done.opportunity.probability) == (
        "Big deal",
        Decimal(9),
        Decimal(50),
    )
    contact.refresh_from_db()
    assert contact.account == account
    assert (Account.objects.count(), Contact.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("values", "account_name", "contact_name"),
    [
        ({"company_name": "Ufer", "contact_name": "Ann", "email": "a@example.com"}, "Ufer", "Ann"),
        ({"company_name": "Ufer", "contact_name": "", "email": "a@example.com"}, "Ufer", ""),
        ({"company_name": "", "contact_name": "Ann", "email": ""}, "", "Ann"),
        ({"company_name": "", "contact_name": "", "email": "a@example.com"}, "", "a@example.com"),
        ({"company_name": "", "contact_name": "", "email": ""}, "", ""),
    ],
)
def test_what_is_made_depends_on_the_names(
    owner: User, values: dict[str, str], account_name: str, contact_name: str
) -> None:
    lead = LeadFactory.create(**values)
    plan = plan_conversion(lead)
    assert (plan.account_name, plan.contact_name) == (account_name, contact_name)
    done = convert_lead(lead, actor=owner)
    assert (str(done.account or ""), str(done.contact or "")) == (account_name, contact_name)


def test_the_contacts_account_is_used(owner: User) -> None:
    contact = ContactFactory.create(account=AccountFactory.create())
    done = convert_lead(LeadFactory.create(contact=contact), actor=owner)
    assert (done.account, done.contact, Account.objects.count()) == (contact.account, contact, 1)


@pytest.mark.parametrize("broken", ["lost", "archived", "other_account", "archived_account", "bad_amount"])
def test_what_does_not_fit_is_refused_and_nothing_is_left(owner: User, broken: str) -> None:
    lead = full_lead(owner)
    values: dict[str, Any] = {
        "lost": lambda: lose_lead(lead, actor=owner, reason=None) and {},
        "archived": lambda: archive_lead(lead, actor=owner) and {},
        "other_account": lambda: {
            "account": AccountFactory.create(),
            "contact": ContactFactory.create(account=AccountFactory.create()),
        },
        "archived_account": lambda: {"account": AccountFactory.create(archived_at=lead.created_at)},
        "bad_amount": lambda: {"amount": Decimal(10) ** 20},
    }[broken]()
    accounts, contacts = Account.objects.count(), Contact.objects.count()
    with pytest.raises(ValidationError):
        convert_lead(lead, actor=owner, **values)
    assert (Opportunity.objects.count(), Account.objects.count(), Contact.objects.count()) == (0, accounts, contacts)
    lead.refresh_from_db()
    assert lead.converted_at is None


def test_a_stale_lead_is_not_converted(owner: User) -> None:
    lead = full_lead(owner)
    update_lead(lead, actor=owner, name="Changed")
    with pytest.raises(StaleVersionError):
        convert_lead(lead, actor=owner, expected_version=1)


def test_what_hung_on_the_lead_hangs_on_the_opportunity_too(owner: User) -> None:
    lead = full_lead(owner)
    makers = (ActivityFactory, TaskFactory, NoteFactory, CommunicationLogFactory)
    rows = [maker.create(lead=lead) for maker in makers]
    foreign = TaskFactory.create(lead=LeadFactory.create())
    deal = convert_lead(lead, actor=owner).opportunity
    for row in rows:
        row.refresh_from_db()
        assert (row.lead, row.opportunity, row.version) == (lead, deal, 2)
    foreign.refresh_from_db()
    assert foreign.opportunity is None


def test_the_binding_moves_with_its_external_id_and_one_message_waits(
    owner: User, connection_to_odoo: Connection
) -> None:
    lead = full_lead(owner)
    before = Binding.objects.get(object_uuid=lead.uuid)
    Binding.objects.filter(pk=before.pk).update(remote_id=77, state=Binding.State.BOUND)
    deal = convert_lead(lead, actor=owner).opportunity
    after = Binding.objects.get(remote_model="crm.lead")
    assert (after.pk, after.remote_id, after.external_name) == (before.pk, 77, before.external_name)
    assert (after.object_uuid, after.content_type) == (deal.uuid, content_type_of(deal))
    waiting = OutboxMessage.objects.filter(remote_model="crm.lead", status="waiting")
    assert [row.object_uuid for row in waiting] == [deal.uuid]
    assert OutboxMessage.objects.get(object_uuid=lead.uuid).status == "superseded"


def test_a_lead_never_sent_gives_one_crm_lead_too(owner: User, connection_to_odoo: Connection) -> None:
    lead = LeadFactory.create()
    deal = convert_lead(lead, actor=owner).opportunity
    assert Binding.objects.get(remote_model="crm.lead").object_uuid == deal.uuid

"""E-mail and phone of a lead with a customer are the customer's."""

from __future__ import annotations

import pytest

from crm.models import Account, Contact, User
from crm.services import contacts, pipeline
from leads import services as leads
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory

pytestmark = pytest.mark.django_db


def test_a_leads_phone_goes_to_its_contact(admin_user: User) -> None:
    contact: Contact = ContactFactory.create(phone="1", email="old@example.com")
    lead = LeadFactory.create(contact=contact, account=None, phone="1", email="old@example.com")
    leads.update_lead(lead, actor=admin_user, phone="2", job_title="CTO")
    contact.refresh_from_db()
    assert (contact.phone, contact.email) == ("2", "old@example.com")


def test_a_deals_mail_goes_to_its_account_when_it_has_no_contact(admin_user: User) -> None:
    account: Account = AccountFactory.create(email="old@example.com")
    deal = OpportunityFactory.create(account=account, contact=None, email="old@example.com")
    pipeline.update_opportunity(deal, actor=admin_user, email="new@example.com")
    account.refresh_from_db()
    assert account.email == "new@example.com"


def test_a_customer_in_the_trash_is_left_alone(admin_user: User) -> None:
    contact = contacts.archive_contact(ContactFactory.create(phone="1"), actor=admin_user)
    lead = LeadFactory.create(contact=contact, account=None, phone="1")
    leads.update_lead(lead, actor=admin_user, phone="2")
    contact.refresh_from_db()
    assert contact.phone == "1"


def test_a_lead_without_customer_keeps_its_own(admin_user: User) -> None:
    lead = LeadFactory.create(contact=None, account=None, phone="1")
    assert leads.update_lead(lead, actor=admin_user, phone="2").phone == "2"

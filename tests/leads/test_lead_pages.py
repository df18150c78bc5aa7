"""Converting a lead in the workspace: who it may be is offered with the reason, and it is done in one step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Account, Contact, Opportunity, Stage, User
from leads.models import Lead
from leads.services import create_lead, lose_lead
from tests.factories import AccountFactory, ContactFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stages")]


@pytest.fixture
def me(client: Client) -> User:
    """A seller who is signed in."""
    user = UserFactory()
    client.force_login(user)
    return user


@pytest.fixture
def lead(me: User) -> Lead:
    return create_lead(
        actor=me,
        name="Asks for prices",
        contact_name="Renée Keller",
        company_name="Ufer GmbH",
        email="renee@ufer.example.com",
        expected_revenue=Decimal(1200),
        owner=me,
    )


def page(lead: Lead) -> str:
    return reverse("workspace:do", args=("leads", lead.uuid, "convert"))


def filled(**values: Any) -> dict[str, Any]:
    stage = Stage.objects.filter(is_won=False, is_lost=False)[0]
    return {"account": "", "contact": "", "name": "Sensors", "amount": "1200", "stage": stage.pk, **values}


def test_without_a_choice_account_and_contact_are_made(client: Client, lead: Lead) -> None:
    asked = client.get(page(lead)).content.decode()
    answer = client.post(page(lead), filled())

    deal = Opportunity.objects.get()
    assert "Make a new one: Ufer GmbH" in asked
    assert "Make a new one: Renée Keller" in asked
    assert answer["Location"] == reverse("workspace:record", args=("opportunities", deal.uuid))
    assert (deal.name, deal.account, deal.contact) == ("Sensors", Account.objects.get(), Contact.objects.get())


def test_who_it_may_be_is_offered_with_the_reason_and_used(client: Client, lead: Lead, me: User) -> None:
    account = AccountFactory(name="Ufer AG", manager=me)
    contact = ContactFactory(name="R. Keller", email="Renee@Ufer.example.com", owner=me, account=account)

    asked = client.get(page(lead)).content.decode()
    client.post(page(lead), filled(account=account.pk, contact=contact.pk))

    deal = Opportunity.objects.get()
    assert "same name" in asked
    assert "same e-mail" in asked
    assert (deal.account, deal.contact, Account.objects.count(), Contact.objects.count()) == (account, contact, 1, 1)


def test_a_strangers_account_is_neither_offered_nor_taken(client: Client, lead: Lead) -> None:
    hidden = AccountFactory(name="Ufer GmbH Zwei", manager=UserFactory())

    asked = client.get(page(lead)).content.decode()
    answer = client.post(page(lead), filled(account=hidden.pk))

    assert "Zwei" not in asked
    assert (answer.status_code, Opportunity.objects.exists()) == (422, False)


@pytest.mark.parametrize("wrong", [{"amount": "a lot"}, {"amount": "-1"}, {"name": ""}, {"stage": "0"}])
def test_what_does_not_fit_comes_back_with_what_was_typed(client: Client, lead: Lead, wrong: dict[str, str]) -> None:
    answer = client.post(page(lead), filled(**wrong))

    assert (answer.status_code, Opportunity.objects.exists()) == (422, False)
    assert "Nothing was saved yet" in answer.content.decode()


def test_a_lead_that_is_converted_or_lost_is_not_asked_about(client: Client, lead: Lead, me: User) -> None:
    client.post(page(lead), filled())
    again = client.post(page(lead), filled(), follow=True).content.decode()
    lost = create_lead(actor=me, name="Gone", owner=me)
    lose_lead(lost, actor=me, reason=None)

    assert "This lead was converted" in again
    assert Opportunity.objects.count() == 1
    assert "That cannot be done with “Gone” now." in client.get(page(lost), follow=True).content.decode()

"""Converting a lead over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from crm.models import Opportunity, Stage, User
from leads.services import lose_lead
from tests.factories import AccountFactory, LeadFactory


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_lead_becomes_account_contact_and_opportunity_once(owner: User, stages: dict[str, Stage]) -> None:
    lead = LeadFactory.create(owner=owner)
    here = f"/api/v1/leads/{lead.uuid}/convert/"

    first = client_of(owner).post(here, {"name": "The deal", "amount": "50.00"}, format="json")
    again = client_of(owner).post(here)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    deal = Opportunity.objects.get()
    assert (str(deal.uuid), deal.name, str(deal.amount)) == (first.json()["opportunity"], "The deal", "50.00")
    assert (str(deal.account.uuid), str(deal.contact.uuid)) == (first.json()["account"], first.json()["contact"])
    assert first.json()["lead"] == str(lead.uuid)


def test_a_lead_without_a_company_becomes_no_account(owner: User, stages: dict[str, Stage]) -> None:
    lead = LeadFactory.create(owner=owner, company_name="")
    answer = client_of(owner).post(f"/api/v1/leads/{lead.uuid}/convert/")
    assert (answer.status_code, answer.json()["account"]) == (201, None)


def test_strangers_and_readers_convert_nothing(
    owner: User, stranger: User, reader: User, stages: dict[str, Stage]
) -> None:
    here = f"/api/v1/leads/{LeadFactory.create(owner=owner).uuid}/convert/"
    assert [client_of(user).post(here).status_code for user in (stranger, reader)] == [404, 403]
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize("body", [{"account": "x"}, {"amount": "much"}, {"stage": 7}, {"close_date": "soon"}])
def test_a_bad_value_is_refused_beside_its_field(body: dict[str, Any], owner: User, stages: dict[str, Stage]) -> None:
    lead = LeadFactory.create(owner=owner)
    answer = client_of(owner).post(f"/api/v1/leads/{lead.uuid}/convert/", body, format="json")
    assert (answer.status_code, set(answer.json()["errors"])) == (400, set(body))
    assert not Opportunity.objects.exists()


def test_the_account_of_a_stranger_is_none_to_convert_to(owner: User, stranger: User, stages: dict[str, Stage]) -> None:
    lead, account = LeadFactory.create(owner=stranger), AccountFactory.create(manager=owner)
    here = f"/api/v1/leads/{lead.uuid}/convert/"
    answer = client_of(stranger).post(here, {"account": str(account.uuid)}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["account"])


def test_a_lost_lead_is_reopened_first(owner: User, stages: dict[str, Stage]) -> None:
    lead = lose_lead(LeadFactory.create(owner=owner), actor=owner, reason=None)
    answer = client_of(owner).post(f"/api/v1/leads/{lead.uuid}/convert/")
    assert (answer.status_code, answer.json()["errors"]) == (400, {})
    assert lead.name in answer.json()["detail"]

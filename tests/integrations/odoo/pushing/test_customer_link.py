"""A customer given to a known lead: Odoo puts all that he has over the lead's own, unless the row says otherwise."""

from __future__ import annotations

import pytest

from crm.models import User
from crm.services.contacts import create_contact
from crm.services.pipeline import create_opportunity, update_opportunity
from leads.services import create_lead, update_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db(transaction=True)

OWN = {"company_name": "Own Ltd", "job_title": "Clerk", "website": "http://own.example.com"}
ADDRESS = {"street": "Own 2", "postal_code": "99999", "city": "Ownville"}
COLUMNS = ("partner_name", "function", "website", "street", "zip", "city")


@pytest.fixture
def customer(admin_user: User) -> dict[str, object]:
    """A contact with everything, as keyword for the services."""
    contact = create_contact(
        actor=admin_user, name="Cora", job_title="Boss", website="http://cora.example.com", street="Hers 1", city="Bonn"
    )
    return {"contact": contact}


@pytest.mark.parametrize("series", [16, 18, 19])
def test_a_lead_keeps_its_contact_columns_and_its_whole_address(
    synced: TwoSides, admin_user: User, customer: dict[str, object]
) -> None:
    lead = create_lead(actor=admin_user, name="Press", contact_name="Otto", **OWN, **ADDRESS)  # type: ignore[arg-type]
    synced.settle()

    update_lead(lead, actor=admin_user, **customer)  # type: ignore[arg-type]
    synced.settle()

    lead.refresh_from_db()
    there = synced.there(lead)
    assert there["partner_id"] == synced.remote_id(customer["contact"])
    assert [there[name] for name in COLUMNS] == [*OWN.values(), *ADDRESS.values()]
    assert [getattr(lead, name) for name in (*OWN, *ADDRESS)] == [*OWN.values(), *ADDRESS.values()]


def test_an_opportunity_keeps_the_address_that_only_odoo_knows(
    synced: TwoSides, admin_user: User, customer: dict[str, object], stages: dict[str, object]
) -> None:
    deal = create_opportunity(actor=admin_user, name="Press")
    synced.settle()
    remote = synced.remote_id(deal)
    synced.control.write("crm.lead", [remote], street="Own 2", country_id=57)
    synced.settle()

    update_opportunity(deal, actor=admin_user, **customer)  # type: ignore[arg-type]
    synced.settle()

    there = synced.there(deal)
    assert (there["street"], there["city"], there["country_id"]) == ("Own 2", False, 57)

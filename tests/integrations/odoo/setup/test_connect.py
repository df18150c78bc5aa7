"""Who is a customer and who a colleague, among the partners and users that every Odoo has from its first day."""

from __future__ import annotations

import pytest

from crm.models import Contact, User
from integrations.odoo.pulling.references import refresh
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("series", [16, 18, 19])
def test_the_visitor_and_the_patterns_for_new_users_are_no_contacts(synced: TwoSides) -> None:
    names = {row["name"] for row in synced.control.dump("res.partner")}

    assert {"Public user", "Portal User Template"} <= names
    assert not Contact.objects.exists()


def test_customers_with_portal_access_stay_contacts_and_become_no_colleagues(synced: TwoSides) -> None:
    customer = synced.control.create("res.partner", name="Petra Portal", email="petra@example.com")
    user = synced.control.create("res.users", name="Petra Portal", login="petra@example.com", partner_id=customer)
    synced.control.patch("res.users", [user], share=True)

    synced.pull()
    with synced.session() as session:
        refresh(session, "res.users")

    assert Contact.objects.get().name == "Petra Portal"
    assert User.objects.filter(email="mira@example.com").exists()
    assert not User.objects.filter(email="petra@example.com").exists()

"""The sync page in a browser: what stands still is named with its reason, and each line leads to where it is mended."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Connection, OutboxMessage, PullCursor, content_type_of
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_connection_it_leads_to_making_one(page: Page) -> None:
    page.goto("/admin/sync/")
    page.get_by_role("link", name="Connect an Odoo").click()
    expect(page).to_have_url("/admin/integrations/connection/add/")


def test_a_paused_connection_and_a_parked_message_are_named_and_lead_on(
    page: Page, connection_to_odoo: Connection
) -> None:
    account = AccountFactory.create(name="Acme")
    OutboxMessage.objects.create(
        connection=connection_to_odoo,
        remote_model="res.partner",
        content_type=content_type_of(account),
        object_uuid=account.uuid,
        kind=OutboxMessage.Kind.STATE,
        status=OutboxMessage.Status.PARKED,
        reason=OutboxMessage.Reason.BAD_DATA,
        explanation="Odoo refuses the VAT number.",
    )
    Connection.objects.update(state=Connection.State.PAUSED, state_reason="The key has ended.")
    page.goto("/admin/sync")
    lines = page.get_by_role("region", name="What needs attention")
    expect(lines).to_contain_text("The connection is paused: The key has ended.")
    expect(lines).to_contain_text("1 change was refused and is set aside.")
    lines.get_by_role("link", name="Look at them").click()
    expect(page.locator("body")).to_contain_text("Odoo refuses the VAT number.")


def test_a_field_of_your_own_that_odoo_lacks_leads_to_the_map(page: Page, connection_to_odoo: Connection) -> None:
    entry = {"model": "crm.lead", "name": "x_gone", "label": "Gone", "type": "char", "direction": "both", "token": "a1"}
    Connection.objects.update(own_fields=[entry])
    PullCursor.objects.create(connection=connection_to_odoo, remote_model="crm.lead", own_lacking=["x_gone"])
    page.goto("/admin/sync/")
    lines = page.get_by_role("region", name="What needs attention")
    expect(lines).to_contain_text("Odoo has “x_gone” no more as it was mapped.")
    lines.get_by_role("link", name="Own fields").click()
    expect(page.locator("fieldset").first).to_contain_text("Odoo does not have this field any more")

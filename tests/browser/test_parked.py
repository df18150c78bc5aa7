"""Parked messages and field rules in a browser, by keyboard alone and with wrong input."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Contact
from integrations.models import Connection, OutboxMessage, content_type_of
from tests.factories import AccountFactory, ContactFactory
from tests.support.conflicts import conflict_of

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = OutboxMessage.Status
HERE = "/admin/sync/parked/"


@pytest.fixture
def parked(connection_to_odoo: Connection) -> OutboxMessage:
    contact = ContactFactory.create(name="Carla", email="wrong")
    return OutboxMessage.objects.create(
        connection=connection_to_odoo,
        remote_model="res.partner",
        content_type=content_type_of(contact),
        object_uuid=contact.uuid,
        status=STATUS.PARKED,
        reason="bad_data",
        explanation="Odoo does not take this e-mail.",
        attempts=3,
    )


def test_a_message_is_corrected_and_sent_again_by_keyboard(page: Page, parked: OutboxMessage) -> None:
    page.goto(HERE)
    page.get_by_role("link", name="Open", exact=True).press("Enter")
    expect(page.locator("body")).to_contain_text("email = wrong")
    page.get_by_label("E-mail").fill("carla@example.com")
    page.get_by_label("E-mail").press("Enter")
    expect(page.locator("body")).to_contain_text("It is on the way again.")
    expect(page.locator("body")).to_contain_text("Nothing is parked")
    assert Contact.objects.get().email == "carla@example.com"
    assert OutboxMessage.objects.filter(status=STATUS.WAITING).count() == 1


def test_a_bad_value_is_told_at_its_field_and_what_was_typed_stays(page: Page, parked: OutboxMessage) -> None:
    page.goto(f"{HERE}{parked.pk}/")
    page.get_by_label("E-mail").fill("typed@example.com")
    page.get_by_label("Name", exact=True).evaluate("field => field.removeAttribute('required')")
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".tandem-error")).to_have_text("This field is required.")
    expect(page.get_by_label("E-mail")).to_have_value("typed@example.com")
    parked.refresh_from_db()
    assert parked.status == STATUS.PARKED


def test_dropping_wants_a_reason(page: Page, parked: OutboxMessage) -> None:
    page.goto(HERE)
    page.get_by_role("button", name="Drop with a reason").click()
    expect(page.locator("body")).to_contain_text("Choose at least one message.")
    page.get_by_label(f"Choose message {parked.pk}").check()
    page.get_by_role("button", name="Drop with a reason").click()
    page.locator("#id_why").evaluate("field => field.removeAttribute('required')")
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(page.locator("body")).to_contain_text("This field is required.")
    page.locator("#id_why").fill("Made by mistake")
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(page.locator("body")).to_contain_text("1 record: dropped.")
    parked.refresh_from_db()
    assert (parked.status, parked.explanation.partition("\n")[0]) == (STATUS.DROPPED, "Ada: Made by mistake")


def test_the_effect_of_a_rule_is_shown_and_then_it_is_saved(page: Page, connection_to_odoo: Connection) -> None:
    account = AccountFactory.create(name="Acme", phone="o")
    conflict_of(connection_to_odoo, account, "phone", base="1", here="h", odoo="o", status="by_rule")
    page.goto("/admin/sync/rules/")
    page.locator('[name="rule:res.partner.phone"]').select_option("here")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_role("status").first).to_contain_text("1 of the last 1 conflicts would have ended differently.")
    assert Connection.objects.get().field_rules == {}
    page.get_by_role("button", name="Save these rules").click()
    expect(page.locator("body")).to_contain_text("The rules are kept.")
    assert Connection.objects.get().field_rules == {"res.partner.phone": "here"}


def test_a_rule_that_is_none_is_told(page: Page, connection_to_odoo: Connection) -> None:
    page.goto("/admin/sync/rules/")
    rule = page.locator('[name="rule:res.partner.phone"]')
    rule.evaluate("one => { one.options[1].value = 'sometimes'; one.selectedIndex = 1; }")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("body")).to_contain_text("“sometimes” is no rule for res.partner.phone")
    assert Connection.objects.get().field_rules == {}

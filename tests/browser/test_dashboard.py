"""The dashboard in a browser: its buttons copy, and its links lead on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integrations.eventlog import EventLog
from integrations.models import Connection
from integrations.odoo.wire.target import CallRecord

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_address_is_copied_and_told(page: Page, connection_to_odoo: Connection) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/admin/crm")
    page.get_by_role("button", name="Copy: Webhook address").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("/api/v1/integrations/odoo")


def test_copying_works_without_the_clipboards_permission(page: Page, connection_to_odoo: Connection) -> None:
    page.goto("/admin/crm/")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    button = page.get_by_role("button", name="Copy: Header")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_contain_text("Copied")
    expect(button).to_be_focused()


def test_an_event_opens_from_the_list(page: Page, connection_to_odoo: Connection) -> None:
    log = EventLog(connection_to_odoo)
    log.call(CallRecord("crm.lead", "load", 0.1, False, "RightMissing", 1, 1, 1, remote_id=7))
    log.flush()
    page.goto("/admin/crm/")
    expect(page.locator("#events")).to_contain_text("A right is missing")
    page.get_by_role("link", name="Open the event Write").click()
    expect(page.locator("body")).to_contain_text("Leads and opportunities")

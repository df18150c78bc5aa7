"""The configuration page in a browser: bad input is told and kept, the connection is tried, values are in force."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Connection, SyncOption

pytestmark = pytest.mark.django_db(transaction=True)


def test_bad_input_is_told_at_its_field_and_stays_there(page: Page, connection_to_odoo: Connection) -> None:
    page.goto("/admin/sync/settings")
    page.locator("#id_poll_seconds").fill("soon")
    page.locator("#id_alert_recipients").fill("nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(page.locator("#id_poll_seconds_error")).to_have_text("Enter a whole number from 5 to 3600.")
    expect(page.locator("#id_alert_recipients_error")).to_have_text("“nobody” is no e-mail address.")
    expect(page.locator("#id_poll_seconds")).to_have_value("soon")
    assert not SyncOption.objects.exists()


def test_a_saved_value_is_in_force(page: Page, connection_to_odoo: Connection) -> None:
    page.goto("/admin/sync/settings/")
    page.locator("#id_poll_seconds").fill("20")
    page.locator("#id_poll_seconds").press("Enter")
    expect(page.locator("body")).to_contain_text("In force: 20, from this page.")


def test_an_odoo_that_is_away_is_a_sentence(page: Page, connection_to_odoo: Connection) -> None:
    Connection.objects.update(url="http://127.0.0.1:1", secret="")
    page.goto("/admin/sync/settings/")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("body")).to_contain_text("The test failed:")

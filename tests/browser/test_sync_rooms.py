"""Calls, key, webhooks, language: what a person sees who types something wrong, and then something right."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from integrations.models import Connection
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_limits_out_of_range_are_told_and_good_ones_kept(page: Page, odoo: RunningSandbox) -> None:
    page.goto("/admin/sync/budget/")
    field = page.locator("#id_sync_per_minute")
    field.evaluate("field => { field.removeAttribute('min'); field.removeAttribute('max') }")
    field.fill("5")
    page.get_by_role("button", name="Save limits").click()
    expect(page.locator("body")).to_contain_text("greater than or equal to 10")
    page.locator("#id_sync_per_minute").fill("450")
    page.get_by_role("button", name="Save limits").click()
    expect(page.locator("body")).to_contain_text("The new limits hold")
    assert Connection.objects.get().sync_per_minute == 450


def test_a_wrong_key_changes_nothing_and_a_good_one_is_switched_to(page: Page, odoo: RunningSandbox) -> None:
    odoo.control.request("POST", "add_key", {"user": odoo.username, "key": "brand-new-key"})
    page.goto("/admin/sync/key/")
    page.locator("#id_key").fill("nonsense")
    page.get_by_role("button", name="Test the new key").click()
    expect(page.locator("body")).to_contain_text("Odoo does not accept this key")
    expect(page.locator("#id_key")).to_have_value("")
    page.locator("#id_key").fill("brand-new-key")
    page.locator("#id_key").press("Enter")
    expect(page.locator('[data-step="switch"]')).to_have_attribute("aria-current", "step")
    assert Connection.objects.get().secret == odoo.api_key
    page.get_by_role("button", name="Use the new key").click()
    expect(page.locator('[data-step="revoke"]')).to_have_attribute("aria-current", "step")
    page.get_by_role("button", name="I have deleted it").click()
    expect(page.locator("body")).to_contain_text("The old key still works.")
    page.get_by_role("button", name="Leave the old key as it is").click()
    expect(page.locator('[data-step="make"]')).to_have_attribute("aria-current", "step")
    assert Connection.objects.get().secret == "brand-new-key"


def test_a_wrong_administrator_is_told_and_a_right_one_makes_the_rules(
    page: Page, odoo: RunningSandbox, settings: LazySettings
) -> None:
    settings.ODOO_WEBHOOK_KEYS = ["test-key-one"]
    page.goto("/admin/sync/webhooks/")
    page.locator("#id_new-login").fill("admin")
    page.locator("#id_new-key").fill("nonsense")
    page.get_by_role("button", name="Make the rules in Odoo").click()
    expect(page.locator("body")).to_contain_text("does not accept this administrator")
    assert odoo.control.dump("base.automation") == []
    page.locator("#id_new-key").fill(odoo.admin_key)
    page.get_by_role("button", name="Make the rules in Odoo").click()
    expect(page.locator("body")).to_contain_text("Odoo calls us from now on for")
    assert len(odoo.control.dump("base.automation")) == 4


def test_the_language_is_chosen_from_what_odoo_offers(page: Page, odoo: RunningSandbox) -> None:
    page.goto("/admin/sync/context/")
    expect(page.locator("#id_language")).to_contain_text("English (US)")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("Every call says so from now on.")

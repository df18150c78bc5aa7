"""The page before an upgrade in a browser: what it finds, a series that is none, and an Odoo that is away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Connection
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_next_series_is_compared_with_the_live_database(page: Page, odoo: RunningSandbox) -> None:
    page.goto("/admin/sync/drift")
    page.get_by_label("Upgrade to Odoo").select_option("19")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("status")).to_have_text("From Odoo 18 to 19")
    expect(page.locator(".tandem-finding").first).to_be_visible()
    expect(page.locator("body")).to_contain_text("mobile")
    assert odoo.api_key not in page.content()


def test_a_series_that_is_none_is_told_and_the_page_stays(page: Page, odoo: RunningSandbox) -> None:
    page.goto("/admin/sync/drift/")
    page.locator("#to").evaluate("list => { list.options[0].value = '7'; list.value = '7' }")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("body")).to_contain_text("Name a later series")
    expect(page.get_by_role("button", name="Compare")).to_be_visible()


def test_an_odoo_that_is_away_is_a_sentence(page: Page, odoo: RunningSandbox) -> None:
    Connection.objects.update(url="http://127.0.0.1:1")
    page.goto("/admin/sync/drift/")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("button", name="Compare")).to_be_visible()
    expect(page.locator(".tandem-finding")).to_have_count(0)
    expect(page.locator("body")).to_contain_text("could not be reached")

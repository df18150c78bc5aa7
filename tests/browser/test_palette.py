"""The keyboard by hand: the palette, the keys that go somewhere, the sheet that lists them, and silence in fields."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import User
from crm.nouns import url_of
from tests.factories import AccountFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_palette_finds_records_and_actions_by_keyboard_alone(page: Page, admin_user: User) -> None:
    alder, _birch = (AccountFactory.create(name=name, manager=admin_user) for name in ("Alder GmbH", "Alder Ltd"))
    page.goto("/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search records, pages and actions")
    expect(box).to_be_focused()
    box.fill("alder")
    options = page.get_by_role("option")
    expect(options.filter(has_text="Alder")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    box.fill("alder gmbh")
    expect(options.filter(has_text="Alder")).to_have_count(2)
    page.keyboard.press("Enter")
    page.wait_for_url("**" + url_of(alder))

    page.keyboard.press("/")
    expect(options.first).to_contain_text("Alder GmbH")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#palette input")).not_to_be_focused()  # the browser takes it away with its next frame
    page.keyboard.press("/")
    box.fill("new lead")
    expect(options.first).to_contain_text("New lead")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/new/")


def test_keys_go_to_nouns_and_never_fire_in_a_field(page: Page, admin_user: User) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/leads/")
    search = page.get_by_role("searchbox")
    search.press_sequentially("g a ? / c l")
    expect(search).to_have_value("g a ? / c l")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert "/leads/" in page.url
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to")
    page.keyboard.press("g")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.press("l")
    page.wait_for_url("**/leads/new/")


def test_the_page_of_results_works_by_its_address(page: Page, admin_user: User) -> None:
    AccountFactory.create(name="Alder GmbH", manager=admin_user)
    page.goto("/")
    page.get_by_role("searchbox").fill("alder")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/search/?q=alder")
    expect(page.get_by_role("link", name="Alder GmbH")).to_be_visible()

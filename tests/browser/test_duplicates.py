"""Duplicates in the browser: found, compared, merged, taken back; a word while one is typed again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Account, User
from tests.browser.test_accessibility import look
from tests.factories import AccountFactory, ContactFactory, TagFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pair(admin_user: User) -> tuple[Account, Account]:
    """Two accounts of one firm."""
    one = AccountFactory(name="Miller Pumps", email="info@miller.example", phone="030 1", city="", manager=admin_user)
    other = AccountFactory(
        name="Miller Pumps Ltd", email="info@miller.example", phone="030 2", city="Berlin", tags=[TagFactory()]
    )
    ContactFactory(name="Ann", account=other)
    return one, other


def test_two_accounts_are_found_merged_and_taken_back(page: Page, pair: tuple[Account, Account]) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/accounts/")
    page.get_by_role("link", name="Duplicates").click()
    serious = look(page, "finder")

    page.get_by_role("button", name="Compare and merge").click()
    serious += look(page, "side by side")
    page.get_by_role("group", name="Phone").get_by_label("030 2").check()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", name="Miller Pumps", exact=True)).to_be_visible()
    serious += look(page, "merged")
    expect(page.get_by_role("complementary").get_by_role("link", name="Ann")).to_be_visible()
    merged = Account.objects.get(name="Miller Pumps")
    page.get_by_role("button", name="Take the merge back").click()
    expect(page.get_by_text("is a record of its own again")).to_be_visible()

    assert (merged.phone, merged.city) == ("030 2", "Berlin")
    assert Account.objects.get(name="Miller Pumps").phone == "030 1"
    assert serious == []


def test_who_types_it_again_hears_of_it_on_a_phone(page: Page, pair: tuple[Account, Account]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.goto("/accounts/new/")

    page.get_by_label("Name").fill("Miller Pumps")
    expect(page.locator("#alike").get_by_role("link", name="Miller Pumps Ltd")).not_to_be_visible()
    page.get_by_label("E-mail").fill("info@miller.example")

    expect(page.locator("#alike").get_by_role("link", name="Miller Pumps Ltd")).to_be_visible()
    assert look(page, "the word about it") == []

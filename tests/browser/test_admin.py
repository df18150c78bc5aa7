"""The admin as people see it: it opens, finds, saves, and says no in words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Account
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_wrong_password_is_told(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/admin/login/")
    page.locator("#id_username").fill("admin@example.com")
    page.locator("#id_password").fill("not the password")
    page.locator("#id_password").press("Enter")
    expect(page.locator("body")).to_contain_text("Please enter the correct")


def test_an_account_is_made_and_found_by_any_case(page: Page) -> None:
    page.goto("/admin/crm/account/add/")
    page.locator("#id_name").fill("Müller & Söhne")
    page.locator("#id_phone").fill("+49 30 1234567")
    page.locator('[name="_save"]').first.click()
    page.wait_for_url("**/admin/crm/account/")
    page.goto("/admin/crm/account/?q=MÜLLER")
    expect(page.locator("#result_list")).to_contain_text("Müller & Söhne")
    assert Account.objects.get().phone == "+49 30 1234567"


def test_an_edit_is_saved_and_raises_the_version(page: Page) -> None:
    account = AccountFactory.create(name="Adria Energie")
    page.goto(f"/admin/crm/account/{account.pk}/change/")
    page.locator("#id_phone").fill("+385 1 555")
    page.locator('[name="_continue"]').first.click()
    expect(page.locator("#id_phone")).to_have_value("+385 1 555")
    saved = Account.objects.get()
    assert (saved.phone, saved.version) == ("+385 1 555", account.version + 1)


def test_a_missing_name_is_told_at_the_field(page: Page) -> None:
    page.goto("/admin/crm/account/add/")
    page.locator("#id_name").evaluate("field => field.removeAttribute('required')")
    page.locator('[name="_save"]').first.click()
    expect(page.locator("body")).to_contain_text("This field is required")
    assert not Account.objects.exists()

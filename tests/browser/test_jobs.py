"""A change of many rows in the browser: shown, begun, watched to its end, put back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Account, User
from crm.services import jobs
from tests.browser.test_accessibility import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_many_rows_are_changed_by_a_job_that_is_watched_and_put_back(page: Page, admin_user: User) -> None:
    rows = [Account(name=f"Account {n:03}", type="customer", manager=admin_user, search_text="x") for n in range(230)]
    Account.objects.bulk_create(rows)
    page.goto("/accounts/")
    page.get_by_label("Select all on this page").check()
    page.get_by_label("All 230 that match").check()
    page.get_by_role("button", name="Type", exact=True).click()
    page.get_by_role("dialog").get_by_label("Type").select_option("dealer")
    page.get_by_role("button", name="Change 230").click()

    expect(page.get_by_role("progressbar")).to_be_visible()
    serious = look(page, "waiting")
    page.get_by_role("button", name="Long work").click()
    expect(page.locator("#bell").get_by_role("link", name="Accounts: Type")).to_be_visible()
    jobs.work_off()
    expect(page.get_by_text("Done · 100 %")).to_be_visible(timeout=10_000)
    serious += look(page, "ended")
    dealers = Account.objects.filter(type="dealer").count()
    page.get_by_role("button", name="Put back what it changed").click()
    jobs.work_off()
    expect(page.get_by_text("Done · 100 %")).to_be_visible(timeout=10_000)
    page.goto("/jobs/")
    serious += look(page, "the list of jobs")

    assert (dealers, Account.objects.filter(type="dealer").count()) == (230, 0)
    assert serious == []

"""What was typed outlives a session that ended and a network that dropped, until the server has saved it."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from crm.models import Account, Note, User
from crm.nouns import url_of
from tests.browser.conftest import PASSWORD
from tests.factories import AccountFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('tandem-draft:')).length"


@pytest.fixture
def account(admin_user: User) -> Account:
    return AccountFactory.create(name="Alder GmbH", manager=admin_user)


def sign_in(page: Page, user: User) -> None:
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")


def test_a_note_comes_back_after_the_session_ended_and_is_saved_once(
    page: Page, account: Account, admin_user: User
) -> None:
    page.goto(url_of(account))
    page.get_by_role("link", name="Note", exact=True).click()
    page.locator("#composer").get_by_label("Note").fill("They call back on Friday")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save note").click()
    sign_in(page, admin_user)
    expect(page.get_by_label("Note")).to_have_value("They call back on Friday")
    expect(page.locator("#toasts")).to_contain_text("What you had typed here is back.")

    page.get_by_role("button", name="Save note").click()

    expect(page.locator(".tandem-timeline")).to_contain_text("They call back on Friday")
    assert Note.objects.count() == 1
    assert page.evaluate(DRAFTS) == 0
    page.get_by_role("link", name="Note", exact=True).click()
    expect(page.locator("#composer").get_by_label("Note")).to_have_value("")


def test_without_a_network_the_form_stays_and_says_so(page: Page, account: Account) -> None:
    page.goto(f"{url_of(account)}edit/")
    page.get_by_label("Employees").fill("12")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("What you typed is kept here")
    expect(page.get_by_label("Employees")).to_have_value("12")

    page.context.set_offline(False)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("Saved.")
    account.refresh_from_db()
    assert account.employees == 12


def test_only_what_was_typed_comes_back_over_what_others_saved_meanwhile(page: Page, account: Account) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{url_of(account)}edit/")
    page.get_by_label("Employees").fill("12")
    page.goto("/accounts/")
    Account.objects.update(website="https://alder.example")
    page.goto(f"{url_of(account)}edit/")
    expect(page.get_by_label("Employees")).to_have_value("12")
    expect(page.get_by_label("Website")).to_have_value("https://alder.example")

    page.get_by_role("link", name="Cancel").click()
    page.goto(f"{url_of(account)}edit/")

    expect(page.get_by_label("Employees")).not_to_have_value("12")


def test_nobody_finds_the_draft_of_another_person(page: Page, account: Account, owner: User) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{url_of(account)}edit/")
    page.get_by_label("Employees").fill("12")
    Session.objects.all().delete()
    owner.set_password(PASSWORD)
    owner.role = User.Role.ADMIN
    owner.save()
    page.goto(f"{url_of(account)}edit/")
    sign_in(page, owner)
    expect(page.get_by_label("Employees")).not_to_have_value("12")
    assert page.evaluate(DRAFTS) == 1


def test_what_was_refused_is_kept_until_it_is_mended(page: Page, account: Account) -> None:
    page.goto(f"{url_of(account)}edit/")
    page.get_by_label("Employees").fill("12")
    page.get_by_label("Parent account").fill("Nobody Inc")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is none so.")
    assert page.evaluate(DRAFTS) == 1
    page.get_by_label("Parent account").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    assert page.evaluate(DRAFTS) == 0


def test_a_list_whose_session_ended_says_so_in_place(page: Page, account: Account) -> None:
    page.goto("/accounts/")
    Session.objects.all().delete()
    page.get_by_role("searchbox").fill("alder")
    expect(page.locator("#toasts")).to_contain_text("You are signed out.")
    expect(page.locator("#id_password")).to_have_count(0)


def test_who_signs_out_leaves_nothing_in_the_browser(page: Page, account: Account) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{url_of(account)}edit/")
    page.get_by_label("Employees").fill("12")
    page.goto("/accounts/")
    assert page.evaluate(DRAFTS) == 1
    page.locator(".tandem-who").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/logout/**")
    assert page.evaluate(DRAFTS) == 0

"""The workspace by hand: a list is searched and sorted, a record is opened, edited and written on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Account, Contact, Note, User
from crm.nouns import url_of
from crm.services.accounts import update_account
from integrations.models import Connection
from tests.factories import AccountFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def accounts(admin_user: User) -> list[Account]:
    return [AccountFactory.create(name=name, manager=admin_user) for name in ("Alder GmbH", "Birch Ltd", "Cedar SA")]


def test_a_list_is_searched_while_one_types_and_the_address_keeps_it(page: Page, accounts: list[Account]) -> None:
    page.goto("/accounts/")
    expect(page.get_by_role("heading", name="Accounts")).to_contain_text("3")
    page.get_by_role("searchbox").fill("birch")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page).to_have_url("/accounts/?q=birch")
    page.reload()
    expect(page.locator("[data-row]")).to_contain_text("Birch Ltd")


def test_rows_are_walked_and_opened_by_keyboard(page: Page, accounts: list[Account]) -> None:
    page.goto("/accounts/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(url_of(accounts[1]))
    expect(page.get_by_role("heading", name="Birch Ltd")).to_be_visible()


def test_a_filter_and_an_order_are_chosen_and_taken_away(page: Page, accounts: list[Account]) -> None:
    Account.objects.filter(pk=accounts[2].pk).update(type="supplier")
    page.goto("/accounts/")
    page.get_by_role("button", name="Filter").click()
    page.locator("#filters").get_by_label("Supplier", exact=True).check()
    page.locator("#filters").get_by_role("button", name="Apply").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_role("link", name="Type Supplier").click()
    expect(page.locator("[data-row]")).to_have_count(3)
    page.get_by_role("link", name="Name").click()
    expect(page.locator("[data-row]").first).to_contain_text("Cedar SA")


def test_a_note_is_written_on_a_record_without_leaving_it(page: Page, accounts: list[Account]) -> None:
    page.goto(url_of(accounts[0]))
    page.get_by_role("link", name="Note", exact=True).click()
    page.locator("#composer").get_by_label("Note").fill("Prefers <tea>")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".tandem-timeline")).to_contain_text("Prefers <tea>")
    assert Note.objects.get().account == accounts[0]


def test_a_contact_is_made_with_its_account_looked_up(page: Page, accounts: list[Account]) -> None:
    page.goto("/contacts/new/")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name").fill("Ann Example")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/contacts/*-*/")
    page.get_by_role("link", name="Edit").click()
    looked_up = page.get_by_label("Account", exact=True)
    looked_up.press_sequentially("cedar")
    expect(page.locator("datalist option")).to_have_count(1)
    looked_up.fill(page.locator("datalist option").first.get_attribute("value") or "")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("complementary", name="Related")).to_contain_text("Cedar SA")
    assert Contact.objects.get().account == accounts[2]


def test_what_is_refused_stays_on_the_form_and_says_why(page: Page, accounts: list[Account]) -> None:
    page.goto(f"{url_of(accounts[0])}edit/")
    page.get_by_label("Employees").fill("12")
    page.get_by_label("Parent account").fill("Nobody Inc")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is none so.")
    expect(page.get_by_label("Employees")).to_have_value("12")


@pytest.mark.parametrize("width", [1440, 390])
def test_dark_and_light_follow_the_switch(page: Page, accounts: list[Account], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/accounts/")
    before = page.locator("html").get_attribute("data-bs-theme")
    if width < 768:
        page.get_by_role("button", name=": menu").click()
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).not_to_have_attribute("data-bs-theme", before or "")
    page.reload()
    expect(page.locator("html")).not_to_have_attribute("data-bs-theme", before or "")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_rows_are_made_narrow_and_lead_to_what_is_done_with_them(page: Page, accounts: list[Account]) -> None:
    page.goto("/accounts/")
    row = page.locator("[data-row]").first
    wide = row.bounding_box()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Narrow rows").check()
    page.reload()
    narrow = row.bounding_box()
    assert wide
    assert narrow
    assert narrow["height"] < wide["height"]
    page.keyboard.press("j")
    row.get_by_role("link", name="Edit: Alder GmbH").click()
    page.wait_for_url(f"**{url_of(accounts[0])}edit/")


def test_a_cell_is_changed_where_it_stands(page: Page, accounts: list[Account], owner: User) -> None:
    page.goto("/accounts/?columns=name,city,employees")
    row = page.locator("[data-row]").first
    cell = row.locator("[data-edit=city]")
    cell.dblclick()
    row.get_by_role("textbox", name="City").fill("Lübeck")
    page.keyboard.press("Enter")
    expect(cell).to_have_text("Lübeck Saved")
    page.keyboard.press("j")
    row.get_by_role("button", name="Change Employees").click()
    row.get_by_role("spinbutton", name="Employees").fill("12")
    update_account(Account.objects.get(pk=accounts[0].pk), actor=owner, employees=7)
    page.keyboard.press("Enter")
    expect(row.get_by_role("alert")).to_contain_text("In the meantime Olga Owner changed this to “7”.")
    page.keyboard.press("Escape")
    expect(row.locator("form.tandem-inplace")).to_have_count(0)
    expect(row.get_by_role("link", name="Alder GmbH", exact=True)).to_be_focused()
    fresh = Account.objects.get(pk=accounts[0].pk)
    assert (fresh.city, fresh.employees) == ("Lübeck", 7)


def test_the_top_bar_says_how_the_sync_stands(page: Page, accounts: list[Account]) -> None:
    Connection.objects.create(url="http://odoo.example.com", state=Connection.State.PAUSED)
    page.clock.install()
    page.goto("/accounts/")
    expect(page.get_by_role("link", name="Odoo: Paused")).to_be_visible()
    page.context.set_offline(True)
    page.clock.fast_forward(61_000)
    expect(page.get_by_role("link", name="Odoo: Paused")).to_have_count(0)
    expect(page.locator("#toasts")).to_be_empty()
    page.context.set_offline(False)


def test_rows_selected_by_key_and_box_are_changed_and_changed_back(page: Page, accounts: list[Account]) -> None:
    page.goto("/accounts/")
    bar = page.get_by_role("form", name="With the rows selected")
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_label("Select Birch Ltd").check()
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Type").click()
    dialog = page.get_by_role("dialog", name="Change many at once")
    dialog.get_by_label("Type").select_option("supplier")
    expect(dialog).to_contain_text("“Alder GmbH”, “Birch Ltd”")
    dialog.get_by_role("button", name="Change 2").click()
    expect(page.locator("[data-row]", has_text="Supplier")).to_have_count(2)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("2 put back.")
    expect(page.locator("[data-row]", has_text="Supplier")).to_have_count(0)
    expect(bar).to_be_hidden()


def test_a_detail_is_changed_where_it_stands(page: Page, accounts: list[Account], team_mate: User) -> None:
    page.goto(url_of(accounts[0]))
    details = page.get_by_role("region", name="Details")
    details.get_by_text("Name", exact=True).hover()
    details.get_by_role("link", name="Change name").click()
    field = details.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    field.fill("Alder AG")
    field.press("Enter")
    expect(details.get_by_role("status")).to_contain_text("Saved")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder AG")

    details.get_by_role("link", name="Change name").click()
    expect(field).to_have_value("Alder AG")
    update_account(accounts[0], actor=team_mate, name="Alder SE")
    field.fill("Alder KG")
    field.press("Enter")
    expect(details.get_by_role("alert")).to_contain_text("Mats Mate changed this to “Alder SE”")
    field.press("Escape")
    expect(details).to_contain_text("Alder SE")
    expect(details.get_by_label("Name", exact=True)).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('tandem-draft:')).length") == 0

"""The conflict inbox in a browser: settled by keys, undone, with and without its script; wrong ways told in words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from crm.models import Account
from integrations.models import Conflict as ConflictRow
from integrations.models import Connection
from tests.factories import AccountFactory
from tests.support.conflicts import conflict_of

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = ConflictRow.Status
HERE = "/admin/sync/conflicts/"


@pytest.fixture
def three(connection_to_odoo: Connection) -> list[ConflictRow]:
    """Three records with an open conflict each; the newest stands on top."""
    made = []
    for number in (3, 2, 1):
        account = AccountFactory.create(name=f"Account {number}", phone=f"here {number}")
        made.append(conflict_of(connection_to_odoo, account, "phone", base="0", odoo=f"odoo {number}"))
    return made[::-1]


def test_lines_are_settled_by_keys_and_the_last_one_is_undone(page: Page, three: list[ConflictRow]) -> None:
    page.goto(HERE)
    expect(page.locator("[data-row]")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.get_by_role("status")).to_contain_text("“Phone” is settled: Odoo.")
    three[1].refresh_from_db()
    assert (three[1].status, three[1].winner) == (STATUS.BY_PERSON, "odoo")
    assert Account.objects.get(name="Account 2").phone == "odoo 2"

    page.keyboard.press("u")
    expect(page.locator("[data-row]")).to_have_count(3)
    three[1].refresh_from_db()
    assert three[1].status == STATUS.OPEN
    assert Account.objects.get(name="Account 2").phone == "here 2"


def test_after_a_decision_the_next_line_has_the_focus(page: Page, three: list[ConflictRow]) -> None:
    page.goto(HERE)
    page.keyboard.press("j")
    page.keyboard.press("h")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.locator(f"#conflict-{three[1].pk}")).to_be_focused()
    page.keyboard.press("h")
    expect(page.locator("[data-row]")).to_have_count(1)
    assert ConflictRow.objects.filter(winner="here").count() == 2


def test_keys_typed_into_a_field_settle_nothing(page: Page, three: list[ConflictRow]) -> None:
    page.goto(HERE)
    page.keyboard.press("j")
    page.locator('select[name="field"]').focus()
    page.keyboard.press("o")
    page.keyboard.press("h")
    expect(page.locator("[data-row]")).to_have_count(3)


def test_it_works_without_a_script(
    browser: Browser, live_server: LiveServer, page: Page, three: list[ConflictRow]
) -> None:
    bare = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = bare.new_page()
    plain.goto(HERE)
    plain.get_by_role("button", name="Take Odoo's").first.click()
    expect(plain.locator("[data-row]")).to_have_count(2)
    plain.get_by_role("button", name="Undo").click()
    expect(plain.locator("[data-row]")).to_have_count(3)
    bare.close()


def test_what_somebody_else_has_settled_is_told(page: Page, three: list[ConflictRow]) -> None:
    page.goto(HERE)
    ConflictRow.objects.filter(pk=three[0].pk).update(status=STATUS.BY_PERSON, winner="here")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("body")).to_contain_text("Settled already")
    expect(page.locator("[data-row]")).to_have_count(2)


def test_what_has_changed_since_it_was_shown_is_told_and_shown_anew(page: Page, three: list[ConflictRow]) -> None:
    page.goto(HERE)
    Account.objects.filter(name="Account 1").update(phone="newer")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("body")).to_contain_text("The value here has changed since you looked.")
    expect(page.locator(f"#conflict-{three[0].pk}")).to_contain_text("newer")
    assert Account.objects.get(name="Account 1").phone == "newer"


def test_many_are_settled_by_a_rule_after_a_preview(page: Page, three: list[ConflictRow]) -> None:
    page.goto(HERE)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("body")).to_contain_text("Choose a rule")
    page.get_by_label("Settle all of these").select_option("odoo")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("body")).to_contain_text("Settle 3 conflicts: Odoo wins?")
    assert not ConflictRow.objects.exclude(status=STATUS.OPEN).exists()
    page.get_by_role("button", name="Settle", exact=True).click()
    expect(page.locator("body")).to_contain_text("Settled: 0 for here, 3 for Odoo.")
    expect(page.locator("body")).to_contain_text("No conflict waits for a person.")


def test_what_was_changed_since_is_taken_back_only_when_the_person_says_so(
    page: Page, connection_to_odoo: Connection
) -> None:
    account = AccountFactory.create(name="Acme", phone="odoo")
    conflict_of(connection_to_odoo, account, "phone", base="0", here="here", odoo="odoo", status=STATUS.BY_RULE)
    Account.objects.filter(pk=account.pk).update(phone="a third")
    page.goto(f"{HERE}?state=rule")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("body")).to_contain_text("It is “a third” now.")
    assert Account.objects.get().phone == "a third"
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator("body")).to_contain_text("“Phone” is “here” again")
    assert Account.objects.get().phone == "here"

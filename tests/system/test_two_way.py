"""The main job, seen through a browser: an edit on either side shows on the other within five seconds."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.support.browser import careful_page, chromium
from tests.support.tandem import until
from tests.system.conftest import House

SECONDS = 5.0


@dataclass
class Sides:
    """One window on each side."""

    here: Page
    odoo: Page

    def open_here(self, noun: str, name: str) -> None:
        """Find a record by its name in Tandem's list and open its form."""
        self.here.goto(f"/admin/{noun}/")
        search = self.here.locator("#searchbar")
        search.fill(name)
        search.press("Enter")
        self.here.locator("#result_list tbody tr a", has_text=name).first.click()
        self.here.locator("#id_phone").wait_for()

    def open_odoo(self, path: str, name: str) -> None:
        """Find a record by its name in the sandbox's list and open its form."""
        self.odoo.goto(f"/odoo/{path}")
        self.odoo.locator('input[name="q"]').fill(name)
        self.odoo.locator('input[name="q"]').press("Enter")
        self.odoo.locator("table tbody tr a", has_text=name).first.click()
        self.odoo.locator("#phone").wait_for()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def _in_step(house: House) -> None:
    """What the demo data left to send has gone; waiting for their turn are only rows that wait for others."""
    due = "SELECT count(*) FROM integrations_outboxmessage "
    due += "WHERE status = 'claimed' OR (status = 'waiting' AND due_at <= ?)"

    def nothing_due() -> bool:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        with closing(sqlite3.connect(house.data / "tandem.sqlite3", timeout=20)) as database:
            return bool(database.execute(due, (now,)).fetchone()[0] == 0)

    until(nothing_due, 180, "the first sync's leftovers are sent")


@pytest.fixture
def sides(browser: Browser, house: House) -> Iterator[Sides]:
    with careful_page(browser, house.address) as here, careful_page(browser, house.sandbox_address) as odoo:
        here.goto("/admin/login/")
        here.locator("#id_username").fill("admin@example.com")
        here.locator("#id_password").fill(house.password)
        here.locator("#id_password").press("Enter")
        here.wait_for_url("**/admin/")
        yield Sides(here, odoo)


def names_in_odoo(odoo: Page, path: str) -> list[str]:
    """The names on the first page of one of the sandbox's lists."""
    odoo.goto(f"/odoo/{path}")
    return [name.strip() for name in odoo.locator("table tbody tr td:first-child a").all_inner_texts()]


def save(page: Page, button: Locator) -> float:
    """Press a button that saves, wait for the answer; returns when it was pressed."""
    pressed = time.monotonic()
    with page.expect_navigation():
        button.click()
    return pressed


def seconds_until(page: Page, selector: str, value: str, since: float) -> float:
    """Load a form again and again until a field shows the value; returns the seconds since the other side's save."""
    while True:
        page.reload()
        if page.locator(selector).input_value() == value:
            return time.monotonic() - since
        assert time.monotonic() - since < SECONDS, f"{selector} still is {page.locator(selector).input_value()!r}"


def test_the_sandboxs_partners_are_listed_here(sides: Sides) -> None:
    names = names_in_odoo(sides.odoo, "contacts")[:8]
    assert len(names) == 8
    for name in names:
        found = 0
        for noun in ("crm/account", "crm/contact"):
            sides.here.goto(f"/admin/{noun}/?q={quote(name)}")
            found += sides.here.locator("#result_list tbody tr a", has_text=name).count()
        assert found, name


@pytest.mark.parametrize(
    ("nouns", "path"),
    [(("crm/account", "crm/contact"), "contacts"), (("leads/lead",), "leads")],
    ids=["partner", "lead"],
)
def test_an_edit_on_either_side_shows_on_the_other_within_seconds(
    sides: Sides, nouns: tuple[str, ...], path: str
) -> None:
    names = [name for name in names_in_odoo(sides.odoo, path) if "," not in name]
    noun, name = next((noun, name) for name in names for noun in nouns if listed(sides.here, noun, name))
    sides.open_here(noun, name)
    sides.open_odoo(path, name)

    sides.here.locator("#id_phone").fill("+49 30 1111 2222")
    sent = save(sides.here, sides.here.locator('[name="_continue"]').first)
    there = seconds_until(sides.odoo, "#phone", "+49 30 1111 2222", sent)

    sides.odoo.locator("#phone").fill("+49 30 3333 4444")
    sent = save(sides.odoo, sides.odoo.get_by_role("button", name=re.compile("^save$", re.I)))
    here = seconds_until(sides.here, "#id_phone", "+49 30 3333 4444", sent)

    assert there < SECONDS
    assert here < SECONDS
    print(f"{noun}: there after {there:.1f} s, here after {here:.1f} s")


def listed(here: Page, noun: str, name: str) -> bool:
    """Whether Tandem's list of this noun finds the name, and no second record of that name."""
    here.goto(f"/admin/{noun}/?q={quote(name)}")
    return here.locator("#result_list tbody tr a", has_text=name).count() == 1

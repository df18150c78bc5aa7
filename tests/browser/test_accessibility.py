"""Workspace and sync rooms, looked at by axe for WCAG 2.2 AA: light on a desk, dark on a phone, nothing serious."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from crm.models import Account, Activity, Contact, Opportunity, SavedView, Stage, Task, User
from crm.nouns import url_of
from leads.models import Lead
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    NoteFactory,
    OpportunityFactory,
    TagFactory,
    TaskFactory,
)
from tests.support.sandbox import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = ("serious", "critical")
LISTS = ("/accounts/", "/contacts/", "/leads/", "/opportunities/", "/activities/", "/tasks/")
ROOMS = (
    "/admin/crm/",
    *(
        f"/admin/sync/{room}"
        for room in (
            "",
            "settings/",
            "settings/sources/",
            "settings/stages/",
            "settings/fields/",
            "conflicts/",
            "rules/",
            "parked/",
            "budget/",
            "context/",
            "key/",
            "webhooks/",
            "deleted/",
            "merged/",
            "stops/",
        )
    ),
)
LOOKS = pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])


@pytest.fixture
def world(admin_user: User) -> dict[str, Any]:
    """One of each, tied to each other."""
    account: Account = AccountFactory.create(name="Alder GmbH", manager=admin_user, email="hello@example.com")
    contact: Contact = ContactFactory.create(name="Ann Alder", account=account, owner=admin_user, phone="+49 30 1")
    lead: Lead = LeadFactory.create(name="Press for Birch", owner=admin_user)
    stage = Stage.objects.filter(is_won=False, is_lost=False).first()
    deal: Opportunity = OpportunityFactory.create(
        name="Press", account=account, contact=contact, owner=admin_user, stage=stage, amount=12000
    )
    activity: Activity = ActivityFactory.create(account=account, owner=admin_user)
    task: Task = TaskFactory.create(account=account, assignee=admin_user)
    NoteFactory.create(account=account, body="Prefers tea")
    account.tags.add(TagFactory.create(name="Hot"))
    view = SavedView.objects.create(owner=admin_user, noun="accounts", name="Mine", query="manager=me")
    return {"records": [account, contact, lead, deal, activity, task], "view": view, "account": account, "lead": lead}


def findings(page: Page, path: str) -> list[str]:
    """What axe finds serious on a page, in words."""
    page.goto(path)
    page.wait_for_load_state()
    return look(page, path)


def look(page: Page, where: str) -> list[str]:
    """What axe finds serious on what stands there now."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"]})
    return [
        f"{where}: {one['id']} ({one['impact']}): {one['help']}: {[_told(node) for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
        if one["impact"] in SERIOUS
    ]


def _told(node: dict[str, Any]) -> tuple[str, list[str]]:
    return node["html"][:120], [why["message"] for why in node["any"]][:1]


def dress(page: Page, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]


@LOOKS
def test_axe_finds_nothing_serious_in_the_workspace(page: Page, world: dict[str, Any], theme: str, width: int) -> None:
    dress(page, theme, width)
    of_records = [url_of(one) for one in world["records"]]
    account, lead = url_of(world["account"]), url_of(world["lead"])
    paths = ["/", *LISTS, "/pipeline/", "/search/?q=alder", f"/accounts/views/{world['view'].uuid}/"]
    paths += [*of_records, f"{account}history/"]
    paths += ["/leads/new/", "/opportunities/new/", "/tokens/", f"{account}edit/", f"{lead}do/convert/"]
    paths += ["/leads/filters/", "/pipeline/filters/"]
    paths += ["/webhooks/", "/webhooks/new/", "/accounts/?q=nobody", "/accounts/?fax=1"]

    found = [line for path in paths for line in findings(page, path)]

    page.goto("/accounts/")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_selector("#filters input[type=checkbox]")
    found += look(page, "filters")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-list [role=option]")
    found += look(page, "palette")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    found += look(page, "keys")
    assert found == [], "\n".join(found)


@LOOKS
def test_axe_finds_nothing_serious_in_the_rooms_of_the_sync(
    page: Page, odoo: RunningSandbox, theme: str, width: int
) -> None:
    dress(page, theme, width)
    found = [line for path in ROOMS for line in findings(page, path)]
    assert found == [], "\n".join(found)

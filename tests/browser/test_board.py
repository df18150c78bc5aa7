"""The pipeline board in a browser: cards move by mouse, finger, keys and menu; undo; a lost race; more on scrolling."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from crm.models import Opportunity, Stage, User
from crm.services.pipeline import update_opportunity
from tests.factories import OpportunityFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def deal(page: Page, admin_user: User, stages: dict[str, Stage]) -> Opportunity:
    """A deal in the first stage; another one waits in the second."""
    OpportunityFactory.create(name="Cellar", owner=admin_user, stage=stages["qualification"], amount=500)
    return OpportunityFactory.create(name="Roof", owner=admin_user, stage=stages["prospecting"], amount=1000)


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def drag(page: Page, what: Locator, to: Locator) -> None:
    """Take it, carry it in steps, let go."""
    start, end = what.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] - 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + 120, steps=6)
    page.mouse.up()


def test_a_card_is_dragged_with_the_mouse_and_the_move_is_undone(
    page: Page, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    page.goto("/pipeline/")
    drag(page, page.locator(f"#card-{deal.uuid}"), column(page, "Proposal"))
    expect(page.locator("#toasts")).to_contain_text("“Roof” is in Proposal now.")
    expect(column(page, "Proposal").locator("[data-card]")).to_have_count(1)
    expect(column(page, "Proposal").locator("[data-total]")).to_have_text("1,000.00 EUR")
    expect(column(page, "Proposal").locator("[data-weighted]")).to_contain_text("500.00 EUR")
    expect(column(page, "Prospecting").locator("[data-count]")).to_have_text("0")
    expect(page).to_have_url("/pipeline/")
    assert Opportunity.objects.get(pk=deal.pk).stage == stages["proposal"]

    page.get_by_role("button", name="Undo").click()
    expect(column(page, "Prospecting").locator("[data-card]")).to_have_count(1)
    expect(column(page, "Prospecting").locator("[data-total]")).to_have_text("1,000.00 EUR")
    assert Opportunity.objects.get(pk=deal.pk).stage == stages["prospecting"]


def test_a_card_moves_by_keys_and_keeps_the_focus(page: Page, deal: Opportunity, stages: dict[str, Stage]) -> None:
    page.goto("/pipeline/")
    link = page.get_by_role("link", name="Roof", exact=True)
    link.focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(column(page, "Qualification").locator("[data-count]")).to_have_text("2")
    expect(link).to_be_focused()
    page.keyboard.press("Alt+ArrowRight")
    expect(column(page, "Proposal").locator("[data-count]")).to_have_text("1")
    page.keyboard.press("Alt+ArrowLeft")
    expect(column(page, "Qualification").locator("[data-count]")).to_have_text("2")
    assert Opportunity.objects.get(pk=deal.pk).stage == stages["qualification"]

    page.get_by_role("link", name="Move Roof to another stage").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Negotiation").press("Enter")
    expect(column(page, "Negotiation").locator("[data-card]")).to_have_count(1)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_lost_race_puts_the_card_where_it_is_and_names_who_was_quicker(
    page: Page, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    page.goto("/pipeline/")
    update_opportunity(deal, actor=UserFactory.create(name="Mats Mate"), stage=stages["negotiation"])
    drag(page, page.locator(f"#card-{deal.uuid}"), column(page, "Proposal"))
    expect(page.locator("#toasts")).to_contain_text("Mats Mate changed “Roof” in the meantime.")
    expect(column(page, "Negotiation").locator("[data-card]")).to_have_count(1)
    expect(column(page, "Proposal").locator("[data-card]")).to_have_count(0)


def test_a_refused_move_puts_the_card_back_and_gives_the_reason(
    page: Page, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    page.goto("/pipeline/")
    retired = stages["proposal"]
    retired.archived_at = deal.created_at
    retired.save()
    drag(page, page.locator(f"#card-{deal.uuid}"), column(page, "Proposal"))
    expect(page.locator("#toasts")).to_contain_text("The stage “Proposal” is no longer used.")
    expect(column(page, "Prospecting").locator("[data-card]")).to_have_count(1)


def test_a_server_that_cannot_be_reached_leaves_the_card_where_it_was(page: Page, deal: Opportunity) -> None:
    page.goto("/pipeline/")
    page.context.set_offline(True)
    drag(page, page.locator(f"#card-{deal.uuid}"), column(page, "Proposal"))
    expect(page.locator("#toasts")).to_contain_text("The server cannot be reached.")
    expect(column(page, "Prospecting").locator("[data-card]")).to_have_count(1)
    page.context.set_offline(False)


def test_a_finger_drags_by_the_grip(
    browser: Browser, live_server: LiveServer, page: Page, deal: Opportunity, stages: dict[str, Stage]
) -> None:
    phone = browser.new_context(
        base_url=live_server.url,
        has_touch=True,
        is_mobile=True,
        viewport={"width": 390, "height": 844},
        storage_state=page.context.storage_state(),
    )
    small = phone.new_page()
    small.goto("/pipeline/")
    box = small.locator(f"#card-{deal.uuid} [data-grip]").bounding_box()
    assert box is not None
    touch = phone.new_cdp_session(small)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in (20, 40, 60, 80):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x + step, "y": y + 40}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(small.locator("#toasts")).to_contain_text("“Roof” is in Qualification now.")
    phone.close()
    assert Opportunity.objects.get(pk=deal.pk).stage == stages["qualification"]


def test_a_column_brings_more_cards_as_it_scrolls(page: Page, admin_user: User, stages: dict[str, Stage]) -> None:
    OpportunityFactory.create_batch(60, owner=admin_user, stage=stages["proposal"])
    page.goto("/pipeline/")
    cards = column(page, "Proposal").locator("[data-card]")
    expect(cards).to_have_count(15)
    cards.last.hover()
    page.mouse.wheel(0, 10_000)
    expect(cards).to_have_count(30)
    expect(column(page, "Proposal").locator("[data-count]")).to_have_text("60")


def test_a_folded_column_keeps_its_sums_and_the_fold_stands_in_the_address(page: Page, deal: Opportunity) -> None:
    page.goto("/pipeline/")
    page.get_by_role("link", name="Fold Prospecting").click()
    expect(column(page, "Prospecting").locator("[data-total]")).to_have_text("1,000.00 EUR")
    expect(column(page, "Prospecting").locator("[data-card]")).to_have_count(0)
    page.reload()
    page.get_by_role("link", name="Open Prospecting").click()
    expect(column(page, "Prospecting").locator("[data-card]")).to_have_count(1)


def test_words_narrow_the_board_while_one_types_and_the_address_keeps_them(page: Page, deal: Opportunity) -> None:
    page.goto("/pipeline/")
    page.get_by_role("searchbox").fill("cell")
    expect(page.locator("[data-card]")).to_have_count(1)
    expect(page).to_have_url("/pipeline/?q=cell")
    page.get_by_role("link", name="Cellar", exact=True).press("Alt+ArrowRight")
    expect(column(page, "Proposal").locator("[data-count]")).to_have_text("1")
    page.reload()
    expect(column(page, "Proposal").locator("[data-card]")).to_have_count(1)


def test_a_card_is_edited_where_it_stands(page: Page, deal: Opportunity) -> None:
    page.goto("/pipeline/")
    page.get_by_role("link", name="Edit Roof").click()
    dialog = page.get_by_role("dialog", name="Edit “Roof”")
    dialog.get_by_label("Amount").fill("9" * 30)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Ensure that there are no more than")
    dialog.get_by_label("Amount").fill("2500")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("“Roof” is saved.")
    expect(dialog).to_be_hidden()
    expect(column(page, "Prospecting").locator("[data-total]")).to_have_text("2,500.00 EUR")
    assert Opportunity.objects.get(pk=deal.pk).amount == 2500

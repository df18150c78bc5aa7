"""The pipeline board: who sees and moves which deals, sums, filters, folds, moves that fail, and what a board costs."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Opportunity, Stage, StageChange, User
from crm.services.pipeline import update_opportunity
from tests.factories import LostReasonFactory, OpportunityFactory, StageFactory

SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def proposal(stages: dict[str, Stage]) -> Stage:
    return stages["proposal"]


@pytest.fixture
def deal(owner: User, stages: dict[str, Stage]) -> Opportunity:
    """A deal in the first stage."""
    stage = stages["prospecting"]
    return OpportunityFactory.create(name="Roof", owner=owner, stage=stage, amount=1000, probability=10)


def move(client: Client, deal: Opportunity, stage: Stage | str, *, query: str = "", **more: Any) -> Any:
    """Move by htmx as the board does; `version` is the deal's own unless given."""
    data = {"stage": str(getattr(stage, "uuid", stage)), "version": deal.version} | more
    return client.post(f"/pipeline/move/{deal.uuid}/{query}", data, headers=HTMX)


def columns(client: Client, query: str = "") -> dict[str, Any]:
    """The board's columns by the name of their stage."""
    answer = client.get(f"/pipeline/{query}")
    assert answer.status_code == 200
    return {column.stage.name: column for column in answer.context["columns"]}


def names(column: Any) -> list[str]:
    return names_of(column.cards)


def names_of(cards: Sequence[str]) -> list[str]:
    found = [re.findall(r'<a class="tandem-name"[^>]*>([^<]*)</a>', card) for card in cards]
    return [html.unescape(name) for names in found for name in names]


def test_deals_are_seen_by_owner_team_mate_and_reader_but_by_no_stranger(
    deal: Opportunity, owner: User, team_mate: User, stranger: User, reader: User, signed_in: SignIn
) -> None:
    seen = [columns(signed_in(user))["Prospecting"].count for user in (owner, team_mate, reader, stranger)]
    assert seen == [1, 1, 1, 0]


def test_deals_are_moved_by_owner_and_team_mate_not_by_a_reader_and_found_by_no_stranger(
    deal: Opportunity, proposal: Stage, owner: User, team_mate: User, stranger: User, reader: User, signed_in: SignIn
) -> None:
    codes = [move(signed_in(user), deal, proposal).status_code for user in (reader, stranger, team_mate)]
    deal.refresh_from_db()

    assert codes == [403, 404, 200]
    assert (deal.stage, deal.updated_by) == (proposal, team_mate)
    assert "data-move" not in signed_in(reader).get("/pipeline/").content.decode()
    assert signed_in(reader).get(f"/pipeline/move/{deal.uuid}/").status_code == 403
    assert move(signed_in(owner), deal, Stage.objects.get(key="prospecting")).status_code == 200


@pytest.mark.parametrize("address", ["/pipeline/", "/pipeline/move/6f2f2b70-2b52-4d2b-9d0e-1f6f6c2f4c11/"])
def test_somebody_who_has_not_signed_in_is_asked_to(address: str, db: None) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={address}")


def test_a_column_sums_what_it_holds_per_currency_and_weighs_it(
    owner: User, stranger: User, proposal: Stage, signed_in: SignIn
) -> None:
    for amount, currency, probability in ((1000, "EUR", 50), (Decimal("200.50"), "EUR", 10), (700, "USD", 100)):
        OpportunityFactory.create(
            owner=owner, stage=proposal, amount=amount, currency=currency, probability=probability
        )
    OpportunityFactory.create(owner=stranger, stage=proposal, amount=9999)
    OpportunityFactory.create(owner=owner, stage=proposal, amount=9999, archived_at=timezone.now())
    column = columns(signed_in(owner))["Proposal"]

    assert column.count == 3
    assert [[text(part) for part in pair] for pair in column.worth] == [
        ["1,200.50 EUR", "520.05 EUR"],
        ["700.00 USD", "700.00 USD"],
    ]


def text(markup: str) -> str:
    return markup.removeprefix('<span class="tandem-number">').removesuffix("</span>")


def test_stages_stand_in_their_order_without_lost_deals_until_these_are_asked_for(
    owner: User, stages: dict[str, Stage], proposal: Stage, signed_in: SignIn
) -> None:
    lost = {"owner": owner, "lost_at": timezone.now()}
    OpportunityFactory.create(name="At the end", stage=stages["closed-lost"], **lost)
    OpportunityFactory.create(name="On the way", stage=proposal, **lost)
    client = signed_in(owner)
    usual, asked = columns(client), columns(client, f"?outcome=lost&open={stages['closed-lost'].pk}")

    assert list(usual) == ["Prospecting", "Qualification", "Proposal", "Negotiation", "Closed won"]
    assert sum(column.count for column in usual.values()) == 0
    assert (names(asked["Proposal"]), names(asked["Closed lost"])) == (["On the way"], ["At the end"])


def test_a_stage_no_longer_used_stands_there_while_it_holds_a_deal(owner: User, db: None, signed_in: SignIn) -> None:
    old = StageFactory.create(name="Old", archived_at=timezone.now())
    StageFactory.create(name="Older", archived_at=timezone.now())
    OpportunityFactory.create(name="Left behind", owner=owner, stage=old)
    found = columns(signed_in(owner))

    assert names(found["Old"]) == ["Left behind"]
    assert "Older" not in found


def test_folded_stages_keep_their_sums_and_open_by_the_address(
    deal: Opportunity, owner: User, signed_in: SignIn
) -> None:
    client, key = signed_in(owner), deal.stage.pk
    folded = columns(client, f"?fold={key}")["Prospecting"]
    opened = columns(client, folded.turned)["Prospecting"]

    assert (folded.folded, folded.count, names(folded), text(folded.worth[0][0])) == (True, 1, [], "1,000.00 EUR")
    assert (opened.folded, names(opened)) == (False, ["Roof"])
    Stage.objects.filter(pk=key).update(folded=True)
    assert columns(client)["Prospecting"].folded
    assert not columns(client, columns(client)["Prospecting"].turned)["Prospecting"].folded
    assert not columns(client, f"?open={key}&fold=nonsense")["Prospecting"].folded


def test_owner_team_close_date_and_words_narrow_cards_and_sums(
    owner: User, team_mate: User, proposal: Stage, signed_in: SignIn
) -> None:
    day = timezone.localdate()
    OpportunityFactory.create(name="Mine", owner=owner, stage=proposal, close_date=day)
    OpportunityFactory.create(name="Hers", owner=team_mate, stage=proposal, close_date=day + timedelta(days=40))
    OpportunityFactory.create(name="Nobody's", owner=None, stage=proposal)
    client = signed_in(owner)

    def left(query: str) -> tuple[set[str], int]:
        column = columns(client, query)["Proposal"]
        return set(names(column)), column.count

    assert left(f"?owner={owner.pk}") == ({"Mine"}, 1)
    assert left(f"?team={owner.team_id}") == ({"Mine", "Hers"}, 2)
    assert left(f"?close_after={day + timedelta(days=1)}") == ({"Hers"}, 1)
    assert left("?q=NOBODY") == ({"Nobody's"}, 1)


def test_a_refused_filter_is_told_and_shows_nothing(deal: Opportunity, owner: User, signed_in: SignIn) -> None:
    answer = signed_in(owner).get("/pipeline/?close_after=soon&owner=telepathy")

    assert answer.status_code == 200
    assert "Enter a valid date." in answer.content.decode()
    assert answer.context["count"] == 0


def test_a_past_closing_day_is_told_in_a_word(deal: Opportunity, owner: User, signed_in: SignIn) -> None:
    Opportunity.objects.update(
        close_date=timezone.localdate() - timedelta(days=1), stage_since=timezone.now() - timedelta(days=12)
    )
    page = signed_in(owner).get("/pipeline/").content.decode()

    assert "overdue" in page
    assert ">12 days<" in page
    assert ">OO<" in page


def test_what_people_typed_is_escaped(deal: Opportunity, owner: User, signed_in: SignIn) -> None:
    Opportunity.objects.update(name="<script>x</script>", company_name="<b>Co</b>")
    page = signed_in(owner).get("/pipeline/").content.decode()

    assert "<script>x" not in page
    assert "&lt;b&gt;Co" in page


def test_a_column_brings_15_cards_and_the_others_on_demand(owner: User, proposal: Stage, signed_in: SignIn) -> None:
    now = timezone.now()
    for number in range(40):
        updated = now - timedelta(minutes=number)
        OpportunityFactory.create(name=f"{number:02}", owner=owner, stage=proposal, updated_at=updated)
    client = signed_in(owner)
    first = columns(client)["Proposal"]
    second = client.get(first.more).context["column"]
    third = client.get(second["more"]).context["column"]
    wanted = [f"{number:02}" for number in range(40)]

    assert names_of([*first.cards, *second["cards"], *third["cards"]]) == wanted
    assert (len(first.cards), third["more"]) == (15, "")
    stale = client.get(f"/pipeline/cards/{proposal.uuid}/?cursor=nonsense").context["column"]
    assert names_of(stale["cards"])[0] == "00"
    listed = [line.record.name for line in client.get(first.listed).context["lines"]]
    assert listed == wanted


def test_a_move_brings_the_card_and_all_heads_and_is_kept(
    deal: Opportunity, proposal: Stage, owner: User, signed_in: SignIn
) -> None:
    answer = move(signed_in(owner), deal, proposal)
    page = answer.content.decode()
    fresh = Opportunity.objects.get()
    heads = {column.stage.name: column.count for column in answer.context["columns"]}

    assert (fresh.stage, fresh.probability, fresh.updated_by) == (proposal, 50, owner)
    assert StageChange.objects.filter(opportunity=deal, to_stage=proposal, changed_by=owner).count() == 1
    assert f'data-version="{fresh.version}"' in page
    assert (heads["Prospecting"], heads["Proposal"]) == (0, 1)
    assert "“Roof” is in Proposal now." in page


def undo(client: Client, moved: Any, deal: Opportunity, **more: Any) -> Any:
    data = {"place": moved.context["undo"], "version": deal.version + 1} | more
    return client.post(f"/pipeline/move/{deal.uuid}/undo/", data, headers=HTMX)


def test_an_undo_brings_back_all_that_the_move_changed(
    deal: Opportunity, owner: User, stages: dict[str, Stage], signed_in: SignIn
) -> None:
    since = timezone.now() - timedelta(days=30)
    reason = LostReasonFactory.create()
    held = {"probability": 37, "probability_by_hand": True, "stage_since": since, "lost_at": since}
    Opportunity.objects.update(**held, lost_reason=reason)
    client = signed_in(owner)
    moved = move(client, deal, stages["closed-won"])
    between = Opportunity.objects.get()
    answer = undo(client, moved, deal)
    fresh = Opportunity.objects.get()

    assert (between.probability, between.lost_at, between.lost_reason) == (100, None, None)
    assert answer.status_code == 200
    assert (fresh.stage, fresh.lost_reason) == (deal.stage, reason)
    assert {name: getattr(fresh, name) for name in held} == held
    assert list(StageChange.objects.order_by("id").values_list("to_stage__key", flat=True)) == [
        "closed-won",
        "prospecting",
    ]


def test_an_undo_that_came_too_late_or_was_forged_changes_nothing(
    deal: Opportunity, owner: User, team_mate: User, reader: User, proposal: Stage, signed_in: SignIn
) -> None:
    other = OpportunityFactory.create(name="Other", owner=owner, stage=deal.stage)
    client = signed_in(owner)
    moved = move(client, deal, proposal)

    assert undo(client, moved, deal, place="forged").status_code == 422
    assert undo(client, moved, deal, version="x").status_code == 422
    assert undo(client, moved, other).status_code == 422
    assert undo(signed_in(reader), moved, deal).status_code == 403
    update_opportunity(Opportunity.objects.get(pk=deal.pk), actor=team_mate, amount=Decimal(5))
    late = undo(client, moved, deal)
    assert (late.status_code, Opportunity.objects.get(pk=deal.pk).stage) == (409, proposal)
    assert "Mats Mate changed “Roof” in the meantime." in late.content.decode()


def test_an_undo_into_a_stage_that_was_given_up_is_refused(
    deal: Opportunity, owner: User, proposal: Stage, signed_in: SignIn
) -> None:
    client = signed_in(owner)
    moved = move(client, deal, proposal)
    Stage.objects.filter(pk=deal.stage_id).update(archived_at=timezone.now())

    answer = undo(client, moved, deal)
    assert answer.status_code == 422
    assert "The stage “Prospecting” is no longer used." in answer.content.decode()


def test_a_lost_race_says_who_was_quicker_and_brings_the_card_as_it_stands(
    deal: Opportunity, owner: User, team_mate: User, stages: dict[str, Stage], proposal: Stage, signed_in: SignIn
) -> None:
    update_opportunity(deal, actor=team_mate, stage=stages["negotiation"])
    answer = move(signed_in(owner), deal, proposal)
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "Mats Mate changed “Roof” in the meantime. It is in Negotiation." in page
    assert f'data-stage="{stages["negotiation"].uuid}"' in page
    assert Opportunity.objects.get().stage == stages["negotiation"]


def test_a_race_lost_to_odoo_says_so(deal: Opportunity, owner: User, proposal: Stage, signed_in: SignIn) -> None:
    update_opportunity(deal, actor=None, amount=Decimal(7))
    assert "The sync with Odoo changed “Roof”" in move(signed_in(owner), deal, proposal).content.decode()


def test_a_stage_no_longer_used_is_refused_in_words(deal: Opportunity, owner: User, signed_in: SignIn) -> None:
    old = StageFactory.create(name="Old", archived_at=timezone.now())
    answer = move(signed_in(owner), deal, old)

    assert answer.status_code == 422
    assert "The stage “Old” is no longer used." in answer.content.decode()
    assert Opportunity.objects.get().version == deal.version


@pytest.mark.parametrize("stage", ["", "nonsense", "6f2f2b70-2b52-4d2b-9d0e-1f6f6c2f4c11"])
def test_a_stage_that_is_none_is_refused(stage: str, deal: Opportunity, owner: User, signed_in: SignIn) -> None:
    assert move(signed_in(owner), deal, stage).status_code == 422


@pytest.mark.parametrize("version", ["", "x", "-1", "0"])
def test_a_version_that_is_none_is_refused(
    version: str, deal: Opportunity, proposal: Stage, owner: User, signed_in: SignIn
) -> None:
    assert move(signed_in(owner), deal, proposal, version=version).status_code == 422


def test_an_address_without_a_deal_is_not_found(owner: User, signed_in: SignIn) -> None:
    client = signed_in(owner)
    for address in ("move/nonsense/", "move/6f2f2b70-2b52-4d2b-9d0e-1f6f6c2f4c11/", "cards/nonsense/"):
        assert client.get(f"/pipeline/{address}").status_code == 404


def test_a_card_that_the_filters_leave_out_after_its_move_is_taken_away(
    deal: Opportunity, stages: dict[str, Stage], owner: User, signed_in: SignIn
) -> None:
    answer = move(signed_in(owner), deal, stages["closed-won"], query="?outcome=open")
    assert (answer.status_code, answer.context["card"]) == (200, "")


def test_it_works_without_a_script(deal: Opportunity, proposal: Stage, owner: User, signed_in: SignIn) -> None:
    client = signed_in(owner)
    page = client.get(f"/pipeline/move/{deal.uuid}/?q=roof")
    data = {"stage": str(proposal.uuid), "version": deal.version}
    moved = client.post(f"/pipeline/move/{deal.uuid}/?q=roof", data, follow=True)
    late = client.post(f"/pipeline/move/{deal.uuid}/?q=roof", data, follow=True)

    assert f'value="{proposal.uuid}"' in page.content.decode()
    assert moved.redirect_chain == [("/pipeline/?q=roof", 302)]
    assert "“Roof” is in Proposal now." in moved.content.decode()
    assert "in the meantime" in late.content.decode()


def test_list_and_board_lead_to_each_other_with_the_same_filters(
    deal: Opportunity, owner: User, signed_in: SignIn
) -> None:
    client = signed_in(owner)
    assert client.get("/opportunities/?q=roof&sort=name").context["board"] == "/pipeline/?q=roof"
    assert client.get("/pipeline/?q=roof&fold=1").context["listed"] == "/opportunities/?q=roof"
    assert client.get("/accounts/").context["board"] == ""


def test_htmx_gets_the_body_alone(owner: User, signed_in: SignIn) -> None:
    client = signed_in(owner)
    assert "<html" in client.get("/pipeline/").content.decode()
    assert "<html" not in client.get("/pipeline/", headers=HTMX).content.decode()


def test_a_board_of_200_cards_costs_as_many_queries_as_one_of_one(
    owner: User, stages: dict[str, Stage], signed_in: SignIn
) -> None:
    client = signed_in(owner)
    OpportunityFactory.create(owner=owner, stage=stages["proposal"])
    client.get("/pipeline/")
    with CaptureQueriesContext(connection) as one:
        client.get("/pipeline/")
    for stage in stages.values():
        OpportunityFactory.create_batch(33, owner=owner, stage=stage)
    with CaptureQueriesContext(connection) as many:
        client.get("/pipeline/")

    assert len(many) == len(one)
    assert len(one) <= 18


def test_a_move_costs_the_same_however_many_deals_there_are(
    deal: Opportunity, owner: User, stages: dict[str, Stage], signed_in: SignIn
) -> None:
    client = signed_in(owner)
    move(client, deal, stages["negotiation"])
    with CaptureQueriesContext(connection) as few:
        move(client, Opportunity.objects.get(), stages["proposal"])
    OpportunityFactory.create_batch(50, owner=owner, stage=stages["proposal"])
    with CaptureQueriesContext(connection) as many:
        move(client, Opportunity.objects.get(pk=deal.pk), stages["negotiation"])

    assert len(many) == len(few)


def edit(client: Client, deal: Opportunity, **values: Any) -> Any:
    """Save the dialog of a card; what is not given stays."""
    held = {"name": deal.name, "amount": deal.amount, "currency": deal.currency, "owner": deal.owner_id or ""}
    data = {**held, "version": deal.version, **values}
    return client.post(f"/pipeline/edit/{deal.uuid}/?q=roof", data, headers=HTMX)


def test_a_card_is_edited_and_the_sums_follow(owner: User, deal: Opportunity, signed_in: SignIn) -> None:
    client = signed_in(owner)
    asked = client.get(f"/pipeline/edit/{deal.uuid}/", headers=HTMX).content.decode()
    assert (f'name="version" value="{deal.version}"' in asked, 'name="close_date"' in asked) == (True, True)

    answer = edit(client, deal, amount="2500", close_date="2026-12-24")

    deal.refresh_from_db()
    assert (answer.status_code, deal.amount, str(deal.close_date), deal.version) == (200, 2500, "2026-12-24", 2)
    (column,) = [one for one in answer.context["columns"] if one.stage.name == "Prospecting"]
    assert "2,500.00" in str(column.worth[0][0])
    assert "“Roof” is saved." in answer.content.decode()


def test_what_is_refused_comes_back_into_the_dialog_with_what_was_typed(
    owner: User, deal: Opportunity, signed_in: SignIn
) -> None:
    answer = edit(signed_in(owner), deal, name="", amount="much", close_date="soon")
    page = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (422, "#board-move", "innerHTML")
    assert ("This field is required." in page, "Enter a number." in page, 'value="much"' in page) == (True, True, True)
    deal.refresh_from_db()
    assert (deal.name, deal.version) == ("Roof", 1)


@pytest.mark.parametrize("version", ["", "x", "0"])
def test_a_form_without_its_version_writes_nothing(
    owner: User, deal: Opportunity, signed_in: SignIn, version: str
) -> None:
    assert edit(signed_in(owner), deal, amount="1", version=version).status_code == 422
    deal.refresh_from_db()
    assert deal.amount == 1000


def test_who_was_quicker_is_named_and_saving_again_writes_over_it(
    owner: User, team_mate: User, deal: Opportunity, signed_in: SignIn
) -> None:
    client = signed_in(owner)
    begun = client.get(f"/pipeline/edit/{deal.uuid}/", headers=HTMX).context["begun"]
    update_opportunity(deal, actor=team_mate, amount=Decimal(7), name="Roof and cellar")

    lost = edit(client, deal, amount="2500", begun=begun)
    page = lost.content.decode()
    shown = {name: lost.context["form"][name].value() or "" for name in lost.context["form"].fields}
    again = edit(client, deal, **shown, begun=lost.context["begun"], version=2)

    assert (lost.status_code, str(team_mate) in page, 'name="version" value="2"' in page) == (422, True, True)
    deal.refresh_from_db()
    # What the other one saved beside it is not written over by what stood in the form before.
    assert (again.status_code, deal.amount, deal.name) == (200, 2500, "Roof and cellar")


def test_without_htmx_the_whole_form_is_opened(owner: User, deal: Opportunity, signed_in: SignIn) -> None:
    answer = signed_in(owner).get(f"/pipeline/edit/{deal.uuid}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/opportunities/{deal.uuid}/edit/")


@pytest.mark.parametrize("begun", ["", "rubbish", "[1]", "7"])
def test_without_what_the_form_showed_first_all_that_was_sent_counts_as_typed(
    owner: User, team_mate: User, deal: Opportunity, signed_in: SignIn, begun: str
) -> None:
    update_opportunity(deal, actor=team_mate, name="Roof and cellar")
    lost = edit(signed_in(owner), deal, amount="2500", begun=begun)
    assert (lost.status_code, lost.context["form"]["name"].value()) == (422, "Roof")

"""Changing many rows at once: who may, what the preview says, what is done, and what an undo leaves alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Account, Opportunity, Stage, StageChange, Tag, User
from crm.services import bulk
from crm.services.accounts import update_account
from integrations.models import Connection, OutboxMessage
from leads.models import Lead
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    TagFactory,
    TaskFactory,
)

SignIn = Callable[[User], Client]
MADE: dict[str, Any] = {
    "accounts": (AccountFactory, "manager"),
    "contacts": (ContactFactory, "owner"),
    "leads": (LeadFactory, "owner"),
    "opportunities": (OpportunityFactory, "owner"),
    "activities": (ActivityFactory, "owner"),
    "tasks": (TaskFactory, "assignee"),
}


def send(client: Client, key: str, rows: list[Any], *, query: str = "", **data: Any) -> Any:
    return client.post(f"/{key}/bulk/{query}", {"row": [row.uuid for row in rows], **data})


def undo_of(answer: Any) -> str:
    return str(answer.context["undo"])


@pytest.mark.parametrize("key", MADE)
def test_owner_and_team_mate_trash_a_row_that_a_stranger_does_not_reach(
    key: str, owner: User, team_mate: User, stranger: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    factory, field = MADE[key]
    rows = factory.create_batch(2, **{field: owner})

    answers = [
        send(signed_in(user), key, [row], action="trash", go="1").status_code
        for user, row in ((stranger, rows[0]), (owner, rows[0]), (team_mate, rows[1]))
    ]

    assert answers == [422, 200, 200]
    assert factory._meta.model.objects.archived().count() == 2


def test_a_reader_may_not_and_somebody_signed_out_is_asked_to_sign_in(
    reader: User, owner: User, signed_in: SignIn
) -> None:
    row = AccountFactory.create(manager=owner)
    client = signed_in(reader)

    assert send(client, "accounts", [row], action="trash", go="1").status_code == 403
    assert client.post("/accounts/bulk/undo/", {"undo": "x"}).status_code == 403
    assert "data-bulk" not in client.get("/accounts/").content.decode()
    assert send(Client(), "accounts", [row], action="trash").status_code == 302
    assert signed_in(owner).get("/accounts/bulk/").status_code == 405


def test_the_preview_says_what_changes_what_is_so_already_and_what_may_not_be_changed(
    owner: User, stranger: User, signed_in: SignIn
) -> None:
    cold = LeadFactory.create(name="Cold", owner=owner, stage="inquiry")
    warm = LeadFactory.create(name="Warm", owner=owner, stage="qualified")
    history = LeadFactory.create(name="History", owner=owner, converted_at=timezone.now())
    foreign = LeadFactory.create(name="Foreign", owner=stranger)

    answer = send(
        signed_in(owner), "leads", [cold, warm, history, foreign], action="stage", value="qualified"
    )  # fmt: skip
    page = re.sub(r"\s+", " ", answer.content.decode())

    assert "1 changes: “Cold”" in page
    assert "1 is so already" in page
    assert "1 may not be changed: “History”. This lead was converted" in page
    assert "1 is not there any more, or not yours to see" in page
    assert "Foreign" not in page
    assert Lead.objects.get(pk=cold.pk).stage == "inquiry"


def test_the_value_is_asked_for_before_anything_is_shown(owner: User, signed_in: SignIn) -> None:
    row = LeadFactory.create(owner=owner)
    client = signed_in(owner)

    assert 'name="value"' in send(client, "leads", [row], action="stage").content.decode()
    assert send(client, "leads", [row], action="stage", value="telepathy", go="1").status_code == 422
    assert Lead.objects.get().stage == "inquiry"


def test_all_that_match_are_changed_and_no_other(owner: User, signed_in: SignIn) -> None:
    LeadFactory.create_batch(3, owner=owner, source="referral")
    other = LeadFactory.create(owner=owner, source="cold_call")

    send(signed_in(owner), "leads", [], query="?source=referral", all="1", action="priority", value="3", go="1")

    assert Lead.objects.filter(priority="3").count() == 3
    assert Lead.objects.get(pk=other.pk).priority == "0"


@pytest.mark.parametrize(("action", "value"), [("add-tag", "tag"), ("manager", "person"), ("type", "supplier")])
def test_a_change_is_taken_back_where_nobody_saved_since(
    action: str, value: str, owner: User, team_mate: User, signed_in: SignIn
) -> None:
    first, second = AccountFactory.create_batch(2, manager=owner, type="customer", tags=[])
    wanted = {"tag": TagFactory.create().pk, "person": team_mate.pk}.get(value, value)
    client = signed_in(owner)
    done = send(client, "accounts", [first, second], action=action, value=wanted, go="1")
    second.refresh_from_db()
    update_account(second, actor=team_mate, city="Elsewhere")

    answer = client.post("/accounts/bulk/undo/", {"undo": undo_of(done)})

    assert "1 put back. 1 was changed since. What was saved later stays." in answer.content.decode()
    back, kept = Account.objects.get(pk=first.pk), Account.objects.get(pk=second.pk)
    assert (list(back.tags.all()), back.manager, back.type) == ([], owner, "customer")
    assert (list(kept.tags.all()), kept.manager, kept.type) != ([], owner, "customer")


def test_a_tag_is_removed_and_the_others_stay(owner: User, signed_in: SignIn) -> None:
    hot, cold = TagFactory.create(name="Hot"), TagFactory.create(name="Cold")
    account = AccountFactory.create(manager=owner, tags=[hot, cold])

    send(signed_in(owner), "accounts", [account], action="remove-tag", value=hot.pk, go="1")

    assert list(Tag.objects.filter(accounts=account)) == [cold]


def test_an_undone_stage_brings_back_the_place_with_its_probability(
    owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    first, won = stages["prospecting"], Stage.objects.get(is_won=True)
    deal = OpportunityFactory.create(owner=owner, stage=first, probability=35, probability_by_hand=True)
    client = signed_in(owner)
    done = send(client, "opportunities", [deal], action="stage", value=won.pk, go="1")
    assert Opportunity.objects.get().probability == 100

    client.post("/opportunities/bulk/undo/", {"undo": undo_of(done)})

    back = Opportunity.objects.get()
    assert (back.stage, back.probability, back.probability_by_hand) == (first, 35, True)
    assert StageChange.objects.filter(opportunity=deal).count() == 2


def test_what_was_given_to_another_team_comes_back(owner: User, stranger: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    client = signed_in(owner)
    done = send(client, "accounts", [account], action="manager", value=stranger.pk, go="1")

    client.post("/accounts/bulk/undo/", {"undo": undo_of(done)})

    assert Account.objects.get().manager == owner


def test_rows_in_the_trash_are_restored(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner, archived_at=timezone.now())
    client = signed_in(owner)
    page = client.get("/accounts/?trash=true")

    assert [action.key for action in page.context["bulk"]] == ["restore"]
    send(client, "accounts", [account], query="?trash=true", action="restore", go="1")
    assert Account.objects.active().count() == 1


def test_every_changed_row_is_announced(owner: User, signed_in: SignIn, connection_to_odoo: Connection) -> None:
    rows = AccountFactory.create_batch(3, manager=owner, type="customer")

    send(signed_in(owner), "accounts", rows, action="type", value="dealer", go="1")

    assert OutboxMessage.objects.count() == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"action": "trash"}, "Select rows first."),
        ({"action": "trash", "row": ["no-uuid"]}, "Select rows first."),
        ({"action": "explode", "row": ["x"]}, "Choose what to do"),
        ({}, "Choose what to do"),
    ],
)
def test_a_choice_that_makes_no_sense_gets_a_sentence(
    data: dict[str, Any], words: str, owner: User, signed_in: SignIn
) -> None:
    answer = signed_in(owner).post("/accounts/bulk/", data)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_too_many_rows_at_once_are_refused_with_the_limit(
    owner: User, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    rows = AccountFactory.create_batch(3, manager=owner)
    client = signed_in(owner)

    assert "At most 2 rows" in send(client, "accounts", rows, action="trash", go="1").content.decode()
    assert "At most 2 rows" in send(client, "accounts", [], all="1", action="trash", go="1").content.decode()
    assert Account.objects.active().count() == 3


def test_an_undo_of_somebody_else_or_a_forged_one_is_refused(owner: User, team_mate: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    done = send(signed_in(owner), "accounts", [account], action="trash", go="1")

    answers = [
        signed_in(team_mate).post("/accounts/bulk/undo/", {"undo": undo}).status_code
        for undo in (undo_of(done), "forged", "")
    ]

    assert answers == [422, 422, 422]
    assert Account.objects.archived().count() == 1


def test_a_preview_of_fifty_costs_as_many_queries_as_one_of_one(owner: User, signed_in: SignIn) -> None:
    client = signed_in(owner)
    rows = AccountFactory.create_batch(50, manager=owner)
    with CaptureQueriesContext(connection) as one:
        send(client, "accounts", rows[:1], action="trash")
    with CaptureQueriesContext(connection) as fifty:
        send(client, "accounts", rows, action="trash")

    assert len(fifty) == len(one)

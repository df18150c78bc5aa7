"""Search over everything and the command palette: who finds what, how it is typed, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import shortcuts
from crm.models import Stage, User
from crm.nouns import url_of
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    TaskFactory,
)

SignIn = Callable[[User], Client]
MADE: dict[str, tuple[Any, str, str]] = {
    "Accounts": (AccountFactory, "manager", "name"),
    "Contacts": (ContactFactory, "owner", "name"),
    "Leads": (LeadFactory, "owner", "name"),
    "Opportunities": (OpportunityFactory, "owner", "name"),
    "Activities": (ActivityFactory, "owner", "subject"),
    "Tasks": (TaskFactory, "assignee", "title"),
}


def found(client: Client, words: str, page: str = "/search/") -> dict[str, list[str]]:
    """The titles that a search finds, by section."""
    answer = client.get(page, {"q": words})
    assert answer.status_code == 200
    return {str(one.title): [hit.title for hit in one.hits] for one in answer.context["sections"]}


@pytest.mark.parametrize("noun", MADE)
def test_owner_team_mate_and_reader_find_a_record_and_a_stranger_does_not(
    noun: str,
    owner: User,
    team_mate: User,
    reader: User,
    stranger: User,
    signed_in: SignIn,
    stages: dict[str, Stage],
) -> None:
    factory, owned_by, named = MADE[noun]
    factory.create(**{owned_by: owner, named: "Zebra crossing"})

    results = [found(signed_in(user), "cross zebra") for user in (owner, team_mate, reader, stranger)]

    assert results == [{noun: ["Zebra crossing"]}] * 3 + [{}]


@pytest.mark.parametrize("page", ["/search/", "/search/palette/"])
def test_somebody_who_has_not_signed_in_is_asked_to(page: str, db: None) -> None:
    assert Client().get(page, {"q": "acme"}).status_code == 302


@pytest.mark.parametrize("typed", ["+49 30 1234567", "030 1234567", "0301234567", "(030) 123-45 67", "0049301234567"])
def test_a_phone_number_is_found_however_it_is_typed(typed: str, owner: User, signed_in: SignIn) -> None:
    AccountFactory.create(name="A", phone="+49 (0)30 / 123 45 67", manager=owner)
    ContactFactory.create(name="C", mobile="0049 30 1234567", owner=owner)
    LeadFactory.create(name="L", phone="030-1234567", owner=owner)
    LeadFactory.create(name="Other", phone="030-7654321", owner=owner)

    assert found(signed_in(owner), typed) == {"Accounts": ["A"], "Contacts": ["C"], "Leads": ["L"]}


def test_an_address_finds_exactly_itself_in_any_case(owner: User, signed_in: SignIn) -> None:
    ContactFactory.create(name="Ann", email="ann@acme.example", owner=owner)
    ContactFactory.create(name="Joann", email="joann@acme.example", owner=owner)

    assert found(signed_in(owner), "ANN@acme.example") == {"Contacts": ["Ann"]}


def test_the_name_itself_comes_first_and_the_trash_is_left_out(owner: User, signed_in: SignIn) -> None:
    for name in ("New Acme", "Acme Ltd", "Acme"):
        AccountFactory.create(name=name, manager=owner)
    AccountFactory.create(name="Acme gone", manager=owner, archived_at=timezone.now())

    assert found(signed_in(owner), "acme") == {"Accounts": ["Acme", "Acme Ltd", "New Acme"]}


@pytest.mark.parametrize("words", ["", "  ", "ab", "a b", "\x00", "%%%", "' OR 1=1", "x" * 5000])
def test_odd_words_are_answered(words: str, owner: User, signed_in: SignIn) -> None:
    AccountFactory.create(name="Acme", manager=owner)
    assert found(signed_in(owner), words) == {}
    assert signed_in(owner).get("/search/palette/", {"q": words}).status_code == 200


def test_what_is_found_costs_as_many_queries_for_many_rows_as_for_none(
    owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    client = signed_in(owner)
    client.get("/search/?q=zebra")
    with CaptureQueriesContext(connection) as none:
        client.get("/search/?q=zebra")
    for factory, owned_by, named in MADE.values():
        factory.create_batch(50, **{owned_by: owner, named: "Zebra"})
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/search/?q=zebra")

    assert len(many) == len(none) <= 10
    assert [len(section.hits) for section in answer.context["sections"]] == [8] * 6
    assert {section.all_url for section in answer.context["sections"]} >= {"/accounts/?q=zebra"}


def test_the_palette_offers_actions_and_pages_that_the_person_may_use(
    owner: User, reader: User, signed_in: SignIn
) -> None:
    mine, theirs = (found(signed_in(user), "lead", "/search/palette/") for user in (owner, reader))

    assert mine["Actions"] == ["New lead"]
    assert "Go to Leads" in mine["Pages"]
    assert "Actions" not in theirs
    assert "Go to Leads" in theirs["Pages"]


def test_the_palette_begins_with_the_records_seen_last_as_far_as_they_may_still_be_seen(
    owner: User, stranger: User, signed_in: SignIn
) -> None:
    client = signed_in(owner)
    accounts = [AccountFactory.create(name=name, manager=owner) for name in ("One", "Two", "Three")]
    for account in [*accounts, accounts[0]]:
        client.get(url_of(account))
    accounts[1].manager = stranger
    accounts[1].save()

    assert found(client, "", "/search/palette/")["Seen last"] == ["One", "Three"]


def test_every_key_of_the_sheet_does_one_thing_and_a_reader_is_offered_nothing_to_create(
    owner: User, reader: User
) -> None:
    rows = [row for sheet in shortcuts.sheets(owner) for row in sheet.rows]

    assert len({row.keys for row in rows}) == len(rows)
    assert all(bool(row.url) != bool(row.do) for row in rows)
    assert {"g l", "g p", "c l", "?", "/"} <= {row.keys for row in rows}
    assert not [row for sheet in shortcuts.sheets(reader) for row in sheet.rows if row.keys.startswith("c ")]

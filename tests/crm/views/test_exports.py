"""Exports of the lists: the same rows as the page for the same eyes, values that run nothing, a price that stays."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import tabular
from crm.models import Stage, User
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


def table(client: Client, address: str) -> list[list[str]]:
    """The exported file, line by line."""
    answer = client.get(address)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))  # type: ignore[arg-type]


def first_cells(client: Client, address: str) -> list[str]:
    return [line[0] for line in table(client, address)[1:]]


@pytest.mark.parametrize("key", MADE)
def test_owner_team_mate_and_reader_export_a_row_and_a_stranger_does_not(
    key: str, owner: User, team_mate: User, stranger: User, reader: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    factory, field = MADE[key]
    row = factory.create(**{field: owner})

    seen = [first_cells(signed_in(user), f"/{key}/export/") for user in (owner, team_mate, reader, stranger)]

    assert seen == [[str(row)], [str(row)], [str(row)], []]


def test_somebody_who_has_not_signed_in_is_asked_to(db: None) -> None:
    assert Client().get("/leads/export/").status_code == 302


def test_search_filters_order_and_columns_of_the_list_are_kept(owner: User, signed_in: SignIn) -> None:
    for name, score in (("Alpha bau", 10), ("Beta bau", 90), ("Gamma", 50)):
        LeadFactory.create(name=name, score=score, source="referral", owner=owner)
    LeadFactory.create(name="Delta bau", source="cold_call", owner=owner)

    lines = table(signed_in(owner), "/leads/export/?q=bau&source=referral&sort=-score&columns=score,source")

    assert lines == [["Title", "Source", "Score"], ["Beta bau", "Referral", "90"], ["Alpha bau", "Referral", "10"]]


def test_empty_values_come_last_as_in_the_list(owner: User, signed_in: SignIn, stages: dict[str, Stage]) -> None:
    OpportunityFactory.create(name="Some day", close_date=None, owner=owner)
    OpportunityFactory.create(name="Soon", close_date=date(2030, 1, 31), owner=owner)

    address = "/opportunities/export/?sort=-close_date&columns=close"
    assert table(signed_in(owner), address)[1:] == [["Soon", "2030-01-31"], ["Some day", ""]]


def test_a_cell_of_two_fields_becomes_two_columns(owner: User, signed_in: SignIn) -> None:
    tags = [TagFactory.create(name="Hot"), TagFactory.create(name="VIP")]
    AccountFactory.create(
        name="Acme", phone="+49 (30) 12/3", email="a@example.com", annual_revenue=Decimal("1200.50"), manager=owner,
        tags=tags,
    )  # fmt: skip

    head, line = table(signed_in(owner), "/accounts/export/?columns=reach,revenue,tags")

    assert head == ["Name", "Phone", "E-mail", "Annual revenue", "Tags"]
    assert line == ["Acme", "+49 (30) 12/3", "a@example.com", "1200.50", "Hot, VIP"]


def test_the_file_begins_with_a_mark_by_which_excel_knows_utf_8(owner: User, signed_in: SignIn) -> None:
    AccountFactory.create(name="Müller", manager=owner)
    answer = signed_in(owner).get("/accounts/export/")

    assert b"".join(answer).startswith(b"\xef\xbb\xbf")  # type: ignore[arg-type]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="accounts-')


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "＝1+1"])
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert tabular.safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["+49 30 1234", "-5", "-5.25", "Acme", "a=b", ""])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert tabular.safe(text) == text


def test_a_filter_that_is_refused_leads_back_to_the_list_that_says_why(owner: User, signed_in: SignIn) -> None:
    LeadFactory.create(owner=owner)
    answer = signed_in(owner).get("/leads/export/?source=telepathy", follow=True)

    assert answer.request["PATH_INFO"] == "/leads/"
    assert "telepathy is not one of the available choices" in answer.content.decode()


@pytest.mark.parametrize("key", MADE)
def test_fifty_rows_cost_as_many_queries_as_one(
    key: str, owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    factory, field = MADE[key]
    client = signed_in(owner)
    factory.create(**{field: owner})
    with CaptureQueriesContext(connection) as one:
        assert len(first_cells(client, f"/{key}/export/")) == 1
    factory.create_batch(49, **{field: owner})
    with CaptureQueriesContext(connection) as fifty:
        assert len(first_cells(client, f"/{key}/export/")) == 50

    assert len(fifty) == len(one)
    assert len(one) <= 8

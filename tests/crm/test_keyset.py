"""Keyset pages: every row once, in order, both ways, empty fields last, and no page dearer than another."""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from crm import keyset
from crm.keyset import BadCursor, Order, page_of
from crm.models import Account, Opportunity, Stage, Task
from tests.factories import AccountFactory, OpportunityFactory, TaskFactory

DAYS = st.lists(st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 5)), max_size=12)


def expected(order: Order) -> list[int]:
    """All tasks by due day, those without one last, ties by id in the same direction."""
    rows = Task.objects.values_list("due_on", "id")
    filled = sorted((row for row in rows if row[0] is not None), reverse=order.descending)
    empty = sorted((row[1] for row in rows if row[0] is None), reverse=order.descending)
    return [pk for _day, pk in filled] + empty


def walk(order: Order, size: int) -> tuple[list[int], list[int]]:
    """The ids of all pages from first to last, and again from last to first."""
    page = page_of(Task.objects.all(), order, size=size)
    pages = [page]
    while page.next:
        page = page_of(Task.objects.all(), order, cursor=page.next, size=size)
        pages.append(page)
    forwards = [row.pk for one in pages for row in one.rows]
    back = [page]
    while page.previous:
        page = page_of(Task.objects.all(), order, cursor=page.previous, size=size)
        back.insert(0, page)
    return forwards, [row.pk for one in back for row in one.rows]


class TestWalk(TestCase):
    @given(days=DAYS, size=st.integers(1, 5), descending=st.booleans())
    @settings(max_examples=40, deadline=None)
    def test_pages_show_every_row_once_in_order_both_ways(
        self, days: list[date | None], size: int, descending: bool
    ) -> None:
        for day in days:
            TaskFactory.create(due_on=day)
        order = Order("due_on", descending)

        assert walk(order, size) == (expected(order), expected(order))


@pytest.mark.django_db
def test_a_row_that_changes_its_place_meanwhile_costs_no_other_row() -> None:
    tasks = [TaskFactory.create(due_on=date(2026, 1, day)) for day in range(1, 7)]
    first = page_of(Task.objects.all(), Order("due_on"), size=3)
    Task.objects.filter(pk=tasks[0].pk).update(due_on=date(2026, 2, 1))

    second = page_of(Task.objects.all(), Order("due_on"), cursor=first.next, size=3)

    assert [row.pk for row in second.rows] == [task.pk for task in tasks[3:]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA", "WzEsMiwzXQ", "WyJuIiwiMjAyNi05OS05OSIsMV0", "WyJuIixudWxsLCIxIl0", "é"]
)
def test_a_cursor_of_somebody_elses_making_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        page_of(Task.objects.all(), Order("due_on"), cursor=cursor)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a\x00b"),
        ("name", "\ud800"),
        ("amount", "1E999999"),
        ("amount", "NaN"),
        ("updated_at", "0001-01-01T00:00:00+14:00"),
        ("updated_at", "2026-01-01T00:00:00"),
    ],
)
def test_a_cursor_of_what_no_row_can_hold_is_refused(field: str, value: str) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(["n", value, 1]).encode()).decode()
    with pytest.raises(BadCursor):
        page_of(Opportunity.objects.all(), Order(field), cursor=forged)


def test_an_order_that_is_no_column_is_refused() -> None:
    with pytest.raises(FieldDoesNotExist):
        page_of(Task.objects.all(), Order("nonsense"))


@pytest.mark.django_db
def test_money_keeps_its_digits_in_a_cursor(stages: dict[str, Stage]) -> None:
    deals = [OpportunityFactory.create(amount=amount) for amount in ("0.10", "0.11", "9999999.99")]
    first = page_of(Opportunity.objects.all(), Order("amount"), size=1)
    second = page_of(Opportunity.objects.all(), Order("amount"), cursor=first.next, size=1)

    assert [row.pk for row in [*first.rows, *second.rows]] == [deal.pk for deal in deals[:2]]


@pytest.mark.django_db
def test_a_count_stops_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "COUNT_LIMIT", 3)
    AccountFactory.create_batch(2)
    few = keyset.count_of(Account.objects.all())
    AccountFactory.create_batch(8)

    assert (few, keyset.count_of(Account.objects.all())) == (2, 4)


@pytest.mark.django_db
def test_no_page_costs_more_than_two_queries(django_assert_max_num_queries: Any) -> None:
    for _number in range(9):
        TaskFactory.create(due_on=None)
    page = page_of(Task.objects.all(), Order("due_on"), size=4)
    with django_assert_max_num_queries(2):
        page_of(Task.objects.all(), Order("due_on"), cursor=page.next, size=4)

"""The first page: what is mine to do, my pipeline, and what others have done with what is mine."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Stage, User
from crm.services.accounts import update_account
from tests.factories import AccountFactory, OpportunityFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> User:
    """A seller who is signed in."""
    user = UserFactory(name="Ann Seller")
    client.force_login(user)
    return user


def test_an_empty_home_says_so_in_each_part(client: Client, me: User) -> None:
    page = client.get("/").content.decode()

    for words in ("Nothing is due", "None of the open deals is yours", "Nobody else has touched what is yours"):
        assert words in page


def test_my_tasks_deals_and_what_others_changed_stand_there(client: Client, me: User) -> None:
    stage = Stage.objects.filter(is_won=False, is_lost=False)[0]
    late = timezone.localdate() - timedelta(days=2)
    TaskFactory(title="Ring Bob", assignee=me, due_on=late)
    TaskFactory(title="Somebody else's", assignee=UserFactory(), due_on=late)
    OpportunityFactory(name="Pump", owner=me, stage=stage, amount=1500, currency="EUR")
    mine, touched = AccountFactory(name="Only mine", manager=me), AccountFactory(name="Touched", manager=me)
    update_account(mine, actor=me, city="Ulm")
    update_account(touched, actor=UserFactory(name="Bert Boss", role="admin"), city="Ulm")

    page = client.get("/").content.decode()

    assert "Ring Bob" in page
    assert "overdue" in page
    assert "Somebody else" not in page
    assert "1 deal · " in page
    assert "1,500.00 EUR" in page
    assert "Touched" in page
    assert "Bert Boss" in page
    assert "Only mine" not in page


def test_each_figure_leads_to_the_rows_behind_it(client: Client, me: User) -> None:
    TaskFactory(title="Ring Bob", assignee=me, due_on=timezone.localdate() - timedelta(days=1))
    TaskFactory(title="Not late", assignee=me, due_on=timezone.localdate() + timedelta(days=3))

    tile = client.get("/").context["tiles"][0]
    behind = client.get(tile.url).content.decode()

    assert (tile.figure, tile.alert) == ("1", True)
    assert "Ring Bob" in behind
    assert "Not late" not in behind


def test_queries_do_not_grow_with_what_stands_there(
    client: Client, me: User, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for number in range(12):
        TaskFactory(assignee=me, due_on=timezone.localdate())
        OpportunityFactory(owner=me)
        AccountFactory(name=f"Account {number}", manager=me)

    with django_assert_max_num_queries(26):  # type: ignore[operator]
        assert client.get("/").status_code == 200

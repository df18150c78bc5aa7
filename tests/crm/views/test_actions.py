"""Questions before something is done with a record: what will happen is said, and a lost race is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Activity, LostReason, Opportunity, Stage, Task, User
from crm.services.pipeline import create_opportunity, update_opportunity
from tests.factories import ActivityFactory, LostReasonFactory, TaskFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stages")]


@pytest.fixture
def me(client: Client) -> User:
    """A seller who is signed in."""
    user = UserFactory()
    client.force_login(user)
    return user


def page(noun: str, record: Any, key: str) -> str:
    return reverse("workspace:do", args=(noun, record.uuid, key))


def test_a_deal_is_won_lost_and_reopened(client: Client, me: User) -> None:
    deal = create_opportunity(actor=me, name="Pump")
    reason: LostReason = LostReasonFactory(name="Too dear")

    asked = client.get(page("opportunities", deal, "win"))
    client.post(page("opportunities", deal, "win"))
    won = Opportunity.objects.get()
    client.post(page("opportunities", deal, "reopen"))
    client.post(page("opportunities", deal, "lose"), {"reason": reason.pk})
    lost = Opportunity.objects.get()

    assert "Mark “Pump” as won?" in asked.content.decode()
    assert won.stage.is_won
    assert (lost.lost_reason, lost.lost_at is not None) == (reason, True)


def test_work_is_done_with_its_outcome_and_taken_back(client: Client, me: User) -> None:
    call: Activity = ActivityFactory(owner=me)
    task: Task = TaskFactory(assignee=me)

    client.post(page("activities", call, "complete"), {"outcome": "Wants an offer", "next_steps": ""})
    client.post(page("tasks", task, "complete"))
    call.refresh_from_db()
    task.refresh_from_db()
    client.post(page("tasks", task, "reopen"))

    assert (call.outcome, call.done_at is not None, task.done_at is not None) == ("Wants an offer", True, True)
    assert Task.objects.get().done_at is None


def test_who_comes_second_looks_again_before_it_is_done(client: Client, me: User) -> None:
    deal = create_opportunity(actor=me, name="Pump")
    seen = str(deal.version)
    update_opportunity(deal, actor=UserFactory(), amount=5)

    first = client.post(page("opportunities", deal, "win"), {"version": seen})
    there = Opportunity.objects.get()
    again = client.post(page("opportunities", deal, "win"), {"version": str(first.context["version"])})

    assert (first.status_code, there.stage.is_won) == (422, False)
    assert "Look again, then confirm" in first.content.decode()
    assert (again.status_code, Opportunity.objects.get().stage.is_won) == (302, True)


def test_what_cannot_be_done_now_leads_back_with_the_reason(client: Client, me: User) -> None:
    deal = create_opportunity(actor=me, name="Pump", stage=Stage.objects.filter(is_won=True)[0])

    for key in ("win", "nonsense"):
        shown = client.get(page("opportunities", deal, key), follow=True)
        assert "That cannot be done with “Pump” now." in shown.content.decode()


def test_what_a_service_refuses_stands_on_the_page(client: Client, me: User) -> None:
    deal = create_opportunity(actor=me, name="Pump")
    Stage.objects.filter(is_won=True).update(is_won=False)

    answer = client.post(page("opportunities", deal, "win"))

    assert (answer.status_code, "No stage is marked as won" in answer.content.decode()) == (422, True)

"""The figures of the first page and of the board, for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from crm.models import Stage, User
from tests.factories import OpportunityFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_dashboard_tells_the_day_and_the_pipeline(api: Callable[[User], APIClient]) -> None:
    me, stage = UserFactory(), Stage.objects.filter(is_won=False, is_lost=False)[0]
    TaskFactory(assignee=me, due_on=timezone.localdate() - timedelta(days=1))
    TaskFactory(assignee=me, due_on=timezone.localdate())
    OpportunityFactory(owner=me, stage=stage, amount=100, probability=50, currency="EUR")
    OpportunityFactory(owner=None, stage=stage, amount=20, probability=10, currency="EUR")
    OpportunityFactory(owner=UserFactory(), stage=stage, amount=9000, currency="EUR")

    found = api(me).get("/api/v1/dashboard/").json()

    assert found["day"] == {"tasks_overdue": 1, "tasks_today": 1, "open_deals": 1, "planned": 0}
    (column,) = [one for one in found["pipeline"] if one["stage"] == str(stage.uuid)]
    assert (column["name"], column["count"]) == (stage.name, 2)
    assert column["worth"] == [{"currency": "EUR", "amount": "120.00", "weighted": "52.00"}]

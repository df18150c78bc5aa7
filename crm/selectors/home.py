"""What somebody sees first: the figures of the day, the next tasks, the own pipeline, and what others have done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from crm import nouns
from crm.filters import OpportunityFilters
from crm.models import Activity, Opportunity, Task, User
from crm.registry import HomeTile
from crm.selectors import board

SOME = 8


@dataclass(frozen=True)
class Day:
    """How much there is to do for one person."""

    tasks_overdue: int
    tasks_today: int
    open_deals: int
    planned: int


@dataclass(frozen=True)
class News:
    """A record of one's own that somebody else has changed, or Odoo (`who` is None then)."""

    record: Any
    icon: str
    url: str
    who: User | None
    when: datetime


def my_open_tasks(user: User) -> QuerySet[Task]:
    """The user's open tasks, most urgent day first, those without a day last."""
    return Task.objects.active().filter(assignee=user, done_at__isnull=True)


def next_tasks(user: User, *, limit: int = SOME) -> list[Task]:
    """The user's next open tasks that have a day, overdue ones first. One query."""
    linked = ("account", "contact", "lead", "opportunity")
    return list(
        my_open_tasks(user).filter(due_on__isnull=False).select_related(*linked).order_by("due_on", "id")[:limit]
    )


def my_day(user: User) -> Day:
    """The user's figures: tasks, open deals, and what is planned for the next seven days. Four queries."""
    now, today = timezone.now(), timezone.localdate()
    tasks = my_open_tasks(user)
    planned = Activity.objects.active().filter(
        owner=user, done_at__isnull=True, starts_at__gte=now, starts_at__lt=now + timedelta(days=7)
    )
    return Day(
        tasks_overdue=tasks.filter(due_on__lt=today).count(),
        tasks_today=tasks.filter(due_on=today).count(),
        open_deals=_open_deals(user).count(),
        planned=planned.count(),
    )


def home_tiles(user: User) -> list[HomeTile]:
    """The figures of the user's day, each with the list behind it. Four queries."""
    day, today = my_day(user), timezone.localdate()
    week = {"starts_after": today, "starts_before": today + timedelta(days=7)}
    return [
        HomeTile(
            _("Tasks overdue"),
            _figure(day.tasks_overdue),
            _list("tasks", assignee=user.pk, due="overdue"),
            "alarm",
            alert=day.tasks_overdue > 0,
        ),
        HomeTile(
            _("Tasks for today"),
            _figure(day.tasks_today),
            _list("tasks", assignee=user.pk, due="today"),
            "task_alt",
        ),
        HomeTile(
            _("My open opportunities"),
            _figure(day.open_deals),
            _list("opportunities", owner=user.pk, outcome="open"),
            "monetization_on",
        ),
        HomeTile(
            _("Planned in the next 7 days"),
            _figure(day.planned),
            _list("activities", owner=user.pk, state="open", **week),
            "event",
        ),
    ]


def my_pipeline(user: User) -> list[board.Head]:
    """The stages in which the user's deals stand, with their worth; empty ones are left out. Two queries."""
    return [head for head in board.heads(_open_deals(user)) if head.count]


def pipeline(user: User) -> list[board.Head]:
    """The columns of the board as this user sees it when nothing is asked for. Two queries."""
    return board.heads(board.shown(OpportunityFilters({}, queryset=board.deals(user))))


def news(user: User, *, days: int = 1, limit: int = SOME) -> list[News]:
    """What others have changed on the user's own records since so many days, the latest first. One query per noun."""
    since = timezone.now() - timedelta(days=days)
    found = []
    for noun in nouns.all_nouns():
        if not noun.allows(user, "view"):
            continue
        rows = (
            noun.model._default_manager.active()
            .filter(**{noun.owner_filter: user}, updated_at__gte=since)
            .exclude(updated_by=user)
            .select_related("updated_by")
            .order_by("-updated_at")[:limit]
        )
        found += [News(row, noun.icon, nouns.url_of(row), row.updated_by, row.updated_at) for row in rows]
    return sorted(found, key=lambda one: one.when, reverse=True)[:limit]


def _open_deals(user: User) -> QuerySet[Opportunity]:
    return Opportunity.objects.active().filter(owner=user, lost_at__isnull=True, stage__is_won=False)


def _figure(count: int) -> str:
    return str(number_format(count, force_grouping=True))


def _list(key: str, **filters: Any) -> str:
    return f"{reverse('workspace:list', args=(key,))}?{urlencode(filters)}"

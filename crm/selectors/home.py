"""What somebody sees first: the figures of the day and the next tasks."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from crm.models import Activity, Opportunity, Task, User
from crm.registry import HomeTile


def my_open_tasks(user: User) -> QuerySet[Task]:
    """The user's open tasks, most urgent day first, those without a day last."""
    return Task.objects.active().filter(assignee=user, done_at__isnull=True)


def next_tasks(user: User, *, limit: int = 8) -> list[Task]:
    """The user's next open tasks that have a day, overdue ones first. One query."""
    linked = ("account", "contact", "lead", "opportunity")
    return list(
        my_open_tasks(user).filter(due_on__isnull=False).select_related(*linked).order_by("due_on", "id")[:limit]
    )


def home_tiles(user: User) -> list[HomeTile]:
    """Tasks due, deals open and this week's appointments of this user. Four queries."""
    now, today = timezone.now(), timezone.localdate()
    tasks = my_open_tasks(user)
    late = tasks.filter(due_on__lt=today).count()
    due = tasks.filter(due_on=today).count()
    deals = Opportunity.objects.active().filter(owner=user, lost_at__isnull=True, stage__is_won=False).count()
    week = Activity.objects.active().filter(
        owner=user, done_at__isnull=True, starts_at__gte=now, starts_at__lt=now + timedelta(days=7)
    )
    mine = f"assignee__id__exact={user.pk}"
    return [
        HomeTile(
            _("Tasks overdue"),
            number_format(late, force_grouping=True),
            f"{reverse('admin:crm_task_changelist')}?{mine}&due=overdue",
            "alarm",
            alert=late > 0,
        ),
        HomeTile(
            _("Tasks for today"),
            number_format(due, force_grouping=True),
            f"{reverse('admin:crm_task_changelist')}?{mine}&due=today&state=open",
            "task_alt",
        ),
        HomeTile(
            _("My open opportunities"),
            number_format(deals, force_grouping=True),
            f"{reverse('admin:crm_opportunity_changelist')}?owner__id__exact={user.pk}&outcome=open",
            "monetization_on",
        ),
        HomeTile(
            _("Planned in the next 7 days"),
            number_format(week.count(), force_grouping=True),
            f"{reverse('admin:crm_activity_changelist')}?owner__id__exact={user.pk}&state=open",
            "event",
        ),
    ]

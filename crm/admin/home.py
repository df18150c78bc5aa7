"""The admin's first page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import cells, registry
from crm.admin.base import acting
from crm.admin.related import Box, Row
from crm.models import Task
from crm.selectors.home import next_tasks


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures and the next tasks of the person who looks."""
    user = acting(request)
    mine = f"assignee__id__exact={user.pk}"
    context["title"] = _("Home")
    context["tiles"] = registry.home_tiles(user)
    context["related"] = [
        Box(
            title=_("My next tasks"),
            icon="task_alt",
            rows=[_row(task) for task in next_tasks(user)],
            more=True,
            list_url=f"{reverse('admin:crm_task_changelist')}?{mine}&state=open",
            add_url=reverse("admin:crm_task_add") if user.has_perm("crm.add_task") else "",
        )
    ]
    return context


def _row(task: Task) -> Row:
    late = task.due_on is not None and task.due_on < timezone.localdate()
    about = task.opportunity or task.lead or task.contact or task.account
    return Row(
        reverse("admin:crm_task_change", args=(task.pk,)),
        str(task),
        (str(about or ""), cells.day(task.due_on, late=late)),
    )

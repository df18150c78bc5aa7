"""The boxes of related records on a record's page: a few rows, a link to all, a link to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from crm import cells
from crm.models import Activity, Note, Task

SHOWN = 8


@dataclass(frozen=True)
class Row:
    """One related record: where it is, its name, and some facts."""

    url: str
    name: str
    facts: tuple[SafeString | str, ...]


@dataclass(frozen=True)
class Box:
    """Some related records of one kind; `more` says that the list page has others."""

    title: str
    icon: str
    rows: list[Row]
    more: bool
    list_url: str
    add_url: str


def box(
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    icon: str,
    facts: Callable[[Any], tuple[SafeString | str, ...]],
    link: dict[str, Any],
    add: dict[str, Any] | None = None,
) -> Box | None:
    """A box of the first eight rows this user may see, or None for somebody who may not see this kind. One query.

    `link` filters the list page, `add` fills in the form of a new record (by default the same).
    """
    opts = rows.model._meta
    name = f"{opts.app_label}_{opts.model_name}"
    if not request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}"):
        return None
    found = list(rows.active().visible_to(request.user)[: SHOWN + 1])  # type: ignore[attr-defined]
    may_add = request.user.has_perm(f"{opts.app_label}.add_{opts.model_name}")
    filters = {f"{key}__id__exact": value for key, value in link.items()}
    return Box(
        title=str(opts.verbose_name_plural).capitalize(),
        icon=icon,
        rows=[Row(reverse(f"admin:{name}_change", args=(row.pk,)), str(row), facts(row)) for row in found[:SHOWN]],
        more=len(found) > SHOWN,
        list_url=f"{reverse(f'admin:{name}_changelist')}?{urlencode(filters)}",
        add_url=f"{reverse(f'admin:{name}_add')}?{urlencode(link if add is None else add)}" if may_add else "",
    )


def boxes(*found: Box | None) -> list[Box]:
    """Those of these boxes that there are."""
    return [each for each in found if each is not None]


def work_boxes(request: HttpRequest, record: Any, name: str) -> list[Box]:
    """Tasks, activities and notes that hang on this record by its link `name`. Three queries."""
    link = {name: record.pk}
    return boxes(
        box(
            request,
            Task.objects.filter(done_at__isnull=True, **link).select_related("assignee").order_by("due_on", "id"),
            icon="task_alt",
            facts=lambda task: (cells.day(task.due_on), str(task.assignee or "")),
            link=link,
        ),
        box(
            request,
            Activity.objects.filter(**link).select_related("owner"),
            icon="event",
            facts=lambda activity: (activity.get_type_display(), cells.ago(activity.starts_at)),
            link=link,
        ),
        box(
            request,
            Note.objects.filter(**link).select_related("created_by"),
            icon="sticky_note_2",
            facts=lambda note: (str(note.created_by or ""), cells.ago(note.created_at)),
            link=link,
        ),
    )

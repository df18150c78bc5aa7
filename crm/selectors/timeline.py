"""What the CRM itself tells on a timeline: notes, activities, tasks, messages, and moves between stages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.template.defaultfilters import linebreaks_filter as lines
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from crm.html import sanitise
from crm.models import Activity, CommunicationLog, Linked, Note, Opportunity, StageChange, Task
from crm.nouns import url_of
from crm.timeline import Entry, Source

ICONS = {
    Activity.Type.CALL: "phone",
    Activity.Type.EMAIL: "mail",
    Activity.Type.MEETING: "calendar-event",
    Activity.Type.TASK: "checkbox",
    Activity.Type.NOTE: "note",
    Activity.Type.VISIT: "map-pin",
}


def _about(model: type[Any], *related: str) -> Any:
    """Rows of a linked model that hang on the record, as the user may see them."""

    def rows(record: Any, user: Any) -> QuerySet[Any] | None:
        link = record._meta.model_name
        if link not in Linked.LINKS:
            return None
        return model.objects.active().visible_to(user).filter(**{link: record}).select_related(*related)

    return rows


def _moves(record: Any, user: Any) -> QuerySet[StageChange] | None:
    if not isinstance(record, Opportunity):
        return None
    return StageChange.objects.filter(opportunity=record).select_related("from_stage", "to_stage", "changed_by")


def _text(*parts: str) -> Any:
    """Plain texts as escaped paragraphs; "" when all are empty."""
    told = "\n\n".join(part for part in parts if part)
    return lines(told) if told else ""


def _note(note: Note) -> Entry:
    return Entry(
        note.created_at,
        note.pk,
        "note",
        _("Note"),
        mark_safe(sanitise(note.body)),  # noqa: S308
        str(note.created_by or ""),
    )


def _activity(row: Activity) -> Entry:
    return Entry(
        row.starts_at,
        row.pk,
        ICONS[Activity.Type(row.type)],
        format_html("{}: {}", row.get_type_display(), row.subject),
        _text(row.description, row.outcome, row.next_steps),
        str(row.owner or ""),
        url_of(row),
        open=row.done_at is None,
    )


def _task(row: Task) -> Entry:
    due = _("due %(day)s") % {"day": date_format(row.due_on)} if row.due_on else ""
    return Entry(
        row.created_at,
        row.pk,
        "checkbox",
        format_html("{}: {}", _("Task"), row.title),
        _text(due, row.description),
        str(row.assignee or ""),
        url_of(row),
        open=row.done_at is None,
    )


def _message(row: CommunicationLog) -> Entry:
    title = row.subject or row.get_channel_display()
    return Entry(row.happened_at, row.pk, "message", title, mark_safe(sanitise(row.body)), row.author_name)  # noqa: S308


def _move(row: StageChange) -> Entry:
    title = (
        _("From “%(old)s” to “%(new)s”") % {"old": row.from_stage, "new": row.to_stage}
        if row.from_stage
        else _("Began in “%(new)s”") % {"new": row.to_stage}
    )
    return Entry(row.changed_at, row.pk, "route", title, "", str(row.changed_by or ""))


SOURCES = (
    Source("notes", _about(Note, "created_by"), "created_at", _note),
    Source("activities", _about(Activity, "owner"), "starts_at", _activity),
    Source("tasks", _about(Task, "assignee"), "created_at", _task),
    Source("messages", _about(CommunicationLog), "happened_at", _message),
    Source("moves", _moves, "changed_at", _move),
)

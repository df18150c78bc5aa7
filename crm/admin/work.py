"""Activities, tasks, notes and the communication log in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import ReadOnlyAdmin, RecordAdmin, acting
from crm.admin.filters import ChoiceFilter, DoneFilter
from crm.admin.questions import run_each
from crm.html import sanitise
from crm.models import Activity, CommunicationLog, Note, Task
from crm.services import activities, notes, tasks

LINKS = ("account", "contact", "lead", "opportunity")
ABOUT = (gettext_lazy("About"), {"fields": [("account", "contact"), ("lead", "opportunity")]})


@admin.register(Activity)
class ActivityAdmin(RecordAdmin):
    list_display = ("subject", "kind", "starts", "about", "outcome", "owner", "done")
    list_select_related = ("owner", *LINKS)
    list_filter = (
        DoneFilter,
        ("type", ChoicesDropdownFilter),
        ("owner", AutocompleteSelectFilter),
        ("starts_at", RangeDateFilter),
    )
    search_help_text = gettext_lazy("Subject, outcome or next steps")
    autocomplete_fields = ("owner", *LINKS)
    actions = ("complete_selected", "archive_selected", "restore_selected")
    actions_detail = ("complete_one", "reopen_one", "archive_one", "restore_one")
    tagged = False
    fieldsets = (
        (None, {"fields": [("type", "owner"), "subject", "starts_at", "duration_minutes", "description"]}),
        (gettext_lazy("Result"), {"fields": ["outcome", "next_steps", "done_at"]}),
        ABOUT,
        (gettext_lazy("Position"), {"fields": [("latitude", "longitude")], "classes": ["collapse"]}),
    )
    archive_service = staticmethod(activities.archive_activity)
    restore_service = staticmethod(activities.restore_activity)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": acting(request).pk, **super().get_changeform_initial_data(request)}

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Activity:
        return activities.log_activity(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Activity, values: dict[str, Any]) -> Activity:
        return activities.update_activity(record, actor=acting(request), **values)

    @display(description=gettext_lazy("type"), ordering="type", label=True)
    def kind(self, record: Activity) -> str:
        return record.get_type_display()

    @display(description=gettext_lazy("starts"), ordering="starts_at")
    def starts(self, record: Activity) -> SafeString | str:
        return cells.ago(record.starts_at)

    @display(description=gettext_lazy("about"))
    def about(self, record: Activity) -> SafeString | str:
        return cells.about(record)

    @display(description=gettext_lazy("done"), ordering="done_at", boolean=True)
    def done(self, record: Activity) -> bool:
        return record.done_at is not None

    @admin.action(description=gettext_lazy("Mark as done"), permissions=["change"])
    def complete_selected(self, request: HttpRequest, queryset: QuerySet[Activity]) -> None:
        run_each(
            request,
            queryset,
            lambda record: activities.complete_activity(record, actor=acting(request)),
            done=_("marked as done"),
        )

    @action(description=gettext_lazy("Done"), url_path="complete", icon="check", permissions=["complete"])
    def complete_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Mark “%(name)s” as done?"),
            button=_("Mark as done"),
            icon="check",
            run=lambda record, values: activities.complete_activity(record, actor=acting(request)),
            done=_("“%(name)s” is done."),
        )

    @action(description=gettext_lazy("Reopen"), url_path="reopen", icon="undo", permissions=["reopen"])
    def reopen_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Reopen “%(name)s”?"),
            button=_("Reopen"),
            icon="undo",
            run=lambda record, values: activities.reopen_activity(record, actor=acting(request)),
            done=_("“%(name)s” is open again."),
        )

    def has_complete_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        record = self.record(request, object_id)
        return record is not None and self.has_change_permission(request, record) and record.done_at is None

    def has_reopen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        record = self.record(request, object_id)
        return record is not None and self.has_change_permission(request, record) and record.done_at is not None


class DueFilter(ChoiceFilter):
    title = gettext_lazy("due")
    parameter_name = "due"
    options = {
        "overdue": gettext_lazy("Overdue"),
        "today": gettext_lazy("Today"),
        "later": gettext_lazy("Later"),
        "never": gettext_lazy("No date"),
    }

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        lookups: dict[str, dict[str, Any]] = {
            "overdue": {"due_on__lt": today, "done_at__isnull": True},
            "today": {"due_on": today},
            "later": {"due_on__gt": today},
            "never": {"due_on__isnull": True},
        }
        return queryset.filter(**lookups[value])


@admin.register(Task)
class TaskAdmin(RecordAdmin):
    list_display = ("title", "due", "urgency", "kind_column", "about", "assignee", "done")
    list_select_related = ("assignee", *LINKS)
    list_filter = (
        DoneFilter,
        DueFilter,
        ("priority", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("assignee", AutocompleteSelectFilter),
    )
    search_help_text = gettext_lazy("Title or barcode")
    autocomplete_fields = ("assignee", *LINKS)
    actions = ("complete_selected", "reopen_selected", "archive_selected", "restore_selected")
    actions_detail = ("complete_one", "reopen_one", "archive_one", "restore_one")
    tagged = False
    fieldsets = (
        (None, {"fields": ["title", ("due_on", "assignee"), ("priority", "kind"), "barcode", "description"]}),
        ABOUT,
    )
    archive_service = staticmethod(tasks.archive_task)
    restore_service = staticmethod(tasks.restore_task)
    has_complete_permission = ActivityAdmin.has_complete_permission
    has_reopen_permission = ActivityAdmin.has_reopen_permission

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"assignee": acting(request).pk, **super().get_changeform_initial_data(request)}

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Task:
        return tasks.create_task(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Task, values: dict[str, Any]) -> Task:
        return tasks.update_task(record, actor=acting(request), **values)

    @display(description=gettext_lazy("due"), ordering="due_on")
    def due(self, record: Task) -> SafeString | str:
        late = record.done_at is None and record.due_on is not None and record.due_on < timezone.localdate()
        return cells.day(record.due_on, late=late)

    @display(description=gettext_lazy("priority"), ordering="priority", label={"urgent": "danger", "high": "warning"})
    def urgency(self, record: Task) -> tuple[str, str]:
        return record.priority, record.get_priority_display()

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_column(self, record: Task) -> str:
        return record.get_kind_display()

    @display(description=gettext_lazy("about"))
    def about(self, record: Task) -> SafeString | str:
        return cells.about(record)

    @display(description=gettext_lazy("done"), ordering="done_at", boolean=True)
    def done(self, record: Task) -> bool:
        return record.done_at is not None

    @admin.action(description=gettext_lazy("Mark as done"), permissions=["change"])
    def complete_selected(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        run_each(request, queryset, lambda task: tasks.complete_task(task, actor=acting(request)), done=_("done"))

    @admin.action(description=gettext_lazy("Reopen"), permissions=["change"])
    def reopen_selected(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        run_each(request, queryset, lambda task: tasks.reopen_task(task, actor=acting(request)), done=_("open again"))

    @action(description=gettext_lazy("Done"), url_path="complete", icon="check", permissions=["complete"])
    def complete_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Mark “%(name)s” as done?"),
            sentences=[_("In Odoo the activity is marked as done, too.")],
            button=_("Mark as done"),
            icon="check",
            run=lambda task, values: tasks.complete_task(task, actor=acting(request)),
            done=_("“%(name)s” is done."),
        )

    @action(description=gettext_lazy("Reopen"), url_path="reopen", icon="undo", permissions=["reopen"])
    def reopen_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Reopen “%(name)s”?"),
            button=_("Reopen"),
            icon="undo",
            run=lambda task, values: tasks.reopen_task(task, actor=acting(request)),
            done=_("“%(name)s” is open again."),
        )


def shown_html(markup: str) -> SafeString:
    """HTML of a note or message for a page, sanitised once more: what was pulled may be older than the rules."""
    return format_html('<div class="tandem-prose">{}</div>', mark_safe(sanitise(markup)))  # noqa: S308


@admin.register(Note)
class NoteAdmin(RecordAdmin):
    """Notes are written once: they stand in Odoo's chatter as written."""

    list_display = ("excerpt", "about", "created_by", "written")
    list_select_related = ("created_by", *LINKS)
    list_filter = (("created_at", RangeDateFilter),)
    search_help_text = gettext_lazy("Words of the note")
    autocomplete_fields = LINKS
    tagged = False
    fieldsets = ((None, {"fields": ["body"]}), ABOUT)
    archive_service = staticmethod(notes.archive_note)
    restore_service = staticmethod(notes.restore_note)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Note:
        return notes.write_note(actor=acting(request), **values)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_archive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        note = self.record(request, object_id)
        return note is not None and note.archived_at is None and super().has_change_permission(request)

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        note = self.record(request, object_id)
        return note is not None and note.archived_at is not None and super().has_change_permission(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ["shown_body", ("created_by", "written")]}), ABOUT]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("shown_body", "created_by", "written", *LINKS)

    @display(description=gettext_lazy("note"))
    def excerpt(self, record: Note) -> str:
        return str(record)

    @display(description=gettext_lazy("note"))
    def shown_body(self, record: Note) -> SafeString:
        return shown_html(record.body)

    @display(description=gettext_lazy("about"))
    def about(self, record: Note) -> SafeString | str:
        return cells.about(record)

    @display(description=gettext_lazy("written"), ordering="created_at")
    def written(self, record: Note) -> SafeString | str:
        return cells.ago(record.created_at)


@admin.register(CommunicationLog)
class CommunicationLogAdmin(ReadOnlyAdmin):
    list_display = ("title", "channel_column", "direction_column", "author_name", "about", "happened")
    list_select_related = LINKS
    list_filter = (
        ("channel", ChoicesDropdownFilter),
        ("direction", ChoicesDropdownFilter),
        ("happened_at", RangeDateFilter),
    )
    search_fields = ("search_text",)
    search_help_text = gettext_lazy("Subject or author")
    fieldsets = (
        (
            None,
            {"fields": ["subject", ("channel", "direction"), ("author_name", "happened_at"), "shown_body"]},
        ),
        ABOUT,
    )
    readonly_fields = ("shown_body",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CommunicationLog]:
        return super().get_queryset(request).visible_to(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CommunicationLog], search_term: str
    ) -> tuple[QuerySet[CommunicationLog], bool]:
        return queryset.search(search_term), False  # type: ignore[attr-defined]

    @display(description=gettext_lazy("subject"), ordering="subject")
    def title(self, record: CommunicationLog) -> str:
        return str(record)

    @display(description=gettext_lazy("channel"), ordering="channel", label=True)
    def channel_column(self, record: CommunicationLog) -> str:
        return record.get_channel_display()

    @display(description=gettext_lazy("direction"), ordering="direction")
    def direction_column(self, record: CommunicationLog) -> str:
        return record.get_direction_display()

    @display(description=gettext_lazy("body"))
    def shown_body(self, record: CommunicationLog) -> SafeString:
        return shown_html(record.body)

    @display(description=gettext_lazy("about"))
    def about(self, record: CommunicationLog) -> SafeString | str:
        return cells.about(record)

    @display(description=gettext_lazy("when"), ordering="happened_at")
    def happened(self, record: CommunicationLog) -> SafeString | str:
        return cells.ago(record.happened_at)

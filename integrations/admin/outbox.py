"""Outgoing messages: the log of what waits, what went and what was set aside; parked ones have a page of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from crm import cells
from integrations.admin.base import AgeFilter, LinkedAdmin, ModelFilter, words
from integrations.models import OutboxMessage

STATUS = OutboxMessage.Status
TONES = {"waiting": "info", "claimed": "info", "done": "success", "parked": "danger", "dropped": "warning"}


@admin.register(OutboxMessage)
class OutboxMessageAdmin(LinkedAdmin):
    list_display = (
        "record_column",
        "model_column",
        "status_column",
        "reason_column",
        "told",
        "attempts",
        "due",
        "made",
    )
    list_display_links = ("model_column",)
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        ModelFilter,
        AgeFilter,
    )
    search_fields = ("explanation", "waits_for")
    search_help_text = gettext_lazy("Words of the explanation")
    ordering = ("-id",)
    actions_detail = ("settle_one",)
    fieldsets = (
        (None, {"fields": ["record_column", ("model_column", "kind"), ("status", "reason")]}),
        (gettext_lazy("Why"), {"fields": ["explanation", "waits_for"]}),
        (
            gettext_lazy("Tries and times"),
            {"fields": [("attempts", "refusals"), ("made", "due", "touched_at"), ("lease_until", "settled_at")]},
        ),
        (gettext_lazy("Identity"), {"fields": ["connection", "object_uuid"], "classes": ["collapse"]}),
    )
    readonly_fields = ("record_column", "model_column", "made", "due")

    @display(description=gettext_lazy("state"), ordering="status", label=TONES)
    def status_column(self, row: OutboxMessage) -> tuple[str, str]:
        return row.status, str(row.get_status_display())

    @display(description=gettext_lazy("reason"), ordering="reason")
    def reason_column(self, row: OutboxMessage) -> str:
        return str(row.get_reason_display())

    @display(description=gettext_lazy("explanation"))
    def told(self, row: OutboxMessage) -> SafeString | str:
        if row.explanation or not row.waits_for:
            return words(row.explanation)
        return words(_("Waits for %(what)s") % {"what": row.waits_for})

    @display(description=gettext_lazy("due"), ordering="due_at")
    def due(self, row: OutboxMessage) -> SafeString | str:
        return cells.ago(row.due_at) if row.status == STATUS.WAITING else cells.NOTHING

    @display(description=gettext_lazy("made"), ordering="id")
    def made(self, row: OutboxMessage) -> SafeString | str:
        return cells.ago(row.created_at)

    @action(description=gettext_lazy("Settle it"), url_path="settle", icon="build", permissions=["parked"])
    def settle_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("sync:parked-message", args=(object_id,)))

    def has_parked_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.row(request, object_id)
        return row is not None and row.status == STATUS.PARKED

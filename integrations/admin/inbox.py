"""Incoming messages: hints that something changed in Odoo, and what became of them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm import cells
from integrations.admin.base import ModelFilter, ReceivedFilter, SyncAdmin, as_json, words
from integrations.models import InboxMessage

TONES = {"waiting": "info", "done": "success", "parked": "danger"}


@admin.register(InboxMessage)
class InboxMessageAdmin(SyncAdmin):
    list_display = ("received", "model_column", "odoo_column", "status_column", "tries", "told")
    list_filter = (("status", ChoicesDropdownFilter), ModelFilter, ReceivedFilter)
    search_fields = ("=remote_id", "explanation")
    search_help_text = gettext_lazy("Number in Odoo, or words of the explanation")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": [("model_column", "odoo_column"), ("status", "tries"), "explanation"]}),
        (gettext_lazy("Times"), {"fields": [("received", "due_at", "settled_at")]}),
        (gettext_lazy("What came along"), {"fields": ["body_column"]}),
    )
    readonly_fields = ("model_column", "odoo_column", "received", "body_column")

    @display(description=gettext_lazy("state"), ordering="status", label=TONES)
    def status_column(self, row: InboxMessage) -> tuple[str, str]:
        return row.status, str(row.get_status_display())

    @display(description=gettext_lazy("explanation"))
    def told(self, row: InboxMessage) -> SafeString | str:
        return words(row.explanation)

    @display(description=gettext_lazy("received"), ordering="id")
    def received(self, row: InboxMessage) -> SafeString | str:
        return cells.ago(row.received_at)

    @display(description=gettext_lazy("body"))
    def body_column(self, row: InboxMessage) -> SafeString | str:
        return as_json(row.body)

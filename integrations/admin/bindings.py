"""Bindings: which record here is which record in Odoo."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm import cells
from integrations.admin.base import LinkedAdmin, ModelFilter, as_json
from integrations.models import Binding

TONES = {"bound": "success", "held": "warning", "gone": "danger", "hidden": "danger", "unknown": "warning"}


@admin.register(Binding)
class BindingAdmin(LinkedAdmin):
    list_display = ("model_column", "record_column", "odoo_column", "state_column", "seen", "made")
    list_display_links = ("model_column",)
    list_filter = (ModelFilter, ("state", ChoicesDropdownFilter))
    search_fields = ("=remote_id", "external_name")
    search_help_text = gettext_lazy("Number in Odoo, or part of the external id")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ["record_column", ("model_column", "odoo_column"), "state"]}),
        (
            gettext_lazy("Identity"),
            {"fields": ["connection", "external_name", "object_uuid"]},
        ),
        (
            gettext_lazy("Last seen"),
            {"fields": [("remote_write_date", "seen"), "confirmed", "hold_until", "made"]},
        ),
        (gettext_lazy("What both sides last agreed on"), {"fields": ["agreed"]}),
    )
    readonly_fields = ("record_column", "model_column", "odoo_column", "seen", "made", "agreed")

    @display(description=gettext_lazy("state"), ordering="state", label=TONES)
    def state_column(self, row: Binding) -> tuple[str, str]:
        return row.state, str(row.get_state_display())

    @display(description=gettext_lazy("change in Odoo seen"))
    def seen(self, row: Binding) -> SafeString | str:
        return cells.ago(row.seen_at)

    @display(description=gettext_lazy("made"), ordering="id")
    def made(self, row: Binding) -> SafeString | str:
        return cells.ago(row.created_at)

    @display(description=gettext_lazy("here and in Odoo, by field"))
    def agreed(self, row: Binding) -> Any:
        return as_json(row.base)

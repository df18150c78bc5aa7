"""How far each model is, and the log of calls and remarkable things."""

from __future__ import annotations

from django.contrib import admin
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from crm import cells
from integrations.admin.base import HappenedFilter, ModelFilter, SyncAdmin, words
from integrations.admin.event_words import kind_words, message_words
from integrations.admin.health import milliseconds
from integrations.models import IntegrationEvent, PullCursor


@admin.register(PullCursor)
class PullCursorAdmin(SyncAdmin):
    list_display = ("model_column", "phase_column", "progress", "high_water", "polled", "compared")
    list_display_links = ("model_column",)
    ordering = ("remote_model", "id")
    fieldsets = (
        (None, {"fields": ["model_column", ("phase", "progress"), "last_id"]}),
        (gettext_lazy("Times"), {"fields": [("high_water", "polled", "compared")]}),
    )
    readonly_fields = ("model_column", "progress", "polled", "compared")

    @display(description=gettext_lazy("phase"), ordering="phase", label={"first": "warning", "polling": "success"})
    def phase_column(self, row: PullCursor) -> tuple[str, str]:
        return row.phase, str(row.get_phase_display())

    @display(description=gettext_lazy("first sync"))
    def progress(self, row: PullCursor) -> str:
        figures = {"done": number_format(row.done, force_grouping=True), "all": number_format(row.total)}
        return _("%(done)s of %(all)s") % figures

    @display(description=gettext_lazy("last poll"), ordering="polled_at")
    def polled(self, row: PullCursor) -> SafeString | str:
        return cells.ago(row.polled_at)

    @display(description=gettext_lazy("ids compared"), ordering="compared_at")
    def compared(self, row: PullCursor) -> SafeString | str:
        return cells.ago(row.compared_at)


@admin.register(IntegrationEvent)
class IntegrationEventAdmin(SyncAdmin):
    """The longest list: its pages go on without being counted."""

    paginator = InfinitePaginator
    list_display = (
        "happened",
        "source",
        "kind_column",
        "model_column",
        "odoo_column",
        "result_column",
        "told",
        "rows",
        "ms",
    )
    list_filter = (("result", ChoicesDropdownFilter), ModelFilter, HappenedFilter)
    search_fields = ("kind", "message")
    search_help_text = gettext_lazy("Kind or message")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": [("source", "kind_column"), ("model_column", "odoo_column"), "result", "told"]}),
        (gettext_lazy("Figures"), {"fields": [("rows", "ms", "count"), "happened"]}),
    )
    readonly_fields = ("kind_column", "model_column", "odoo_column", "told", "ms", "happened")

    @display(
        description=gettext_lazy("result"),
        ordering="result",
        label={"ok": "success", "failed": "danger", "notice": "info"},
    )
    def result_column(self, row: IntegrationEvent) -> tuple[str, str]:
        return row.result, str(row.get_result_display())

    @display(description=gettext_lazy("message"))
    def told(self, row: IntegrationEvent) -> SafeString | str:
        return words(message_words(row))

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_column(self, row: IntegrationEvent) -> str:
        return kind_words(row)

    @display(description=gettext_lazy("duration"))
    def ms(self, row: IntegrationEvent) -> str:
        """Of one of them, where the row counts several."""
        return milliseconds(None if row.duration_ms is None else round(row.duration_ms / row.count))

    @display(description=gettext_lazy("when"), ordering="id")
    def happened(self, row: IntegrationEvent) -> SafeString | str:
        return cells.ago(row.happened_at)

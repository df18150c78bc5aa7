"""The audit log of all records in the admin, for administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from crm import cells
from crm.admin.base import ReadOnlyAdmin
from crm.models import Change
from crm.selectors import history


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ("moment", "who", "origin_column", "action_column", "record", "kind", "fields_column")
    list_filter = (
        ("actor", AutocompleteSelectFilter),
        ("origin", ChoicesDropdownFilter),
        ("at", RangeDateTimeFilter),
    )
    fields = ("moment", "who", "origin_column", "action_column", "page", "kind", "details")
    readonly_fields = fields
    paginator = InfinitePaginator
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        return super().get_queryset(request).select_related("actor", "content_type")

    @display(description=gettext_lazy("when"))
    def moment(self, row: Change) -> SafeString | str:
        return cells.ago(row.at)

    @display(description=gettext_lazy("who"))
    def who(self, row: Change) -> str:
        return str(row.actor or cells.NOTHING)

    @display(description=gettext_lazy("from"))
    def origin_column(self, row: Change) -> str:
        return row.get_origin_display()

    @display(description=gettext_lazy("what"))
    def action_column(self, row: Change) -> str:
        return row.get_action_display()

    @display(description=gettext_lazy("record"))
    def record(self, row: Change) -> str:
        return row.name or cells.NOTHING

    @display(description=gettext_lazy("record"))
    def page(self, row: Change) -> SafeString | str:
        """The record's own page, while there is one."""
        model: Any = row.content_type.model_class()
        found = model._default_manager.filter(uuid=row.object_uuid).first() if model is not None else None
        return cells.link(found) if found is not None else self.record(row)

    @display(description=gettext_lazy("kind"))
    def kind(self, row: Change) -> str:
        model = row.content_type.model_class()
        return str(model._meta.verbose_name) if model is not None else row.content_type.model

    @display(description=gettext_lazy("fields"))
    def fields_column(self, row: Change) -> str:
        return ", ".join(history.label_of(row, name) for name in row.fields) or cells.NOTHING

    @display(description=gettext_lazy("fields"))
    def details(self, row: Change) -> SafeString | str:
        (entry,) = history.in_words([row])
        lines: list[Any] = [(capfirst(line.label), line.before, line.after) for line in entry.lines]
        rows = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>", lines)
        heads = format_html(
            "<tr><th scope='col'>{}</th><th scope='col'>{}</th><th scope='col'>{}</th></tr>",
            _("Field"),
            _("Before"),
            _("After"),
        )
        markup = "<table class='tandem-changes'><thead>{}</thead><tbody>{}</tbody></table>"
        return format_html(markup, heads, rows) if lines else cells.NOTHING

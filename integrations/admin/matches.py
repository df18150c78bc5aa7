"""Possible matches: a person says which records are the same (rule 12)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import acting
from crm.admin.questions import run_each
from integrations.admin.base import LinkedAdmin, ModelFilter, ask
from integrations.decisions import matches
from integrations.models import MatchCandidate

OPEN = MatchCandidate.Status.OPEN


class SettledFilter(DropdownFilter):
    """Shows what waits for a person unless asked otherwise."""

    title = gettext_lazy("state")
    parameter_name = "settled"
    all_option: ClassVar[list[Any]] = ["", gettext_lazy("Waits for a person")]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("same", gettext_lazy("The same")), ("different", gettext_lazy("Not the same")), ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset if value == "all" else queryset.filter(status=value or OPEN)


@admin.register(MatchCandidate)
class MatchCandidateAdmin(LinkedAdmin):
    list_display = ("record_column", "there", "odoo_column", "reason", "model_column", "status_column", "made")
    list_display_links = ("reason",)
    list_filter = (SettledFilter, ModelFilter)
    search_fields = ("remote_name", "=remote_id")
    search_help_text = gettext_lazy("Name or number in Odoo")
    ordering = ("-id",)
    joined = ("settled_by",)
    actions = ("same_selected", "different_selected")
    actions_detail = ("same_one", "different_one")
    fieldsets = (
        (None, {"fields": [("record_column", "there", "odoo_column"), "reason"]}),
        (gettext_lazy("Decision"), {"fields": [("status", "settled_by", "made")]}),
    )
    readonly_fields = ("record_column", "there", "odoo_column", "made")

    @display(description=gettext_lazy("name in Odoo"), ordering="remote_name")
    def there(self, row: MatchCandidate) -> SafeString | str:
        return format_html('<span class="tandem-name">{}</span>', row.remote_name or cells.NOTHING)

    @display(
        description=gettext_lazy("state"),
        ordering="status",
        label={"open": "warning", "same": "success", "different": "info"},
    )
    def status_column(self, row: MatchCandidate) -> tuple[str, str]:
        return row.status, str(row.get_status_display())

    @display(description=gettext_lazy("found"), ordering="id")
    def made(self, row: MatchCandidate) -> SafeString | str:
        return cells.ago(row.created_at)

    # --- settling

    @admin.action(description=gettext_lazy("The same"), permissions=["settle"])
    def same_selected(self, request: HttpRequest, queryset: QuerySet[MatchCandidate]) -> None:
        rows = queryset.order_by("id")
        run_each(request, rows, lambda row: matches.confirm_same(row, actor=acting(request)), done=_("the same"))

    @admin.action(description=gettext_lazy("Not the same"), permissions=["settle"])
    def different_selected(self, request: HttpRequest, queryset: QuerySet[MatchCandidate]) -> None:
        rows = queryset.order_by("id")
        run_each(
            request, rows, lambda row: matches.confirm_different(row, actor=acting(request)), done=_("not the same")
        )

    @action(description=gettext_lazy("The same"), url_path="same", icon="join_inner", permissions=["settle"])
    def same_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(row: MatchCandidate, values: dict[str, Any]) -> str:
            matches.confirm_same(row, actor=acting(request))
            return _("They are one record now. Both sides are merged within seconds.")

        return ask(
            self,
            request,
            object_id,
            title=_("Are both the same?"),
            sentences=[
                _("They become one: where only one side has a value, it is taken; where both differ, your rules say."),
                _("Other possible matches of either record are closed."),
            ],
            button=_("The same"),
            icon="join_inner",
            run=run,
        )

    @action(description=gettext_lazy("Not the same"), url_path="different", icon="call_split", permissions=["settle"])
    def different_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(row: MatchCandidate, values: dict[str, Any]) -> str:
            matches.confirm_different(row, actor=acting(request))
            return _("They are two records. Each goes its own way once no other possible match is left.")

        return ask(
            self,
            request,
            object_id,
            title=_("Are they two different records?"),
            sentences=[
                _("Once no other possible match is left, the record here is made in Odoo and the other one comes here.")
            ],
            button=_("Not the same"),
            icon="call_split",
            run=run,
        )

    def has_settle_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.row(request, object_id)
        return self.may_repair(request) and (row is None or row.status == OPEN)

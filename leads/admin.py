"""Leads in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from crm import cells
from crm.admin.accounts import ADDRESS
from crm.admin.base import RecordAdmin, acting
from crm.admin.filters import ChoiceFilter
from crm.admin.questions import Question, answer, run_each, selection
from crm.admin.related import Box, work_boxes
from crm.forms import ReasonForm
from leads import services
from leads.models import Lead


class LeadStateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    options = {"open": gettext_lazy("Open"), "lost": gettext_lazy("Lost"), "converted": gettext_lazy("Converted")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == "open":
            return queryset.filter(lost_at__isnull=True, converted_at__isnull=True)
        return queryset.filter(**{f"{value}_at__isnull": False})


@admin.register(Lead)
class LeadAdmin(RecordAdmin):
    list_display = (
        "name",
        "who",
        "state_column",
        "source",
        "score_column",
        "revenue_column",
        "owner",
        "tag_column",
        "updated",
    )
    list_select_related = ("owner",)
    list_filter = (
        LeadStateFilter,
        ("stage", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("owner", AutocompleteSelectFilter),
        ("tags", AutocompleteSelectFilter),
        ("created_at", RangeDateFilter),
    )
    search_help_text = gettext_lazy("Title, contact, company, e-mail or phone")
    autocomplete_fields = ("owner", "account", "contact", "state", "country", "tags")
    actions = ("lose_selected", "archive_selected", "restore_selected")
    actions_detail = ("convert_one", "lose_one", "reopen_one", "archive_one", "restore_one")
    fieldsets = (
        (
            None,
            {"fields": ["name", ("contact_name", "company_name"), ("stage", "source"), ("owner", "priority"), "tags"]},
        ),
        (
            gettext_lazy("Reach"),
            {"fields": [("email", "website"), ("phone", "mobile"), "job_title"]},
        ),
        (
            gettext_lazy("Qualification"),
            {"fields": [("score", "expected_revenue"), ("budget", "authority"), "timeline", "need", "description"]},
        ),
        (gettext_lazy("Known as"), {"fields": [("account", "contact")]}),
        ADDRESS,
        (
            gettext_lazy("Where it came from"),
            {"fields": [("utm_source", "utm_medium"), ("utm_campaign", "referrer"), "consent", "consent_at"]},
        ),
    )
    archive_service = staticmethod(services.archive_lead)
    restore_service = staticmethod(services.restore_lead)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": acting(request).pk, **super().get_changeform_initial_data(request)}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not (obj.converted_at or obj.lost_at):
            return fieldsets
        fields = ["outcome", "lost_reason"] if obj.lost_at else ["outcome"]
        return [(_("Outcome"), {"fields": fields}), *fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("outcome", "lost_reason")

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Lead:
        if values.get("consent_at") is None:
            values.pop("consent_at", None)
        return services.create_lead(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Lead, values: dict[str, Any]) -> Lead:
        return services.update_lead(record, actor=acting(request), **values)

    def related(self, request: HttpRequest, record: Lead) -> list[Box]:
        return work_boxes(request, record, "lead")

    @display(description=gettext_lazy("outcome"))
    def outcome(self, record: Lead) -> SafeString | str:
        if record.converted_at is not None:
            return cells.link(record.converted_opportunity)
        return cells.ago(record.lost_at)

    @display(
        description=gettext_lazy("stage"),
        ordering="stage",
        label={"converted": "success", "lost": "danger", "open": "info"},
    )
    def state_column(self, record: Lead) -> tuple[str, str]:
        if record.converted_at is not None:
            return "converted", _("Converted")
        return ("lost", _("Lost")) if record.lost_at is not None else ("open", record.get_stage_display())

    @display(description=gettext_lazy("contact"), ordering="contact_name")
    def who(self, record: Lead) -> SafeString | str:
        return cells.pair(record.contact_name, record.company_name)

    @display(description=gettext_lazy("score"), ordering="score")
    def score_column(self, record: Lead) -> SafeString | str:
        return cells.number(record.score)

    @display(description=gettext_lazy("expected revenue"), ordering="expected_revenue")
    def revenue_column(self, record: Lead) -> SafeString | str:
        return cells.money(record.expected_revenue)

    @admin.action(description=gettext_lazy("Mark as lost …"), permissions=["change"])
    def lose_selected(self, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponse:
        question = Question(
            title=_("Mark the chosen leads as lost?"),
            button=_("Mark as lost"),
            back=reverse("admin:leads_lead_changelist"),
            sentences=[_("In Odoo they are archived with the reason.")],
            icon="thumb_down",
            form=ReasonForm(request.POST if "confirmed" in request.POST else None),
            hidden=selection(request, "lose_selected"),
        )

        def run(values: dict[str, Any]) -> str:
            run_each(
                request,
                queryset,
                lambda lead: services.lose_lead(lead, actor=acting(request), reason=values["reason"]),
                done=_("marked as lost"),
            )
            return ""

        return answer(request, self, question, run)

    @action(description=gettext_lazy("Convert"), url_path="convert", icon="move_up", permissions=["open"])
    def convert_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lead = self.record(request, object_id)
        if lead is None:
            return HttpResponseRedirect(reverse("admin:leads_lead_changelist"))
        return HttpResponseRedirect(reverse("workspace:do", args=("leads", lead.uuid, "convert")))

    @action(description=gettext_lazy("Lost"), url_path="lose", icon="thumb_down", permissions=["open"])
    def lose_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Mark “%(name)s” as lost?"),
            sentences=[_("In Odoo it is archived with the reason.")],
            button=_("Mark as lost"),
            icon="thumb_down",
            form=ReasonForm(request.POST or None),
            run=lambda lead, values: services.lose_lead(lead, actor=acting(request), reason=values["reason"]),
            done=_("“%(name)s” is lost."),
        )

    @action(description=gettext_lazy("Reopen"), url_path="reopen", icon="undo", permissions=["lost"])
    def reopen_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Reopen “%(name)s”?"),
            button=_("Reopen"),
            icon="undo",
            run=lambda lead, values: services.reopen_lead(lead, actor=acting(request)),
            done=_("“%(name)s” is open again."),
        )

    def has_open_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        lead = self.record(request, object_id)
        if lead is None or not self.has_change_permission(request, lead):
            return False
        return lead.lost_at is None and lead.archived_at is None

    def has_lost_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        lead = self.record(request, object_id)
        return lead is not None and self.has_change_permission(request, lead) and lead.lost_at is not None

"""Opportunities, stages and lost reasons in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import NeverDeletes, RecordAdmin, acting
from crm.admin.filters import ChoiceFilter, TrashFilter
from crm.admin.questions import Question, answer, run_each, selection
from crm.admin.related import Box, Row, boxes, work_boxes
from crm.forms import ReasonForm
from crm.models import LostReason, Opportunity, Stage
from crm.services import pipeline


class OutcomeFilter(ChoiceFilter):
    title = gettext_lazy("outcome")
    parameter_name = "outcome"
    options = {"open": gettext_lazy("Open"), "won": gettext_lazy("Won"), "lost": gettext_lazy("Lost")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value == "lost":
            return queryset.filter(lost_at__isnull=False)
        return queryset.filter(lost_at__isnull=True, stage__is_won=value == "won")


@admin.register(Opportunity)
class OpportunityAdmin(RecordAdmin):
    list_display = (
        "name",
        "account_column",
        "stage_column",
        "amount_column",
        "probability_column",
        "close_column",
        "owner",
        "tag_column",
        "updated",
    )
    list_select_related = ("account", "stage", "owner")
    list_filter = (
        OutcomeFilter,
        ("stage", RelatedDropdownFilter),
        ("owner", AutocompleteSelectFilter),
        ("account", AutocompleteSelectFilter),
        ("tags", AutocompleteSelectFilter),
        ("close_date", RangeDateFilter),
    )
    search_help_text = gettext_lazy("Name, contact, company, e-mail or phone")
    autocomplete_fields = ("account", "contact", "owner", "stage", "lost_reason", "tags")
    actions = ("win_selected", "lose_selected", "archive_selected", "restore_selected")
    actions_detail = ("win_one", "lose_one", "reopen_one", "archive_one", "restore_one")
    fieldsets = (
        (None, {"fields": ["name", ("account", "contact"), ("stage", "close_date"), ("owner", "priority"), "tags"]}),
        (
            gettext_lazy("Value"),
            {"fields": [("amount", "currency"), "probability", "probability_by_hand"]},
        ),
        (gettext_lazy("Asked by"), {"fields": [("contact_name", "company_name"), ("email", "phone")]}),
        (
            gettext_lazy("The deal"),
            {"fields": ["description", "requirements", "product_interest", "competition", "risk"]},
        ),
    )
    archive_service = staticmethod(pipeline.archive_opportunity)
    restore_service = staticmethod(pipeline.restore_opportunity)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        first = Stage.objects.filter(is_won=False, is_lost=False, archived_at__isnull=True).first()
        defaults: dict[str, Any] = {"owner": acting(request).pk}
        if first is not None:
            defaults.update(stage=first.pk, probability=first.probability)
        return {**defaults, **super().get_changeform_initial_data(request)}

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Opportunity:
        if not values.get("probability_by_hand"):
            values.pop("probability", None)
        return pipeline.create_opportunity(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Opportunity, values: dict[str, Any]) -> Opportunity:
        return pipeline.update_opportunity(record, actor=acting(request), **values)

    def related(self, request: HttpRequest, record: Opportunity) -> list[Box]:
        return [*boxes(_history(record)), *work_boxes(request, record, "opportunity")]

    @display(description=gettext_lazy("account"), ordering="account__name")
    def account_column(self, record: Opportunity) -> SafeString | str:
        return cells.link(record.account) if record.account else record.company_name or cells.NOTHING

    @display(
        description=gettext_lazy("stage"),
        ordering="stage__sequence",
        label={"won": "success", "lost": "danger", "open": "info"},
    )
    def stage_column(self, record: Opportunity) -> tuple[str, str]:
        if record.lost_at is not None:
            return "lost", record.stage.name if record.stage.is_lost else _("Lost")
        return ("won" if record.stage.is_won else "open"), record.stage.name

    @display(description=gettext_lazy("amount"), ordering="amount")
    def amount_column(self, record: Opportunity) -> SafeString | str:
        return cells.money(record.amount, record.currency)

    @display(description=gettext_lazy("probability"), ordering="probability")
    def probability_column(self, record: Opportunity) -> SafeString | str:
        return cells.percent(record.probability)

    @display(description=gettext_lazy("expected close"), ordering="close_date")
    def close_column(self, record: Opportunity) -> SafeString | str:
        still_open = record.lost_at is None and not record.stage.is_won
        late = still_open and record.close_date is not None and record.close_date < timezone.localdate()
        return cells.day(record.close_date, late=late)

    @admin.action(description=gettext_lazy("Mark as won"), permissions=["change"])
    def win_selected(self, request: HttpRequest, queryset: QuerySet[Opportunity]) -> None:
        run_each(
            request,
            queryset,
            lambda deal: pipeline.win_opportunity(deal, actor=acting(request)),
            done=_("marked as won"),
        )

    @admin.action(description=gettext_lazy("Mark as lost …"), permissions=["change"])
    def lose_selected(self, request: HttpRequest, queryset: QuerySet[Opportunity]) -> HttpResponse:
        question = Question(
            title=_("Mark the chosen opportunities as lost?"),
            button=_("Mark as lost"),
            back=reverse("admin:crm_opportunity_changelist"),
            sentences=[_("They go to the lost stage. In Odoo they are archived with the reason.")],
            icon="thumb_down",
            form=ReasonForm(request.POST if "confirmed" in request.POST else None),
            hidden=selection(request, "lose_selected"),
        )

        def run(values: dict[str, Any]) -> str:
            run_each(
                request,
                queryset,
                lambda deal: pipeline.lose_opportunity(deal, actor=acting(request), reason=values["reason"]),
                done=_("marked as lost"),
            )
            return ""

        return answer(request, self, question, run)

    @action(description=gettext_lazy("Won"), url_path="win", icon="emoji_events", permissions=["win"])
    def win_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Mark “%(name)s” as won?"),
            sentences=[_("It goes to the won stage with a probability of 100 %.")],
            button=_("Mark as won"),
            icon="emoji_events",
            run=lambda deal, values: pipeline.win_opportunity(deal, actor=acting(request)),
            done=_("“%(name)s” is won."),
        )

    @action(description=gettext_lazy("Lost"), url_path="lose", icon="thumb_down", permissions=["lose"])
    def lose_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Mark “%(name)s” as lost?"),
            sentences=[_("It goes to the lost stage. In Odoo it is archived with the reason.")],
            button=_("Mark as lost"),
            icon="thumb_down",
            form=ReasonForm(request.POST or None),
            run=lambda deal, values: pipeline.lose_opportunity(deal, actor=acting(request), reason=values["reason"]),
            done=_("“%(name)s” is lost."),
        )

    @action(description=gettext_lazy("Reopen"), url_path="reopen", icon="undo", permissions=["reopen"])
    def reopen_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Reopen “%(name)s”?"),
            sentences=[_("It goes back to the last open stage it was in, with that stage's probability.")],
            button=_("Reopen"),
            icon="undo",
            run=lambda deal, values: pipeline.reopen_opportunity(deal, actor=acting(request)),
            done=_("“%(name)s” is open again."),
        )

    def _is(self, request: HttpRequest, object_id: Any, *states: str) -> bool:
        deal = self.record(request, object_id)
        if deal is None or deal.archived_at is not None or not self.has_change_permission(request, deal):
            return False
        state = "lost" if deal.lost_at or deal.stage.is_lost else "won" if deal.stage.is_won else "open"
        return state in states

    def has_win_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, "open", "lost")

    def has_lose_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, "open", "won")

    def has_reopen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, "won", "lost")


def _history(deal: Opportunity) -> Box:
    """Through which stages the deal went, newest first."""
    moves = list(deal.stage_changes.select_related("to_stage", "changed_by")[:8])
    rows = [Row("", str(move.to_stage), (cells.ago(move.changed_at), str(move.changed_by or ""))) for move in moves]
    return Box(title=_("Way through the stages"), icon="route", rows=rows, more=False, list_url="", add_url="")


@admin.register(Stage)
class StageAdmin(NeverDeletes):
    list_display = ("name", "sequence", "probability_column", "is_won", "is_lost", "folded")
    list_filter = (TrashFilter,)
    search_fields = ("name",)
    fields = ("name", ("sequence", "probability"), "is_won", "is_lost", "folded")
    actions = ("retire", "bring_back")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Stage], search_term: str
    ) -> tuple[QuerySet[Stage], bool]:
        found, several = super().get_search_results(request, queryset, search_term)
        return only_used(request, found), several

    @display(description=gettext_lazy("probability"), ordering="probability")
    def probability_column(self, stage: Stage) -> SafeString | str:
        return cells.percent(stage.probability)

    @admin.action(description=gettext_lazy("Use no longer"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Stage]) -> None:
        queryset.update(archived_at=timezone.now())

    @admin.action(description=gettext_lazy("Use again"), permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: QuerySet[Stage]) -> None:
        queryset.update(archived_at=None)


@admin.register(LostReason)
class LostReasonAdmin(NeverDeletes):
    list_display = ("name",)
    list_filter = (TrashFilter,)
    search_fields = ("name",)
    fields = ("name",)
    actions = ("retire", "bring_back")
    retire = StageAdmin.retire
    bring_back = StageAdmin.bring_back

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LostReason], search_term: str
    ) -> tuple[QuerySet[LostReason], bool]:
        found, several = super().get_search_results(request, queryset, search_term)
        return only_used(request, found), several


def only_used(request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """In a field's suggestions, only what is still used; in the list, everything."""
    match = request.resolver_match
    is_suggestion = match is not None and match.url_name == "autocomplete"
    return queryset.filter(archived_at__isnull=True) if is_suggestion else queryset

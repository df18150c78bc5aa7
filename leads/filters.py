"""The filters of leads, shared by lists, exports and the API."""

from __future__ import annotations

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.filters import Choices, TaggedFilters, users
from crm.models import Team
from leads.models import Lead


class LeadFilters(TaggedFilters):
    STATES = (("open", _("Open")), ("lost", _("Lost")), ("converted", _("Converted")))

    state = filters.ChoiceFilter(choices=STATES, method="in_state", label=_("State"))
    stage = Choices(choices=Lead.Stage.choices, label=_("Stage"))
    source = Choices(choices=Lead.Source.choices, label=_("Source"))
    owner = filters.ModelChoiceFilter(queryset=users, label=_("Owner"))
    team = filters.ModelChoiceFilter(field_name="owner__team", queryset=Team.objects.all(), label=_("Team"))
    score_min = filters.NumberFilter(field_name="score", lookup_expr="gte", label=_("Score from"))
    score_max = filters.NumberFilter(field_name="score", lookup_expr="lte", label=_("Score to"))

    class Meta:
        model = Lead
        fields = ("q", "state", "stage", "source", "owner", "team", "tag", "score_min", "score_max")

    def in_state(self, rows: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        if value == "open":
            return rows.filter(lost_at__isnull=True, converted_at__isnull=True)
        return rows.filter(**{f"{value}_at__isnull": False})

"""The pipeline as a board: its columns with their sums, and the cards of one column."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, QuerySet, Sum

from crm import keyset
from crm.filters import OpportunityFilters
from crm.models import Opportunity, Stage, User

NEWEST = keyset.Order("updated_at", descending=True)
# Two screens of a column; the next ones come as it scrolls.
CARDS = 15
# What a card says, and by what it is sorted.
SHOWN = (
    *("uuid", "version", "name", "company_name", "amount", "currency", "close_date", "stage_since", "lost_at"),
    *("updated_at", "account__uuid", "account__name", "owner__name", "owner__email"),
    *("stage__uuid", "stage__name", "stage__is_won"),
)


@dataclass(frozen=True)
class Worth:
    """What a column holds in one currency; `weighted` is each amount times its probability."""

    currency: str
    amount: Decimal
    weighted: Decimal


@dataclass(frozen=True)
class Head:
    """A column: its stage, how many deals stand in it, and their worth per currency."""

    stage: Stage
    count: int
    worth: tuple[Worth, ...]


def deals(user: User) -> QuerySet[Opportunity]:
    """Every deal this user may see, with what a card needs and no more."""
    return Opportunity.objects.visible_to(user).select_related("account", "stage", "owner").only(*SHOWN)


def shown(filters: OpportunityFilters) -> QuerySet[Opportunity]:
    """What the filters leave, nothing when one is refused; lost deals only when they are asked for."""
    if not filters.is_valid():
        return filters.queryset.none()
    rows: QuerySet[Opportunity] = filters.qs
    return rows if filters.form.cleaned_data.get("outcome") else rows.filter(lost_at__isnull=True)


def heads(rows: QuerySet[Opportunity]) -> list[Head]:
    """The columns in the order of the stages. Two queries, however many deals there are.

    Stages no longer used and those marked lost stand there only while they hold a deal of `rows`.
    """
    counts: dict[int, int] = defaultdict(int)
    worth: dict[int, list[Worth]] = defaultdict(list)
    for sums in _sums(rows):
        counts[sums["stage"]] += sums["count"]
        weighted = (sums["weighted"] / 100).quantize(Decimal("0.01"))
        worth[sums["stage"]].append(Worth(sums["currency"], sums["total"], weighted))
    return [
        Head(stage, counts[stage.pk], tuple(worth[stage.pk]))
        for stage in Stage.objects.all()
        if counts[stage.pk] or (stage.archived_at is None and not stage.is_lost)
    ]


def cards(rows: QuerySet[Opportunity], stage: Stage, *, cursor: str = "") -> keyset.Page[Opportunity]:
    """Up to 15 deals of a stage, the one that changed last on top. One query; raises BadCursor."""
    return keyset.page_of(rows.filter(stage=stage), NEWEST, cursor=cursor, size=CARDS)


def _sums(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity, Any]:
    weighted = Sum(F("amount") * F("probability"), output_field=DecimalField(max_digits=30, decimal_places=4))
    grouped = rows.order_by("stage", "currency").values("stage", "currency")
    return grouped.annotate(count=Count("*"), total=Sum("amount"), weighted=weighted)

"""The pipeline as a board: stages side by side with their sums, deals as cards; filters and folds in the address."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from crm import cells, keyset, registry
from crm.cards import Card
from crm.filters import OpportunityFilters
from crm.models import Opportunity, Stage
from crm.nouns import Noun
from crm.selectors import board as reads
from crm.views.access import may, person
from crm.views.addresses import address, chips, kept, tidy, used

FOLDS = ("fold", "open")


@dataclass(frozen=True)
class Column:
    """A stage with its sums. `turned` folds or opens it, `listed` shows it as a list, `more` brings the next cards."""

    stage: Stage
    count: int
    worth: list[tuple[Any, Any]]
    folded: bool
    turned: str
    listed: str
    cards: list[SafeString]
    more: str = ""


@require_safe
@may("view")
@vary_on_headers("HX-Request")
def board(request: HttpRequest, noun: Noun) -> HttpResponse:
    """The board; for htmx only its body. Queries: two for all heads, one per open column, badges, filters in use."""
    query = tidy(request.GET)
    filters, rows = asked(request)
    found = list(columns(request, rows, card=card_of(request, noun)))
    context = {
        "noun": noun,
        "filters": filters,
        "chips": chips(query, filters),
        "columns": found,
        "count": sum(column.count for column in found),
        "bare": address(QueryDict(), **_folds(query)),
        "kept": kept(query, FOLDS),
        "filters_used": used(query, filters),
        "all_filters": reverse("workspace:board-filters") + address(query),
        "listed": noun.list_url + address(query, fold="", open=""),
        "can_add": noun.allows(person(request), "add"),
        "may_move": noun.allows(person(request), "change"),
    }
    partial = request.headers.get("HX-Request") == "true" and not request.headers.get("HX-History-Restore-Request")
    answer = render(request, "workspace/_board.html" if partial else "workspace/board.html", context)
    if partial:
        answer["HX-Push-Url"] = f"{request.path}{address(query)}"
    return answer


@require_safe
@may("view")
def cards(request: HttpRequest, noun: Noun, stage: uuids.UUID) -> HttpResponse:
    """The next cards of a column; a cursor that leads nowhere gives the first ones."""
    _filters, rows = asked(request)
    found = get_object_or_404(Stage, uuid=stage)
    try:
        page = reads.cards(rows, found, cursor=request.GET.get("cursor", ""))
    except keyset.BadCursor:
        page = reads.cards(rows, found)
    column = {
        "cards": _cards(page.rows, card_of(request, noun), badges_of(page.rows)),
        "more": _more(request, found, page),
        "listed": _listed(request, found),
    }
    return render(request, "workspace/_board_cards.html", {"column": column})


def asked(request: HttpRequest) -> tuple[OpportunityFilters, QuerySet[Opportunity]]:
    """The filters of the address, and the deals that they leave to this person."""
    filters = OpportunityFilters(request.GET, queryset=reads.deals(person(request)), request=request)
    return filters, reads.shown(filters)


def columns(request: HttpRequest, rows: QuerySet[Opportunity], *, card: Card | None = None) -> Iterator[Column]:
    """The columns of the board; without `card` only their heads. Two queries, with cards one more per open column."""
    query = tidy(request.GET)
    folds = {name: set(filter(None, words.split(","))) for name, words in _folds(query).items()}
    heads = reads.heads(rows)
    folded = {head.stage.pk: _is_folded(head.stage, folds) for head in heads}
    empty: keyset.Page[Opportunity] = keyset.Page([], "", "")
    pages = {
        head.stage.pk: reads.cards(rows, head.stage) if card and not folded[head.stage.pk] else empty for head in heads
    }
    badges = badges_of([deal for page in pages.values() for deal in page.rows])
    for head in heads:
        stage, page = head.stage, pages[head.stage.pk]
        yield Column(
            stage=stage,
            count=head.count,
            worth=[
                (cells.money(one.amount, one.currency), cells.money(one.weighted, one.currency)) for one in head.worth
            ],
            folded=folded[stage.pk],
            turned=_turned(query, stage, folds, folded=folded[stage.pk]),
            listed=_listed(request, stage),
            cards=_cards(page.rows, card, badges) if card else [],
            more=_more(request, stage, page),
        )


def card_of(request: HttpRequest, noun: Noun) -> Card:
    """What writes the cards of this board for this person."""
    return Card(query=query_of(request), movable=noun.allows(person(request), "change"))


def badges_of(deals: Sequence[Opportunity]) -> dict[uuids.UUID, SafeString]:
    """What other apps say about these deals, each beside its card."""
    return registry.list_badges(deals) if deals else {}


def query_of(request: HttpRequest) -> str:
    """What the board was asked for, to stand behind an address."""
    return address(tidy(request.GET), cursor="")


def _cards(deals: Sequence[Opportunity], card: Card, badges: Mapping[uuids.UUID, SafeString]) -> list[SafeString]:
    return [card(deal, badges.get(deal.uuid, "")) for deal in deals]


def _folds(query: QueryDict) -> dict[str, str]:
    return dict(kept(query, FOLDS))


def _is_folded(stage: Stage, folds: dict[str, set[str]]) -> bool:
    """What the address says of this stage, else what its set-up says."""
    key = str(stage.pk)
    return key in folds.get("fold", ()) or (stage.folded and key not in folds.get("open", ()))


def _turned(query: QueryDict, stage: Stage, folds: dict[str, set[str]], *, folded: bool) -> str:
    """The address in which this stage is folded where it is open, and the other way round."""
    key = str(stage.pk)
    wanted = "open" if folded else "fold"
    named = {name: folds.get(name, set()) - {key} for name in FOLDS}
    if (wanted == "open") == stage.folded:
        named[wanted] |= {key}
    return address(query, **{name: ",".join(sorted(keys)) for name, keys in named.items()})


def _listed(request: HttpRequest, stage: Stage) -> str:
    """The same deals as a list: with an outcome, since the board leaves out lost deals and the list does not."""
    outcome = request.GET.get("outcome") or ("won" if stage.is_won else "open")
    query = address(tidy(request.GET), fold="", open="", cursor="", stage=str(stage.pk), outcome=outcome)
    return reverse("workspace:list", args=("opportunities",)) + query


def _more(request: HttpRequest, stage: Stage, page: keyset.Page[Opportunity]) -> str:
    if not page.next:
        return ""
    return reverse("workspace:board-cards", args=(stage.uuid,)) + address(tidy(request.GET), cursor=page.next)

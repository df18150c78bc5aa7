"""All filters of a list or of the board: the fields of a menu when it opens, a page of its own without a script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from crm.nouns import Noun
from crm.views.access import may, person
from crm.views.addresses import address, kept, tidy
from crm.views.board import FOLDS
from crm.views.lists import STAYS


@require_safe
@may("view")
@vary_on_headers("HX-Request")
def choose(request: HttpRequest, noun: Noun, *, on_board: bool = False) -> HttpResponse:
    """Every filter with its choices, as the address sets them. Queries: one per filter that has choices of its own."""
    query = tidy(request.GET)
    here = reverse(noun.board) if on_board else noun.list_url
    context = {
        "noun": noun,
        "filters": noun.filters(query, queryset=noun.rows(person(request)), request=request),
        "kept": kept(query, FOLDS if on_board else STAYS),
        "here": here,
        "back": here + address(query, cursor=""),
    }
    by_htmx = request.headers.get("HX-Request") == "true"
    return render(request, "workspace/_filter_fields.html" if by_htmx else "workspace/filters.html", context)

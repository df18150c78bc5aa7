"""What a list shows, as a file: the same rows, order and columns, for the same eyes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm import keyset, tabular
from crm.nouns import Noun
from crm.views.access import may, person
from crm.views.addresses import address, tidy
from crm.views.lists import columns_of, order_of


@require_safe
@may("view")
def export(request: HttpRequest, noun: Noun) -> HttpResponseBase:
    """A CSV file of everything that matches, streamed; what no filter knows leads back to the list, which tells it."""
    query = tidy(request.GET)
    chosen = noun.filters(query, queryset=noun.rows(person(request)), request=request)
    if not chosen.is_valid():
        return redirect(f"{noun.list_url}{address(query)}")
    rows = keyset.walk(chosen.qs, order_of(query, noun), chunk=tabular.CHUNK)
    answer = StreamingHttpResponse(
        tabular.lines(noun.model, rows, columns_of(query, noun)), content_type="text/csv; charset=utf-8"
    )
    name = f"{noun.key}-{timezone.localdate().isoformat()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

"""The list of one noun: search, filters, order, columns and a page of rows, all of it in the address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from crm import keyset, nouns, registry
from crm.nouns import Column, Noun
from crm.rows import Acts, Box, Place
from crm.views import saved
from crm.views.access import may, person
from crm.views.addresses import address, chips, kept, tidy, used
from crm.views.bulk import actions_for

PAGE_SIZE = 50
# What an address may hold beside filters.
PARTS = frozenset({"sort", "columns", "cursor", "view"})
# What of that stays when other filters are chosen.
STAYS = ("sort", "columns", "view")


@dataclass(frozen=True)
class Header:
    """A column's head: `address` sorts by it; `arrow` is up or down where the list is sorted by it."""

    column: Column
    address: str
    arrow: str


@dataclass(frozen=True)
class Line:
    """A row as shown: its record, and its markup."""

    record: Any
    markup: SafeString


@require_safe
@may("view")
@vary_on_headers("HX-Request")
def record_list(request: HttpRequest, noun: Noun) -> HttpResponse:
    """The list; for htmx only its body. Queries: rows (two at most), tags, count, views, filters in use, badges."""
    user, query = person(request), tidy(request.GET)
    partial = request.headers.get("HX-Request") == "true" and not request.headers.get("HX-History-Restore-Request")
    tabs = saved.tabs(request, noun)
    opens = next((tab for tab in tabs if tab.opens), None)
    if opens and not request.GET and not partial:
        return redirect(noun.list_url + opens.address)
    if opens and not query.get("view"):
        query["view"] = saved.ALL  # what is reached from here stays here, whatever the list opens with
    chosen = noun.filters(query, queryset=noun.rows(user), request=request)
    order = order_of(query, noun)
    columns = columns_of(query, noun)
    troubles = [_left_out(names)] if (names := unknown_of(query, noun, chosen)) else []
    rows = chosen.qs if chosen.is_valid() else noun.model._default_manager.none()
    try:
        page = keyset.page_of(rows, order, cursor=query.get("cursor", ""), size=PAGE_SIZE)
    except keyset.BadCursor:
        troubles.append(_("That page is no longer there; this is the first one."))
        page = keyset.page_of(rows, order, size=PAGE_SIZE)
    count = keyset.count_of(rows)
    bulk = actions_for(noun, in_trash=query.get("trash") == "true") if noun.allows(user, "change") else []
    context = {
        "noun": noun,
        "tabs": tabs,
        "opens": opens is not None,
        "in_view": query.get("view", ""),
        "here_query": address(query, cursor="", view=""),
        "filters": chosen,
        "chips": chips(query, chosen),
        "headers": [_header(query, column, order) for column in columns],
        "columns": [(column, column in columns) for column in noun.columns],
        "lines": lines(noun, page.rows, columns, may_change=bool(bulk)),
        "count": count,
        "count_limit": keyset.COUNT_LIMIT,
        "troubles": troubles,
        "next": address(query, cursor=page.next) if page.next else "",
        "previous": address(query, cursor=page.previous) if page.previous else "",
        "bare": address(QueryDict(f"view={saved.ALL}" if opens else ""), **_order_and_columns(query)),
        "kept": kept(query, STAYS),
        "filters_used": used(query, chosen),
        "all_filters": reverse("workspace:filters", args=(noun,)) + address(query, cursor=""),
        "board": reverse(noun.board) + address(query, sort="", columns="", cursor="") if noun.board else "",
        "export": reverse("workspace:export", args=(noun,)) + address(query, cursor=""),
        "bulk": bulk,
        "bulk_url": reverse("workspace:bulk", args=(noun,)) + address(query, cursor=""),
        "can_add": noun.allows(user, "add"),
    }
    answer = render(request, "workspace/_list_body.html" if partial else "workspace/list.html", context)
    if partial:
        answer["HX-Push-Url"] = f"{request.path}{address(query)}"
    return answer


def _order_and_columns(query: QueryDict) -> dict[str, str]:
    return {name: query.get(name, "") for name in ("sort", "columns")}


def order_of(query: QueryDict, noun: Noun) -> keyset.Order:
    """The order asked for, or the noun's own when the field is none by which it sorts."""
    asked = keyset.Order.parse(query.get("sort", ""))
    return asked if asked.field in noun.sorts() else keyset.Order.parse(noun.order)


def columns_of(query: QueryDict, noun: Noun) -> list[Column]:
    """The columns asked for, or those that stand there by default; the first one always does."""
    asked = set(filter(None, query.get("columns", "").split(",")))
    first = noun.columns[0]
    if not asked & {column.key for column in noun.columns}:
        return [column for column in noun.columns if column.shown]
    return [column for column in noun.columns if column is first or column.key in asked]


def unknown_of(query: QueryDict, noun: Noun, chosen: Any) -> list[str]:
    """What the address, or the view kept from it, names and this list has not, or no more; as it was typed."""
    filters = [name for name in query if name not in chosen.form.fields and name not in PARTS]
    known = {column.key for column in noun.columns}
    columns = [key for key in query.get("columns", "").split(",") if key and key not in known]
    sort = query.get("sort", "")
    unsorted = sort and keyset.Order.parse(sort).field not in noun.sorts()
    return list(dict.fromkeys([*filters, *columns, *([sort.removeprefix("-")] if unsorted else [])]))


def _left_out(names: Sequence[str]) -> str:
    said = ", ".join(f"“{name[:40]}”" for name in names[:5])
    return _("This list has no filter or column %(names)s, or has it no more; it is left out.") % {"names": said}


def _header(query: QueryDict, column: Column, order: keyset.Order) -> Header:
    if not column.sort:
        return Header(column, "", "")
    mine = column.sort == order.field
    turned = keyset.Order(column.sort, descending=mine and not order.descending)
    arrow = ("down" if order.descending else "up") if mine else ""
    return Header(column, address(query, sort=str(turned), cursor=""), arrow)


def lines(
    noun: Noun,
    records: Sequence[Any],
    columns: Sequence[Column],
    *,
    may_change: bool,
    asked: Mapping[str, SafeString] = MappingProxyType({}),
) -> list[Line]:
    """The rows, each ending with what other apps say about it.

    For who may change them they have a box, what is done with each, and cells that are changed where they stand;
    `asked` is what stands in the cells of a field just now in place of its value. Queries: badges.
    """
    badges: dict[uuid.UUID, SafeString] = registry.list_badges(records) if records else {}
    (first, lead), *others = [(column, _place(noun, column, may_change=may_change)) for column in columns]
    fields = [noun.edited_by(column) for column, _place in others]
    sync = Place(_("Sync"))
    box, acts = (Box(), Acts()) if may_change else (_nothing, _nothing)

    def line(record: Any) -> Line:
        cells = [
            place(asked.get(field) or column.cell(record))
            for (column, place), field in zip(others, fields, strict=True)
        ]
        at = nouns.url_of(record) if may_change and noun.editable(record) else ""
        name = lead(first.cell(record), before=box(record), after=acts(record))
        start = f'<tr data-row data-at="{at}">' if at else "<tr data-row>"
        return Line(record, SafeString(f"{start}{name}{''.join(cells)}{sync(badges.get(record.uuid, ''))}</tr>"))

    return [line(record) for record in records]


def _place(noun: Noun, column: Column, *, may_change: bool) -> Place:
    return Place(column.title, number=column.number, edits=noun.edited_by(column) if may_change else "")


def _nothing(_record: Any) -> str:
    return ""

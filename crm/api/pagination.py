"""Keyset pages for the API: a cursor costs the same on the last page as on the first."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from crm import keyset

SIZE, MOST = 50, 200


class KeysetPages(BasePagination):
    """`{"next": address, "previous": address, "results": [...]}`; the view says by which fields it sorts."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """One page in at most two queries. Raises ValidationError for an order, a size or a cursor that is none."""
        asked = request.query_params
        order = asked.get("ordering") or view.order
        if order.removeprefix("-") not in view.sorts:
            choices = ", ".join(view.sorts)
            raise ValidationError({"ordering": [_("Sorts by one of these: %(choices)s.") % {"choices": choices}]})
        try:
            page = keyset.page_of(
                queryset,
                keyset.Order.parse(order),
                cursor=asked.get("cursor", ""),
                size=_size(asked.get("page_size", "")),
            )
        except keyset.BadCursor as error:
            raise ValidationError({"cursor": [_("This cursor was not made by this list in this order.")]}) from error
        address = request.build_absolute_uri()
        self.next = replace_query_param(address, "cursor", page.next) if page.next else None
        self.previous = replace_query_param(address, "cursor", page.previous) if page.previous else None
        return page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = [f"{sign}{name}" for name in view.sorts for sign in ("", "-")]
        return [
            _parameter("cursor", "From `next` or `previous` of another page.", {"type": "string"}),
            _parameter(
                "page_size", f"Rows a page; {MOST} at most.", {"type": "integer", "minimum": 1, "default": SIZE}
            ),
            _parameter("ordering", "`-` for the last first.", {"type": "string", "enum": orders}),
        ]


def _parameter(name: str, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


def _size(text: str) -> int:
    if not text:
        return SIZE
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ValidationError({"page_size": [_("A whole number from 1 to %(most)d.") % {"most": MOST}]})
    return min(int(text[:9]), MOST)

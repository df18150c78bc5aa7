"""The filters of the pages for the API: the same keys, but related rows by uuid, and no key that nobody knows."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from crm.models import Team

PAGING = {"cursor", "page_size", "ordering"}


@cache
def by_uuid(filters: type[django_filters.FilterSet]) -> type[django_filters.FilterSet]:
    """The same filters, with people, tags and stages named by uuid; `search` is `q`. Teams keep their number."""
    changed: dict[str, Any] = {"search": django_filters.CharFilter(method="search")}
    for name, one in filters.base_filters.items():
        rows = one.extra.get("queryset")
        if not isinstance(one, django_filters.ModelChoiceFilter | django_filters.ModelMultipleChoiceFilter):
            continue
        if isinstance(rows, QuerySet) and rows.model is Team:
            continue
        one = copy.deepcopy(one)
        one.extra["to_field_name"] = "uuid"
        if isinstance(one, django_filters.ModelMultipleChoiceFilter) and one.method is None:
            one.field_name = f"{one.field_name}__uuid"
        changed[name] = extend_schema_field({"type": "string", "format": "uuid"})(one)
    return type(filters.__name__, (filters,), changed)


class NounFilters(DjangoFilterBackend):
    """Filters a list by its noun's filters; 400 with the field for a bad value."""

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: Any) -> dict[str, Any]:
        known = set(view.filterset_class.base_filters) | PAGING
        unknown = {name: [_("There is no such filter.")] for name in request.query_params if name not in known}
        if unknown:
            raise ValidationError(unknown)
        return {"data": request.query_params, "queryset": queryset, "request": request}

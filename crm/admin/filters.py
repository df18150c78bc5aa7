"""Filters that several lists share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter


class TrashFilter(DropdownFilter):
    """Hides what is in the trash unless asked for."""

    title = _("trash")
    parameter_name = "trash"
    all_option: ClassVar[list[Any]] = ["", _("In use")]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("only", _("In the trash")), ("all", _("Both"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "only")


class ChoiceFilter(DropdownFilter, ABC):
    """A filter with fixed choices, each narrowing the list in its own way: `options` maps a key to its words."""

    options: ClassVar[dict[str, Any]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.options.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return self.narrow(queryset, value) if value in self.options else queryset

    @abstractmethod
    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows of one choice."""


class DoneFilter(ChoiceFilter):
    """Open or done."""

    title = _("state")
    parameter_name = "state"
    options: ClassVar[dict[str, Any]] = {"open": _("Open"), "done": _("Done")}

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(done_at__isnull=value == "open")

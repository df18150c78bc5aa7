"""Tags, countries and their states in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from crm.admin.base import NeverDeletes, RecordAdmin, acting
from crm.models import Country, CountryState, Tag
from crm.services import tags


@admin.register(Tag)
class TagAdmin(RecordAdmin):
    list_display = ("name", "color", "updated")
    tagged = False
    fieldsets = ((None, {"fields": [("name", "color")]}),)
    archive_service = staticmethod(tags.archive_tag)
    restore_service = staticmethod(tags.restore_tag)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Tag:
        return tags.create_tag(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Tag, values: dict[str, Any]) -> Tag:
        return tags.update_tag(record, actor=acting(request), **values)


class CountryStateInline(TabularInline):
    model = CountryState
    fields = ("code", "name")
    extra = 0
    per_page = 30

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Country)
class CountryAdmin(NeverDeletes):
    list_display = ("name", "code")
    search_fields = ("name", "code")
    fields = (("name", "code"),)
    inlines = (CountryStateInline,)


@admin.register(CountryState)
class CountryStateAdmin(NeverDeletes):
    list_display = ("name", "code", "country")
    list_select_related = ("country",)
    list_filter = (("country", AutocompleteSelectFilter),)
    search_fields = ("name", "code", "country__name")
    autocomplete_fields = ("country",)
    fields = ("country", ("name", "code"))

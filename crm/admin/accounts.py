"""Accounts and contacts in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import RecordAdmin, acting
from crm.admin.related import Box, box, boxes, work_boxes
from crm.models import Account, Contact, Opportunity
from crm.services import accounts, contacts

ADDRESS = (
    gettext_lazy("Address"),
    {"fields": [("street", "street2"), ("postal_code", "city"), ("state", "country")]},
)


@admin.register(Account)
class AccountAdmin(RecordAdmin):
    list_display = ("name", "kind", "manager", "city", "reach", "tag_column", "updated")
    list_select_related = ("manager",)
    list_filter = (
        ("type", ChoicesDropdownFilter),
        ("manager", AutocompleteSelectFilter),
        ("country", AutocompleteSelectFilter),
        ("tags", AutocompleteSelectFilter),
        ("updated_at", RangeDateFilter),
    )
    search_help_text = gettext_lazy("Name, e-mail, phone, website, city or VAT number")
    autocomplete_fields = ("parent", "manager", "state", "country", "tags")
    fieldsets = (
        (None, {"fields": ["name", ("type", "parent"), ("manager", "territory"), "tags"]}),
        (gettext_lazy("Reach"), {"fields": [("email", "phone"), "website"]}),
        ADDRESS,
        (
            gettext_lazy("Business"),
            {"fields": [("industry", "vat"), ("annual_revenue", "employees"), "description"]},
        ),
        (gettext_lazy("Position"), {"fields": [("latitude", "longitude")], "classes": ["collapse"]}),
    )
    archive_service = staticmethod(accounts.archive_account)
    restore_service = staticmethod(accounts.restore_account)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Account:
        return accounts.create_account(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Account, values: dict[str, Any]) -> Account:
        return accounts.update_account(record, actor=acting(request), **values)

    def related(self, request: HttpRequest, record: Account) -> list[Box]:
        link = {"account": record.pk}
        own = boxes(
            box(
                request,
                Contact.objects.filter(**link).order_by("-is_primary", "name", "id"),
                icon="person",
                facts=lambda row: (_("Primary") if row.is_primary else row.get_role_display(), row.phone or row.email),
                link=link,
            ),
            box(
                request,
                Opportunity.objects.filter(**link).select_related("stage"),
                icon="monetization_on",
                facts=lambda row: (row.stage.name, cells.money(row.amount, row.currency)),
                link=link,
            ),
        )
        return [*own, *work_boxes(request, record, "account")]

    @display(
        description=gettext_lazy("type"),
        ordering="type",
        label={"customer": "success", "supplier": "warning", "partner": "primary", "dealer": "info"},
    )
    def kind(self, record: Account) -> tuple[str, str]:
        return record.type, record.get_type_display()

    @display(description=gettext_lazy("reach"), ordering="email")
    def reach(self, record: Account) -> SafeString | str:
        return cells.pair(record.phone, record.email)


@admin.register(Contact)
class ContactAdmin(RecordAdmin):
    list_display = ("name", "account_column", "kind", "job_title", "reach", "owner", "tag_column", "updated")
    list_select_related = ("account", "owner")
    list_filter = (
        ("role", ChoicesDropdownFilter),
        ("account", AutocompleteSelectFilter),
        ("owner", AutocompleteSelectFilter),
        ("country", AutocompleteSelectFilter),
        ("tags", AutocompleteSelectFilter),
        ("updated_at", RangeDateFilter),
    )
    search_help_text = gettext_lazy("Name, e-mail, phone, mobile or job title")
    autocomplete_fields = ("account", "reports_to", "owner", "state", "country", "tags")
    actions_detail = ("primary_one", "archive_one", "restore_one")
    fieldsets = (
        (
            None,
            {"fields": ["name", ("account", "job_title"), ("role", "reports_to"), "owner", "is_primary", "tags"]},
        ),
        (gettext_lazy("Reach"), {"fields": [("email", "website"), ("phone", "mobile"), "time_zone", "do_not_call"]}),
        ADDRESS,
        (gettext_lazy("More"), {"fields": ["vat", "description"]}),
    )
    archive_service = staticmethod(contacts.archive_contact)
    restore_service = staticmethod(contacts.restore_contact)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Contact:
        return contacts.create_contact(actor=acting(request), **values)

    def update(self, request: HttpRequest, record: Contact, values: dict[str, Any]) -> Contact:
        return contacts.update_contact(record, actor=acting(request), **values)

    def related(self, request: HttpRequest, record: Contact) -> list[Box]:
        deals = box(
            request,
            Opportunity.objects.filter(contact=record).select_related("stage"),
            icon="monetization_on",
            facts=lambda row: (row.stage.name, cells.money(row.amount, row.currency)),
            link={"contact": record.pk},
            add={"contact": record.pk, **({"account": record.account_id} if record.account_id else {})},
        )
        return [*boxes(deals), *work_boxes(request, record, "contact")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return super().get_queryset(request).filter(moved_to__isnull=True)

    @display(description=gettext_lazy("reach"), ordering="email")
    def reach(self, record: Contact) -> SafeString | str:
        return cells.pair(record.phone or record.mobile, record.email)

    @display(description=gettext_lazy("account"), ordering="account__name")
    def account_column(self, record: Contact) -> SafeString | str:
        return cells.link(record.account)

    @display(
        description=gettext_lazy("role"),
        ordering="role",
        label={"primary": "success", "decision_maker": "primary", "influencer": "info"},
    )
    def kind(self, record: Contact) -> tuple[str, str]:
        return ("primary", _("Primary")) if record.is_primary else (record.role, record.get_role_display())

    @action(
        description=gettext_lazy("Make primary"), url_path="make-primary", icon="star", permissions=["make_primary"]
    )
    def primary_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Make “%(name)s” the primary contact?"),
            sentences=[_("The present primary contact of the account steps back.")],
            button=_("Make primary"),
            icon="star",
            run=lambda record, values: contacts.make_primary(record, actor=acting(request)),
            done=_("“%(name)s” is the primary contact."),
        )

    def has_make_primary_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        record = self.record(request, object_id)
        if record is None or not self.has_change_permission(request, record):
            return False
        return bool(record.account_id) and not record.is_primary and record.archived_at is None

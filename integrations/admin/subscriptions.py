"""Outgoing webhooks and their deliveries: who listens, and how it goes. No secret, and of a URL the host alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import ReadOnlyAdmin, acting
from crm.services.subscriptions import pause_subscription
from integrations.admin.base import AgeFilter
from integrations.models import Delivery, Subscription

STATES = {"active": "success", "paused": "warning", "deleted": "danger"}
TONES = {"waiting": "info", "claimed": "info", "done": "success", "failed": "danger"}


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner", "host", "state_column", "state_reason", "failures", "failing", "made")
    list_select_related = ("owner",)
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("name",)
    ordering = ("-id",)
    fields = (
        "name",
        "owner",
        "host",
        "events_column",
        "skip_own",
        ("state", "state_reason"),
        ("failures", "failing_since"),
        "made",
    )
    readonly_fields = ("host", "events_column", "made")
    actions = ("pause_selected",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Without the secrets, which no page here needs."""
        return super().get_queryset(request).defer("secret", "old_secret")

    @display(description=gettext_lazy("host"))
    def host(self, row: Subscription) -> str:
        return urlsplit(row.url).hostname or "–"

    @display(description=gettext_lazy("events"))
    def events_column(self, row: Subscription) -> str:
        return ", ".join(row.events) or str(gettext_lazy("All"))

    @display(description=gettext_lazy("state"), ordering="state", label=STATES)
    def state_column(self, row: Subscription) -> tuple[str, str]:
        return row.state, str(row.get_state_display())

    @display(description=gettext_lazy("failing since"), ordering="failing_since")
    def failing(self, row: Subscription) -> Any:
        return cells.ago(row.failing_since)

    @display(description=gettext_lazy("made"), ordering="id")
    def made(self, row: Subscription) -> Any:
        return cells.ago(row.created_at)

    @action(description=gettext_lazy("Pause"), permissions=("administer",))
    def pause_selected(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        paused = sum(pause_subscription(one, actor=acting(request)) for one in queryset)
        said = ngettext("%(count)d webhook is paused.", "%(count)d webhooks are paused.", paused)
        messages.success(request, said % {"count": paused})

    def has_administer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return acting(request).administers


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("message_id", "subscription", "type", "status_column", "attempts", "answer_status", "tried", "due")
    list_select_related = ("subscription",)
    list_filter = (("status", ChoicesDropdownFilter), AgeFilter)
    search_fields = ("=type",)
    search_help_text = gettext_lazy("An event, such as lead.made")
    ordering = ("-id",)
    fields = (
        "message_id",
        "subscription",
        "type",
        "body",
        ("status", "attempts"),
        ("answer_status", "answer_ms"),
        "problem",
        ("created_at", "tried_at", "due_at", "settled_at"),
        "lease_until",
    )
    readonly_fields = ("message_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without the secrets of the webhooks, which no page here needs."""
        return super().get_queryset(request).defer("subscription__secret", "subscription__old_secret")

    @display(description=gettext_lazy("status"), ordering="status", label=TONES)
    def status_column(self, row: Delivery) -> tuple[str, str]:
        return row.status, str(row.get_status_display())

    @display(description=gettext_lazy("last attempt"), ordering="tried_at")
    def tried(self, row: Delivery) -> Any:
        return cells.ago(row.tried_at)

    @display(description=gettext_lazy("next attempt"), ordering="due_at")
    def due(self, row: Delivery) -> Any:
        return cells.ago(None if row.settled_at else row.due_at)

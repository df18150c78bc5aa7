"""The dashboard at /admin/crm: connected systems, customers, the last events, and how to set the webhook up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from crm import cells
from integrations.admin.base import model_words, odoo_link
from integrations.admin.event_words import kind_words, message_words
from integrations.admin.health import figure, percent
from integrations.counting.measures import TONES, Measure
from integrations.counting.tallies import Figures
from integrations.models import Connection, IntegrationEvent
from integrations.standing import dashboard as figures

RIGHT = "integrations.view_integrationevent"
SET_UP = "integrations.change_connection"
GREEN = 80
DOTS = "••••••••"
RESULTS = {
    "ok": ("good", "check_circle"),
    "failed": ("bad", "error"),
    "notice": ("quiet", "info"),
}
STATES = {"active": ("good", "check_circle"), "paused": ("bad", "pause_circle")}


@dataclass(frozen=True)
class Card:
    """One connected system, ready to be shown."""

    name: str
    system: str
    state: str
    tone: str
    icon: str
    ever: str
    day: str
    rate: str
    rate_tone: str
    rate_icon: str
    last: SafeString | str
    url: str


@dataclass(frozen=True)
class EventRow:
    """One event, ready to be shown."""

    source: str
    kind: str
    about: SafeString | str
    record: SafeString | str
    result: str
    tone: str
    icon: str
    message: str
    ago: SafeString | str
    url: str


@dataclass(frozen=True)
class Copied:
    """Something to be copied into Odoo. `value` is what the button copies; None where nothing may be."""

    title: Any
    shown: str
    value: str | None
    hint: Any = ""


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the page; to somebody who may not see events, the admin's own page of this app. Reads only."""
    if not request.user.has_perm(RIGHT):
        return admin.site.app_index(request, "crm")
    cards = figures.system_cards()
    context = {
        **admin.site.each_context(request),
        "title": _("Unified CRM dashboard"),
        "cards": [_card(one) for one in cards],
        "customers": _customers(cards[0].connection if cards else None),
        "events": [_row(one) for one in figures.last_events()],
        "setup": _setup(request) if request.user.has_perm(SET_UP) else None,
        "pages": {name: page_url(name) for name in ("webhooks", "settings", "health")},
    }
    return TemplateResponse(request, "admin/sync/dashboard.html", context)


def page_url(name: str) -> str:
    """The address of a page of the sync, "" where there is none of this name."""
    try:
        return reverse(f"sync:{name}")
    except NoReverseMatch:
        return ""


def _card(one: figures.SystemCard) -> Card:
    connection = one.connection
    tone, icon = STATES.get(connection.state, ("quiet", "info"))
    rate_tone, rate_icon, rate = _rate(one.day)
    return Card(
        name=connection.name,
        system=connection.system.capitalize(),
        state=str(connection.get_state_display()),
        tone=tone,
        icon=icon,
        ever=figure(one.ever.total),
        day=figure(one.day.total),
        rate=rate,
        rate_tone=rate_tone,
        rate_icon=rate_icon,
        last=cells.ago(one.ever.last_at),
        url=reverse("admin:integrations_connection_change", args=(connection.pk,)),
    )


def _rate(day: Figures) -> tuple[str, str, str]:
    """Green above 80 %, yellow up to it; icon and words beside the colour."""
    if day.rate is None:
        return "quiet", "remove", _("nothing tried")
    tone = "good" if day.rate > GREEN else "warn"
    return tone, TONES[tone][0], percent(day.rate)


def _customers(connection: Connection | None) -> list[Measure]:
    found = figures.customers(connection)
    accounts = reverse("admin:crm_account_changelist")
    share = ""
    if found.total:
        share = _("%(share)s %% of all") % {"share": number_format(round(100 * found.synced / found.total))}
    return [
        Measure(_("Customers"), figure(found.total), _("Accounts and contacts in use."), "", accounts),
        Measure(_("Synced"), figure(found.synced), share),
        Measure(
            _("Pending tasks"),
            figure(found.pending),
            _("Changes that wait to be sent or read."),
            "",
            reverse("admin:integrations_outboxmessage_changelist") + "?status__exact=waiting",
        ),
        Measure(_("Last sync"), str(_plain_ago(found)), _("When Odoo was last asked for changes.")),
    ]


def _plain_ago(found: figures.Customers) -> SafeString | str:
    return cells.ago(found.last_sync) if found.last_sync else _("never")


def _row(event: IntegrationEvent) -> EventRow:
    tone, icon = RESULTS[event.result]
    return EventRow(
        source=event.source.capitalize(),
        kind=kind_words(event),
        about=model_words(event.remote_model) if event.remote_model else "",
        record=odoo_link(event.connection, event.remote_model, event.remote_id) if event.remote_id else "",
        result=str(event.get_result_display()),
        tone=tone,
        icon=icon,
        message=message_words(event),
        ago=cells.ago(event.happened_at),
        url=reverse("admin:integrations_integrationevent_change", args=(event.pk,)),
    )


def _setup(request: HttpRequest) -> list[Copied]:
    """What to enter in Odoo. The key itself is never shown, nor copied."""
    address = request.build_absolute_uri(reverse("integrations:odoo-webhook"))
    keys = len(settings.ODOO_WEBHOOK_KEYS)
    where = ngettext(
        "The key of ODOO_WEBHOOK_KEYS, from the environment.",
        "One of the %(n)d keys of ODOO_WEBHOOK_KEYS, from the environment.",
        keys,
    )
    hint = where % {"n": keys} if keys else _("Set ODOO_WEBHOOK_KEYS first.")
    return [
        Copied(_("Webhook address"), address, address, gettext_lazy("For callers that can set a header.")),
        Copied(_("Header"), "X-Odoo-Api-Key", "X-Odoo-Api-Key", gettext_lazy("Its value is the key.")),
        Copied(
            _("Key"),
            DOTS if keys else _("not set"),
            None,
            hint,
        ),
        Copied(
            _("Address with the key in it"),
            f"{address}/{DOTS}",
            f"{address}/",
            gettext_lazy("For Odoo's own “Send Webhook Notification”, which sets no header: put the key behind it."),
        ),
        Copied(_("Content type"), "Content-Type: application/json", "Content-Type: application/json", ""),
        Copied(
            _("Body of other callers"),
            '{"contact": {"id": 12}}',
            '{"contact": {"id": 12}}',
            gettext_lazy("Or “lead”. Only the id is believed; the record is then read from Odoo."),
        ),
    ]

"""Connections: switches, address and key, pause and resume. The key goes in and never comes out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import NeverDeletes, acting
from crm.admin.questions import Question, answer
from integrations.admin.base import ask
from integrations.admin.forms import AddressForm, SwitchesForm
from integrations.decisions import connections
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.odoo.setup import connect

STATE = Connection.State


@admin.register(Connection)
class ConnectionAdmin(NeverDeletes):
    """Switches are saved at once; address and key are tried on Odoo first, on a page of their own."""

    form = SwitchesForm
    list_display = ("name", "address", "database", "series", "state_column", "sending", "manner")
    ordering = ("-id",)
    actions = None
    actions_detail = ("sync_now", "doctor", "address_and_key", "pause_one", "resume_one")
    fieldsets = (
        (None, {"fields": ["name", ("state", "state_reason")]}),
        (gettext_lazy("Odoo"), {"fields": ["address", ("database", "series"), ("username", "key"), "transport"]}),
        (gettext_lazy("Sending"), {"fields": ["push_enabled", "quiet"]}),
        (gettext_lazy("Links"), {"fields": ["public_url"]}),
        (gettext_lazy("Identity"), {"fields": [("prefix", "remote_uid"), ("company_id", "made")]}),
    )
    readonly_fields = (
        "state",
        "state_reason",
        "address",
        "database",
        "series",
        "username",
        "key",
        "transport",
        "prefix",
        "remote_uid",
        "company_id",
        "made",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        """Without the secret; only whether there is one."""
        return super().get_queryset(request).defer("secret").annotate(key_length=Length("secret"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new connection is tried on Odoo outside any transaction, which Django's own page would hold open."""
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        return self._connect(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        connections.change_switches(obj, **{name: form.cleaned_data[name] for name in form.changed_data})

    # --- columns

    @display(description=gettext_lazy("address"), ordering="url")
    def address(self, row: Connection) -> SafeString | str:
        return format_html('<span class="tandem-name">{}</span>', row.url)

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"active": "success", "paused": "danger", "off": "info"},
    )
    def state_column(self, row: Connection) -> tuple[str, str]:
        return row.state, str(row.get_state_display())

    @display(description=gettext_lazy("send to Odoo"), boolean=True)
    def sending(self, row: Connection) -> bool:
        return row.push_enabled

    @display(description=gettext_lazy("writes"))
    def manner(self, row: Connection) -> str:
        return _("Quiet") if row.quiet else _("Loud")

    @display(description=gettext_lazy("API key"))
    def key(self, row: Any) -> str:
        return _("•••••••• (set, never shown)") if row.key_length else _("Not set")

    @display(description=gettext_lazy("made"))
    def made(self, row: Connection) -> SafeString | str:
        return cells.ago(row.created_at)

    # --- actions

    @action(description=gettext_lazy("Sync now"), url_path="sync-now", icon="sync", permissions=["active"])
    def sync_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(row: Connection, values: dict[str, Any]) -> str:
            connections.sync_now(row)
            return _("The workers are on it. What they did stands in Sync runs.")

        return ask(
            self,
            request,
            object_id,
            title=_("Sync “%(name)s” now?"),
            sentences=[_("What waits is sent, and Odoo is asked for changes. It happens by itself every minute, too.")],
            button=_("Sync now"),
            icon="sync",
            run=run,
        )

    @action(
        description=gettext_lazy("Run the doctor"), url_path="doctor", icon="stethoscope", permissions=["change_any"]
    )
    def doctor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("sync:doctor"))

    @action(description=gettext_lazy("Address and key"), url_path="address", icon="vpn_key", permissions=["change_any"])
    def address_and_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self._connect(request, row) if row is not None else HttpResponseRedirect(reverse("admin:index"))

    @action(description=gettext_lazy("Pause"), url_path="pause", icon="pause", permissions=["active"])
    def pause_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(row: Connection, values: dict[str, Any]) -> str:
            connections.pause(row, reason=_("Paused by %(who)s.") % {"who": acting(request)})
            return _("Nothing leaves and nothing comes in until you resume it.")

        return ask(
            self,
            request,
            object_id,
            title=_("Pause “%(name)s”?"),
            sentences=[_("Work goes on here. What changes on either side meanwhile arrives after you resume.")],
            button=_("Pause"),
            icon="pause",
            run=run,
        )

    @action(description=gettext_lazy("Resume"), url_path="resume", icon="play_arrow", permissions=["paused"])
    def resume_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run(row: Connection, values: dict[str, Any]) -> str:
            connections.resume(row)
            return _("The sync goes on; what waited is sent now.")

        return ask(
            self,
            request,
            object_id,
            title=_("Resume “%(name)s”?"),
            sentences=[_("What waited is sent, and what changed in Odoo meanwhile is fetched.")],
            button=_("Resume"),
            icon="play_arrow",
            run=run,
        )

    def _connect(self, request: HttpRequest, row: Connection | None) -> HttpResponse:
        """Ask for address and key, try them on Odoo, keep them when it answers."""
        back = reverse("admin:integrations_connection_changelist")
        question = Question(
            title=_("Address and key of “%(name)s”") % {"name": row} if row else _("Connect an Odoo"),
            sentences=[
                _("Odoo is asked first; what it refuses is not kept."),
                _("Another address or database is another Odoo: the present one is switched off and keeps its ties."),
            ],
            button=_("Try and keep"),
            icon="vpn_key",
            back=back,
            form=AddressForm(request.POST if "confirmed" in request.POST else None, connection=row),
        )

        def run(values: dict[str, Any]) -> str:
            try:
                made = connect.connect(**values)
            except IntegrationError as error:
                raise ValidationError(error.message) from None
            words = _("Connected to Odoo %(series)s, database %(database)s, as %(user)s.")
            return words % {"series": made.series, "database": made.database, "user": made.username}

        return answer(request, self, question, run)

    # --- rights

    def row(self, request: HttpRequest, object_id: Any) -> Connection | None:
        """The connection of this page, or None; read once per request."""
        known: dict[str, Any] = request.__dict__.setdefault("_tandem_connections", {})
        if str(object_id) not in known:
            known[str(object_id)] = self.get_object(request, str(object_id)) if object_id else None
        return known[str(object_id)]

    def has_change_any_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def has_active_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.row(request, object_id)
        return row is not None and row.state == STATE.ACTIVE and self.has_change_permission(request)

    def has_paused_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.row(request, object_id)
        return row is not None and row.state == STATE.PAUSED and self.has_change_permission(request)

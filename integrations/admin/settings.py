"""The configuration page: what may change while Tandem runs, each with its effect, and a test of the connection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from crm.admin.base import acting
from integrations import options
from integrations.admin.dashboard import DOTS, page_url
from integrations.admin.health import milliseconds
from integrations.decisions import connections
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.odoo.setup.check import try_connection
from integrations.options import OPTIONS, Option

RIGHT = "integrations.change_connection"
TABS = {
    "settings": gettext_lazy("Values"),
    "own-fields": gettext_lazy("Own fields"),
    "lead-sources": gettext_lazy("Lead sources"),
    "stages": gettext_lazy("Stages"),
    "rules": gettext_lazy("Rules per field"),
}


class SettingsForm(forms.Form):
    """The switches of the connection, then every option. An empty field gives its value back to the environment."""

    sync_on = forms.BooleanField(
        label=gettext_lazy("Sync is on"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text=gettext_lazy("Off: nothing leaves and nothing comes in; changes wait on both sides, none is lost."),
    )
    push_enabled = forms.BooleanField(
        label=gettext_lazy("Send to Odoo"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text=gettext_lazy("Off: changes in Odoo still come here; changes made here wait."),
    )

    def __init__(self, data: Any, *, connection: Connection | None, changed: dict[str, Any]) -> None:
        initial: dict[str, Any] = {name: str(value) for name, value in changed.items()}
        if connection is not None:
            initial["sync_on"] = connection.state == Connection.State.ACTIVE
            initial["push_enabled"] = connection.push_enabled
        super().__init__(data, initial=initial)
        if connection is None:
            del self.fields["sync_on"], self.fields["push_enabled"]
        self._changed = changed
        for option in OPTIONS:
            self.fields[option.name] = self._field(option)

    def _field(self, option: Option) -> forms.Field:
        attrs = {"placeholder": str(option.fallback()), "autocomplete": "off"}
        if option.is_number:
            attrs["inputmode"] = "numeric"
        field = forms.CharField(
            label=option.title,
            required=False,
            max_length=1000,
            widget=UnfoldAdminTextInputWidget(attrs=attrs),
            help_text=option.effect,
        )
        field.in_force = in_force(option, self._changed)  # type: ignore[attr-defined]
        return field

    def clean(self) -> dict[str, Any]:
        """Each value by the rules of its option, the sentence at its field."""
        for option in OPTIONS:
            given = self.cleaned_data.get(option.name, "").strip()
            try:
                self.cleaned_data[option.name] = option.clean(given) if given else None
            except ValidationError as error:
                self.add_error(option.name, error)
        return self.cleaned_data


def configuration_tabs(shown: str) -> list[tuple[str, Any, bool]]:
    """Address and title of each page of the configuration, and whether it is the one shown."""
    return [(reverse(f"sync:{name}"), title, name == shown) for name, title in TABS.items()]


def in_force(option: Option, changed: dict[str, Any]) -> str:
    """Which value is in force, and where it comes from."""
    value = changed.get(option.name, option.fallback())
    words = {"value": value if value != "" else _("empty"), "setting": option.setting}
    if option.name in changed:
        return _("In force: %(value)s, from this page.") % words
    if option.setting and value != option.default:
        return _("In force: %(value)s, from %(setting)s in the environment.") % words
    return _("In force: %(value)s, the default.") % words


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST saves it, or, with “test”, asks Odoo and saves nothing. For admins."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    connection = Connection.live()
    if request.method == "POST" and "test" in request.POST:
        _tell(request)
        return HttpResponseRedirect(reverse("sync:settings"))
    changed = options.changed()
    form = SettingsForm(request.POST if request.method == "POST" else None, connection=connection, changed=changed)
    if request.method == "POST" and form.is_valid() and _save(request, connection, form):
        messages.success(request, _("Saved. It is in force from the next piece of work on."))
        return HttpResponseRedirect(reverse("sync:settings"))
    context = {
        **admin.site.each_context(request),
        "title": _("Configuration"),
        "tabs": configuration_tabs("settings"),
        "form": form,
        "connection": connection,
        "dots": DOTS,
        "pages": {name: page_url(name) for name in ("budget", "webhooks", "key", "context", "health")},
    }
    return TemplateResponse(request, "admin/sync/settings.html", context)


def _save(request: HttpRequest, connection: Connection | None, form: SettingsForm) -> bool:
    try:
        options.change({option.name: form.cleaned_data[option.name] for option in OPTIONS}, actor=acting(request))
        if connection is not None:
            _switch(request, connection, form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _switch(request: HttpRequest, connection: Connection, values: dict[str, Any]) -> None:
    if values["push_enabled"] != connection.push_enabled:
        connections.change_switches(connection, push_enabled=values["push_enabled"])
    on = connection.state == Connection.State.ACTIVE
    if values["sync_on"] and not on:
        connections.resume(connection)
    elif on and not values["sync_on"]:
        connections.pause(connection, reason=_("Paused by %(who)s.") % {"who": acting(request)})


def _tell(request: HttpRequest) -> None:
    """Ask Odoo who it is and whether it knows us; the answer is a sentence on the page."""
    try:
        connection = Connection.live(secret=True)
        if connection is None:
            messages.error(request, _("No Odoo is connected yet."))
            return
        answer = try_connection(connection)
    except ImproperlyConfigured as error:
        messages.error(request, str(error))
        return
    except IntegrationError as error:
        messages.error(request, _("The test failed: %(words)s") % {"words": error.message})
        return
    words = _("Odoo %(version)s answers in %(time)s and accepts %(user)s.")
    messages.success(
        request,
        words % {"version": answer.version, "time": milliseconds(answer.ms), "user": connection.username},
    )

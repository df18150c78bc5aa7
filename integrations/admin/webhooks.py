"""The webhook page: do they arrive, how many are lost, and their rules in Odoo, made or removed with one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from crm import cells
from integrations.admin.base import MODELS
from integrations.counting import hookwatch
from integrations.errors import IntegrationError
from integrations.models import Connection, HookDay
from integrations.odoo.setup import hooks

SEES, ACTS = "integrations.view_connection", "integrations.change_connection"
DAYS = 14


class AdministratorForm(forms.Form):
    """Who may make rules in Odoo; used once."""

    login = forms.CharField(
        label=gettext_lazy("Administrator's login in Odoo"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Somebody with Administration / Settings; our own user need not have it."),
    )
    key = forms.CharField(
        label=gettext_lazy("API key of this administrator"),
        max_length=500,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Used for this one step and kept nowhere. It may be deleted in Odoo right after."),
    )


class SetUpForm(AdministratorForm):
    """Where Odoo is to call, and who may tell it."""

    address = forms.URLField(
        label=gettext_lazy("Address of Tandem, as Odoo reaches it"),
        max_length=300,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=gettext_lazy("Path and webhook key are added. Behind a firewall Odoo needs a way in."),
    )
    field_order = ("address", "login", "key")

    def clean_address(self) -> str:
        """Only the server's own address."""
        parts = urlsplit(self.cleaned_data["address"])
        if parts.username or parts.password or parts.query or parts.fragment:
            raise forms.ValidationError(_("Give the server's address alone, such as https://crm.example.com."))
        return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_page(request: HttpRequest) -> HttpResponse:
    """Show the page; a POST makes or removes the rules in Odoo."""
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    connection = Connection.live()
    may_act = request.user.has_perm(ACTS)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if request.method == "POST" and not may_act:
        raise PermissionDenied
    base = request.build_absolute_uri("/").rstrip("/")
    set_up = SetUpForm(request.POST if do == "set_up" else None, initial={"address": base}, prefix="new")
    remove = AdministratorForm(request.POST if do == "remove" else None, prefix="old")
    if connection is not None and do in ("set_up", "remove"):
        form, run = (set_up, _set_up) if do == "set_up" else (remove, _remove)
        if form.is_valid() and _done(request, connection, form.cleaned_data, run):
            return HttpResponseRedirect(reverse("sync:webhooks"))
    context = {
        **admin.site.each_context(request),
        "title": _("Webhooks"),
        "connection": connection,
        "may_act": may_act,
        "set_up": set_up,
        "remove": remove,
        "first_series": hooks.FIRST_SERIES,
    }
    if connection is not None:
        context |= _figures(connection)
    return TemplateResponse(request, "admin/sync/webhooks.html", context)


def _done(
    request: HttpRequest,
    connection: Connection,
    values: dict[str, Any],
    run: Callable[[Connection, dict[str, Any]], str],
) -> bool:
    try:
        messages.success(request, run(connection, values))
    except IntegrationError as error:
        messages.error(request, error.message)
        return False
    return True


def _set_up(connection: Connection, values: dict[str, Any]) -> str:
    address = hooks.address_for(values["address"])
    made = hooks.set_up(connection, login=values["login"], key=values["key"], address=address)
    words = _("Odoo calls us from now on for: %(models)s. The administrator's key was not kept.")
    return words % {"models": ", ".join(str(MODELS.get(one, one)) for one in made)}


def _remove(connection: Connection, values: dict[str, Any]) -> str:
    count = hooks.remove(connection, login=values["login"], key=values["key"])
    words = ngettext("%(n)d rule was removed in Odoo.", "%(n)d rules were removed in Odoo.", count) % {"n": count}
    return f"{words} {_('Changes arrive by asking every minute.')}"


def _figures(connection: Connection) -> dict[str, Any]:
    beat = hookwatch.heartbeat(connection)
    since = timezone.now().date() - timedelta(days=DAYS - 1)
    rows = HookDay.objects.filter(connection=connection, day__gte=since).order_by("-day", "remote_model")
    return {
        "beat": beat,
        "last": cells.ago(beat.last_received),
        "days": [(MODELS.get(row.remote_model, row.remote_model), row) for row in rows],
        "rules": [MODELS.get(one, one) for one in connection.hook_rules],
        "able": (connection.series or 0) >= hooks.FIRST_SERIES,
    }

"""The map of lead sources: which of ours stands for which UTM source of Odoo."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget

from crm.admin.base import acting
from integrations.admin.settings import RIGHT, configuration_tabs
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.odoo.settling import lead_sources
from integrations.odoo.settling.conflicts import stamp_of
from leads.models import Lead


class SourcesForm(forms.Form):
    """One choice for each of our lead sources."""

    def __init__(self, data: Any, *, held: dict[str, int], offered: dict[int, str]) -> None:
        super().__init__(data, initial={source: str(number) for source, number in held.items()})
        for source, words in Lead.Source.choices:
            choices = [("", _("– only here –")), *((str(number), name) for number, name in offered.items())]
            number = held.get(source)
            if number is not None and number not in offered:
                choices.append((str(number), _("Gone in Odoo (%(number)d)") % {"number": number}))
            self.fields[source] = forms.ChoiceField(
                label=words, choices=choices, required=False, widget=UnfoldAdminSelectWidget()
            )

    def ids(self) -> dict[str, int]:
        """The choices made, by our source."""
        return {source: int(chosen) for source, chosen in self.cleaned_data.items() if chosen}


@require_http_methods(["GET", "HEAD", "POST"])
def lead_sources_page(request: HttpRequest) -> HttpResponse:
    """Show the map; a POST keeps it, or, with “read”, reads Odoo's list anew. For admins."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    connection = Connection.live()
    form, seen = None, ""
    if connection is not None:
        if request.method == "POST" and "read" in request.POST:
            _read_anew(request)
            return HttpResponseRedirect(reverse("sync:lead-sources"))
        data = request.POST if request.method == "POST" else None
        seen = stamp_of(connection.source_ids) if data is None else request.POST.get("seen", "")
        form = SourcesForm(data, held=connection.source_ids, offered=lead_sources.offered(connection))
        if form.is_valid() and _keep(request, connection, form, seen):
            return HttpResponseRedirect(reverse("sync:lead-sources"))
    context = {
        **admin.site.each_context(request),
        "title": _("Lead sources"),
        "tabs": configuration_tabs("lead-sources"),
        "connection": connection,
        "form": form,
        "seen": seen,
    }
    return TemplateResponse(request, "admin/sync/lead_sources.html", context)


def _keep(request: HttpRequest, connection: Connection, form: SourcesForm, seen: str) -> bool:
    try:
        lead_sources.keep(connection, form.ids(), actor=acting(request), seen=seen)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, _("Saved. It is in force from the next piece of work on."))
    return True


def _read_anew(request: HttpRequest) -> None:
    try:
        connection = Connection.live(secret=True)
        if connection is not None:
            lead_sources.read_anew(connection)
            messages.success(request, _("Odoo's sources were read anew."))
    except (ImproperlyConfigured, IntegrationError) as error:
        messages.error(request, getattr(error, "message", str(error)))

"""Which company records belong to, and in which language Odoo gives names: asked of Odoo, kept on the connection."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.odoo.setup import connect

RIGHT = "integrations.change_connection"


class ContextForm(forms.Form):
    """Company and language; the choices are Odoo's."""

    company_id = forms.TypedChoiceField(
        label=gettext_lazy("Company"),
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("New leads belong to it. Records of the user's other companies stay in step, too."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("In it Odoo gives names that it translates: stages, tags, countries."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def context_page(request: HttpRequest) -> HttpResponse:
    """Show both with what Odoo offers; a POST keeps another choice. For admins. Three calls to Odoo."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    form = offered = None
    connection: Connection | None = None
    try:
        connection = Connection.live(secret=True)
        if connection is not None:
            offered = connect.offer(connection)
            form = _form(request, connection, offered)
    except (IntegrationError, ImproperlyConfigured) as error:
        messages.error(request, getattr(error, "message", str(error)))
    if form is not None and offered is not None and connection is not None and form.is_valid():
        connect.change_context(connection, offered, **form.cleaned_data)
        messages.success(request, _("Every call says so from now on."))
        return HttpResponseRedirect(reverse("sync:context"))
    context = {
        **admin.site.each_context(request),
        "title": _("Language and company"),
        "connection": connection,
        "form": form,
    }
    return TemplateResponse(request, "admin/sync/context.html", context)


def _form(request: HttpRequest, connection: Connection, offer: connect.Offer) -> ContextForm:
    form = ContextForm(
        request.POST if request.method == "POST" else None,
        initial={"company_id": connection.company_id, "language": connection.language},
    )
    form.fields["company_id"].choices = [(number, name) for number, name in offer.companies.items()]  # type: ignore[attr-defined]
    form.fields["language"].choices = list(offer.languages.items())  # type: ignore[attr-defined]
    return form

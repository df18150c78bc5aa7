"""The page of the version-drift report: what an upgrade of Odoo does to what is synced."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from integrations.admin.doctor import LOOKS
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.odoo.setup.drift import Drift, report, targets

RIGHT = "integrations.change_connection"


@require_http_methods(["GET", "HEAD", "POST"])
def drift_page(request: HttpRequest) -> HttpResponse:
    """Show the page; a POST compares the live database with the series that `to` names. For admins. Writes nothing."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    connection = Connection.live()
    drift = _compare(request, request.POST.get("to", "")) if request.method == "POST" else None
    series = drift.series if drift else (connection.series if connection else None)
    context = {
        **admin.site.each_context(request),
        "title": _("Before an upgrade of Odoo"),
        "connection": connection,
        "drift": drift,
        "lines": [(*LOOKS[one.level], one) for one in drift.findings] if drift else None,
        "targets": targets(series) if series else [],
    }
    return TemplateResponse(request, "admin/sync/drift.html", context)


def _compare(request: HttpRequest, to: str) -> Drift | None:
    """The report, or a sentence on the page why there is none."""
    try:
        connection = Connection.live(secret=True)
        if connection is None:
            messages.error(request, _("No Odoo is connected yet."))
            return None
        return report(connection, int(to) if to.isascii() and to.isdigit() and len(to) < 4 else None)
    except ImproperlyConfigured as error:
        messages.error(request, str(error))
    except IntegrationError as error:
        messages.error(request, error.message)
    return None

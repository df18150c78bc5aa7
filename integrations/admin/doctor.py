"""The doctor's page: what works between us and Odoo, what does not, and what to do about it."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from integrations.models import Connection
from integrations.odoo.setup.check import check_live
from integrations.odoo.setup.doctor import Finding

RIGHT = "integrations.change_connection"
# Icon, tone and word of each level: colour alone tells nobody enough.
LOOKS = {
    "ok": ("check_circle", "good", gettext_lazy("Good")),
    "warn": ("warning", "warn", gettext_lazy("Look at it")),
    "fail": ("error", "bad", gettext_lazy("Must be mended")),
}


@require_http_methods(["GET", "HEAD", "POST"])
def doctor(request: HttpRequest) -> HttpResponse:
    """Show the page; a POST examines the live connection first. For admins. Writes nothing."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    findings = examine() if request.method == "POST" else None
    context = {
        **admin.site.each_context(request),
        "title": _("Doctor"),
        "connection": Connection.live(),
        "lines": None if findings is None else [(*LOOKS[finding.level], finding) for finding in findings],
        "summary": None if findings is None else summary(findings),
    }
    return TemplateResponse(request, "admin/sync/doctor.html", context)


def examine() -> list[Finding]:
    """All findings; a stored key that cannot be decrypted is one, too."""
    try:
        return check_live(Connection.live(secret=True))
    except ImproperlyConfigured as error:
        return [
            Finding(
                "fail",
                "API key",
                str(error),
                "Set FIELD_ENCRYPTION_KEYS to the keys used before, or enter the API key again.",
            )
        ]


def summary(findings: list[Finding]) -> str:
    """The result in one sentence."""
    failed = sum(finding.level == "fail" for finding in findings)
    warned = sum(finding.level == "warn" for finding in findings)
    if failed:
        return _("The connection needs attention: %(n)d to mend.") % {"n": failed}
    if warned:
        return _("The connection works; %(n)d to look at.") % {"n": warned}
    return _("All is well.")

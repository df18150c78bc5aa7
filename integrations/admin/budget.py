"""The budget page: how many calls are made, by whom, and what holds them back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from crm import cells
from integrations.admin.base import MODELS
from integrations.decisions import connections
from integrations.models import BatchSize, Connection, Lane
from integrations.network import budget

SEES, ACTS = "integrations.view_connection", "integrations.change_connection"
# What people call a piece of work.
WORKS = {
    "push": gettext_lazy("Sending to Odoo"),
    "poll": gettext_lazy("Asking Odoo for changes"),
    "read_back": gettext_lazy("Reading what webhooks told of"),
    "compare": gettext_lazy("Comparing ids"),
    "sweep": gettext_lazy("Nightly comparison"),
    "command": gettext_lazy("Command line"),
    "doctor": gettext_lazy("Doctor"),
    "connect": gettext_lazy("Connection test"),
    "settle": gettext_lazy("Settling a conflict"),
    "key": gettext_lazy("API key"),
    "context": gettext_lazy("Language and company"),
    "webhook set-up": gettext_lazy("Setting up webhooks"),
}
LANES = dict(Lane.choices)


class LimitsForm(forms.Form):
    """Calls per minute of both lanes."""

    sync_per_minute = forms.IntegerField(
        label=gettext_lazy("Sync"),
        min_value=10,
        max_value=60_000,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("All workers together, 10 to 60,000. Less is kinder to Odoo, more is faster."),
    )
    interactive_per_minute = forms.IntegerField(
        label=gettext_lazy("While a person waits"),
        min_value=10,
        max_value=6_000,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Beside the sync's, 10 to 6,000. The doctor alone asks some seventy questions."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def budget_page(request: HttpRequest) -> HttpResponse:
    """Show the page; a POST changes the limits, or lets Odoo be asked again at once."""
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    connection = Connection.live()
    may_act = request.user.has_perm(ACTS)
    form = None
    if connection is not None and request.method == "POST":
        if not may_act:
            raise PermissionDenied
        if "again" in request.POST:
            budget.reset(connection)
            messages.success(request, _("Odoo is asked again from now on."))
            return HttpResponseRedirect(reverse("sync:budget"))
        form = LimitsForm(request.POST)
        if form.is_valid():
            connections.change_switches(connection, **form.cleaned_data)
            messages.success(request, _("The new limits hold from the next call on."))
            return HttpResponseRedirect(reverse("sync:budget"))
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("Calls to Odoo")}
    context |= {"connection": connection, "may_act": may_act}
    if connection is not None:
        context |= _figures(connection)
        context["form"] = form or LimitsForm(
            initial={name: getattr(connection, name) for name in LimitsForm.base_fields}
        )
    return TemplateResponse(request, "admin/sync/budget.html", context)


def _figures(connection: Connection) -> dict[str, Any]:
    spent = budget.spent(connection, by_work=True)
    highest = max((calls for _minute, calls in spent.minutes), default=0)
    return {
        "spent": spent,
        "works": [(WORKS.get(work, work), LANES.get(lane, lane), now, hour) for lane, work, now, hour in spent.works],
        "minutes": [(minute, calls, round(100 * calls / highest) if highest else 0) for minute, calls in spent.minutes],
        "highest": highest,
        "batches": [
            (MODELS.get(row.remote_model, row.remote_model), row, cells.ago(row.changed_at))
            for row in BatchSize.objects.filter(connection=connection).order_by("remote_model", "kind")
        ],
    }

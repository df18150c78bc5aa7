"""The stages of Odoo, and which of ours stands for each; another one is chosen after a preview of what it changes."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget

from crm.admin.base import acting
from crm.models import Stage
from integrations.admin.settings import RIGHT, configuration_tabs
from integrations.models import Connection
from integrations.odoo.settling import stages
from integrations.odoo.settling.stages import Change, Line


class StagesForm(forms.Form):
    """One choice for each stage of Odoo."""

    def __init__(self, data: Any, *, held: list[Line], offered: list[Stage]) -> None:
        super().__init__(data, initial={_name(line.remote_id): str(line.stage.uuid) for line in held})
        choices = [(str(stage.uuid), _told(stage)) for stage in offered]
        for line in held:
            field = forms.ChoiceField(label=line.stage.name, choices=choices, widget=UnfoldAdminSelectWidget())
            field.facts = _facts(line)  # type: ignore[attr-defined]
            self.fields[_name(line.remote_id)] = field

    def chosen(self) -> dict[int, uuid.UUID]:
        """The choices made, by Odoo's id."""
        return {int(name.rpartition("-")[2]): uuid.UUID(value) for name, value in self.cleaned_data.items()}

    def refuse(self, refusal: ValidationError) -> None:
        """Put a service's sentences at the places they are about."""
        if not hasattr(refusal, "error_dict"):
            self.add_error(None, refusal)
            return
        for remote_id, problems in refusal.error_dict.items():
            for problem in problems:
                self.add_error(_name(remote_id), problem)


@require_http_methods(["GET", "HEAD", "POST"])
def stages_page(request: HttpRequest) -> HttpResponse:
    """Show which stage stands for which; a POST tells what another choice changes or, with “save”, keeps it. Admins."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    connection = Connection.live()
    form, seen, found = None, "", None
    held = stages.lines(connection) if connection is not None else []
    if connection is not None and held:
        posted = request.method == "POST"
        seen = request.POST.get("seen", "") if posted else stages.stamp(held)
        form = StagesForm(request.POST if posted else None, held=held, offered=stages.offered())
        if form.is_valid():
            try:
                if "save" in request.POST:
                    count = stages.keep(connection, form.chosen(), actor=acting(request), seen=seen)
                    messages.success(request, _saved(count))
                    return HttpResponseRedirect(reverse("sync:stages"))
                found = [_effect(change) for change in stages.changes(held, form.chosen())]
            except ValidationError as refusal:
                form.refuse(refusal)
    context = {
        **admin.site.each_context(request),
        "title": _("Stages"),
        "tabs": configuration_tabs("stages"),
        "connection": connection,
        "form": form,
        "seen": seen,
        "effects": found,
    }
    return TemplateResponse(request, "admin/sync/stages.html", context)


def _name(remote_id: int | str) -> str:
    return f"stage-{remote_id}"


def _told(stage: Stage) -> str:
    words = [stage.name]
    if stage.probability is not None:
        words.append(f"{number_format(stage.probability.normalize(), use_l10n=True)} %")
    if stage.is_won:
        words.append(_("won"))
    if stage.archived_at is not None:
        words.append(_("no longer used"))
    return " · ".join(words)


def _facts(line: Line) -> str:
    words = [_("place %(number)d") % {"number": line.stage.sequence}]
    if line.stage.is_won:
        words.append(_("won"))
    if line.stage.folded:
        words.append(_("folded"))
    words.append(ngettext("%(n)d open deal", "%(n)d open deals", line.deals) % {"n": line.deals})
    return " · ".join(words)


def _effect(change: Change) -> str:
    words = ngettext(
        "Odoo's “%(there)s”: ours is “%(after)s” in place of “%(before)s”. %(n)d open deal stays in it.",
        "Odoo's “%(there)s”: ours is “%(after)s” in place of “%(before)s”. %(n)d open deals stay in it.",
        change.line.deals,
    )
    return words % {
        "there": change.line.stage.name,
        "before": _told(change.line.stage),
        "after": _told(change.after),
        "n": change.line.deals,
    }


def _saved(count: int) -> str:
    if not count:
        return _("Nothing was changed.")
    words = ngettext(
        "Saved. %(n)d stage of Odoo has another one here.", "Saved. %(n)d stages of Odoo have others here.", count
    )
    return words % {"n": count}

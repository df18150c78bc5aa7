"""The page that asks before something is done with one record, and says what will happen."""

from __future__ import annotations

import uuid as uuids

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm import registry
from crm.nouns import Noun, url_of
from crm.services.records import StaleVersionError
from crm.views.access import may, person, record_or_404
from crm.views.done import done
from crm.views.forms import refuse


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def act(request: HttpRequest, noun: Noun, uuid: uuids.UUID, key: str) -> HttpResponse:
    """Ask, and when it was confirmed do it. What can no longer be done leads back to the record with the reason."""
    record = record_or_404(request, noun, uuid)
    action = next((one for one in registry.record_actions(record) if one.key == key), None)
    if action is None:
        messages.info(request, record.frozen_reason or _("That cannot be done with “%(name)s” now.") % {"name": record})
        return redirect(url_of(record))
    sent = request.POST if request.method == "POST" else None
    form = action.form(record, person(request), sent) if action.form else forms.Form(sent)
    version = request.POST.get("version", "")
    version = version if version.isdecimal() else str(record.version)
    if request.method == "POST" and form.is_valid():
        try:
            said, shown = action.run(record, actor=person(request), expected_version=int(version), **form.cleaned_data)
        except ValidationError as refusal:
            refuse(form, refusal)
        except StaleVersionError as lost:
            version = str(lost.record.version)
            form.add_error(None, _("%(words)s Look again, then confirm.") % {"words": lost})
        else:
            return done(request, said, url_of(shown))
    context = {
        "noun": noun,
        "record": record,
        "action": action,
        "heading": action.question % {"name": record},
        "form": form,
        "version": version,
    }
    return render(request, "workspace/action.html", context, status=422 if form.is_bound else 200)

"""Making a record and changing one; the suggestions of their search fields."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm import forms, registry
from crm.nouns import Noun, url_of
from crm.services.records import StaleVersionError
from crm.views.access import may, person, record_or_404
from crm.views.done import done


@require_http_methods(["GET", "HEAD", "POST"])
@may("add")
def add(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Ask for the noun's fields and make one; what was refused comes back with all that was typed."""
    begun = {noun.owner_filter: person(request), **request.GET.dict()}
    made = forms.form_of(noun, noun.fields, person(request), own=registry.own_fields(noun.model))
    form = made(request.POST or None, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            record = noun.create(actor=person(request), **form.values(changed_only=False))
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            return done(request, _("“%(name)s” is here.") % {"name": record}, url_of(record))
    title = _("New %(noun)s") % {"noun": str(noun.title).lower()}
    alike = reverse("workspace:alike", args=(noun,)) if noun.merges else ""
    return _page(request, noun, form, title=title, back=noun.list_url, alike=alike)


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def edit(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Change a record's details; only what was changed is written, and only if nobody saved it meanwhile."""
    record = record_or_404(request, noun, uuid)
    if record.frozen_reason:
        messages.warning(request, record.frozen_reason)
        return redirect(url_of(record))
    made = forms.form_of(noun, noun.detail_fields, person(request), own=registry.own_fields(noun.model))
    form = made(request.POST or None, instance=record)
    version = request.POST.get("version") or str(record.version)
    if request.method == "POST" and form.is_valid():
        changed = form.values(changed_only=True)
        try:
            saved = noun.update(record, actor=person(request), expected_version=int(version), **changed)
        except (ValidationError, StaleVersionError) as refusal:
            refuse(form, refusal)
        except ValueError:
            refuse(form, ValidationError(_("The form has lost its version. Open the page again, then save.")))
        else:
            return done(request, _("Saved."), url_of(saved))
    return _page(request, noun, form, title=str(record), back=url_of(record), version=version)


@require_safe
@login_required
def pick(request: HttpRequest, label: str) -> HttpResponse:
    """The suggestions for what was typed into a search field; the field's own name bears the words."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise Http404 from error
    words = next((request.GET[name] for name in request.GET), "")
    labels = forms.suggestions(model, person(request), words)
    return render(request, "workspace/_offered.html", {"labels": labels})


def refuse(form: Any, refusal: Exception) -> None:
    """Put what a service refused beside the fields it names, else on top."""
    if not isinstance(refusal, ValidationError):
        form.add_error(None, str(refusal))
        return
    for name, errors in getattr(refusal, "error_dict", {None: refusal}).items():
        form.add_error(name if name in form.fields else None, errors)


def _page(request: HttpRequest, noun: Noun, form: Any, *, title: str, back: str, **more: str) -> HttpResponse:
    context = {"noun": noun, "form": form, "heading": title, "back": back, **more}
    return render(request, "workspace/form.html", context, status=422 if form.is_bound else 200)

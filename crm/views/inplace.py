"""Changing one detail of a record where it stands, on its page."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BoundField, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm import cells, forms, registry
from crm.models import Record
from crm.nouns import Noun, url_of
from crm.services.records import StaleVersionError
from crm.views.access import may, person, record_or_404
from crm.views.details import detail_of
from crm.views.done import done, tell_draft
from crm.views.forms import refuse

TRIES = 3


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def field(request: HttpRequest, noun: Noun, uuid: uuids.UUID, name: str) -> HttpResponse:
    """Ask for one field and save it; with `show` only its value. Others may save other fields meanwhile.

    Whoever changed the same field is named, and nothing is written over it unseen. Without htmx it leads to the form.
    """
    record = record_or_404(request, noun, uuid)
    if name not in noun.detail_fields:
        raise Http404
    if request.method != "POST" and request.headers.get("HX-Request") != "true":
        return redirect(f"{reverse('workspace:edit', args=(noun, record.uuid))}#id_{name}")
    made = forms.form_of(noun, [name], person(request))
    if request.method == "POST":
        return _saved(request, noun, record, name, made)
    if "show" in request.GET or not noun.editable(record):
        return _shown(request, noun, record, name)
    form = made(instance=record)
    form.fields[name].widget.attrs["autofocus"] = True
    return _asked(request, noun, record, form[name])


def _saved(request: HttpRequest, noun: Noun, record: Any, name: str, made: type[ModelForm[Any]]) -> HttpResponse:
    begun = request.POST.get("begun", "")
    for _try in range(TRIES):
        held, shown = _held(made(instance=record)[name]), strip_tags(str(cells.detail(record, name)))
        form = made(request.POST, instance=record)
        if not form.is_valid():
            break
        if not noun.editable(record):
            form.add_error(None, record.frozen_reason or _("This is in the trash; restore it to change it."))
            break
        if begun != held:
            form.add_error(name, _changed(record, shown))
            begun = held
            break
        try:
            value = {name: form.cleaned_data[name] for name in form.changed_data}
            saved = noun.update(record, actor=person(request), expected_version=record.version, **value)
        except StaleVersionError:
            record = record_or_404(request, noun, record.uuid)
        except ValidationError as refusal:
            refuse(form, refusal)
            break
        else:
            return _after(request, noun, saved, name)
    else:
        form.add_error(None, _("Others are saving this record just now. Save again in a moment."))
    return _asked(request, noun, record, form[name], begun=begun)


def _after(request: HttpRequest, noun: Noun, record: Any, name: str) -> HttpResponse:
    """The value with its tick; the page anew where more of it hangs on the field."""
    if request.headers.get("HX-Request") != "true":
        return done(request, _("Saved."), url_of(record))
    record = record_or_404(request, noun, record.uuid)
    if record._meta.get_field(name).many_to_one:
        messages.success(request, _("Saved."))
        answer = HttpResponse(headers={"HX-Refresh": "true"})
    else:
        answer = _shown(request, noun, record, name, saved=True)
    return tell_draft(request, answer)


def _shown(request: HttpRequest, noun: Noun, record: Any, name: str, *, saved: bool = False) -> HttpResponse:
    context: dict[str, Any] = {"noun": noun, "record": record, "detail": detail_of(record, name), "saved": saved}
    context["can_edit"] = noun.editable(record)
    if saved:
        context["panels"] = registry.record_panels(record, person(request))
    return render(request, "workspace/_detail_shown.html", context)


def _asked(
    request: HttpRequest, noun: Noun, record: Any, field: BoundField, *, begun: str | None = None
) -> HttpResponse:
    begun = _held(field) if begun is None else begun
    context = {"noun": noun, "record": record, "field": field, "form": field.form, "begun": begun}
    return render(request, "workspace/_detail_asked.html", context, status=422 if field.form.is_bound else 200)


def _held(field: BoundField) -> str:
    """What the form shows of the value held: the same text means that nobody has changed it."""
    value = field.value()
    return ",".join(sorted(map(str, value))) if isinstance(value, list | tuple) else str(value)


def _changed(record: Record, shown: str) -> str:
    words = _("In the meantime %(who)s changed this to “%(value)s”. Save again to put yours in its place.")
    return words % {"who": record.updated_by or _("Odoo"), "value": shown or cells.NOTHING}

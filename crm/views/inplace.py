"""Changing one detail of a record where it stands: on its page, or in the row of a list."""

from __future__ import annotations

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm import cells, forms, registry
from crm.custom import CustomField
from crm.icons import icon
from crm.models import Record
from crm.nouns import Noun, url_of
from crm.own_form import OwnFieldsForm, form_name
from crm.services.records import StaleVersionError
from crm.views.access import may, person, record_or_404
from crm.views.details import Detail, detail_of
from crm.views.done import done, tell_draft
from crm.views.forms import refuse
from crm.views.lists import columns_of, lines
from crm.views.panels import panels_of

TRIES = 3


@dataclass(frozen=True)
class Place:
    """One field of one record, as this person may change it; `own` when it is one of the user's own.

    In a list (`row` in the address) every answer is the whole row: with the field its sync and its day change too.
    """

    request: HttpRequest
    noun: Noun
    name: str
    own: CustomField | None

    def form(self, record: Any, data: Any = None) -> OwnFieldsForm:
        """The form of this field alone."""
        fields, own = ([], [self.own]) if self.own else ([self.name], [])
        form = forms.form_of(self.noun, fields, person(self.request), own=own)(data, instance=record)
        if self.in_row:  # the menu of filters has fields of the same names
            form.auto_id = "cell_%s"
        return form

    def detail(self, record: Any) -> Detail:
        return detail_of(record, self.name, self.own)

    @property
    def in_row(self) -> bool:
        return "row" in self.request.GET

    def row(self, record: Any, asked: SafeString | None = None, *, saved: bool = False) -> HttpResponse:
        """The record's row in the columns of the list that asks: with this in the field's cell, or with a tick."""
        listed = self.request.headers.get("HX-Current-URL", "").partition("#")[0].partition("?")[2]
        columns = columns_of(QueryDict(listed), self.noun)
        mine = next((column for column in columns if self.noun.edited_by(column) == self.name), None)
        if saved and mine:
            tick = '{} <span class="tandem-tick" role="status">{}{}</span>'
            asked = format_html(tick, localize(mine.cell(record) or cells.NOTHING), icon("check"), _("Saved"))
        held = {self.name: asked} if asked is not None else {}
        (line,) = lines(self.noun, [record], columns, may_change=True, asked=held)
        return HttpResponse(line.markup)

    @property
    def matters_elsewhere(self) -> bool:
        """Whether more of the page hangs on it than its value."""
        return self.own is None and bool(self.noun.model._meta.get_field(self.name).many_to_one)


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def field(request: HttpRequest, noun: Noun, uuid: uuids.UUID, name: str) -> HttpResponse:
    """Ask for one field and save it; with `show` only its value. Others may save other fields meanwhile.

    Whoever changed the same field is named, and nothing is written over it unseen. Without htmx it leads to the form.
    """
    record = record_or_404(request, noun, uuid)
    place = _place(request, noun, name)
    if request.method == "POST":
        return _saved(place, record)
    if request.headers.get("HX-Request") != "true":
        return redirect(f"{reverse('workspace:edit', args=(noun, record.uuid))}#id_{name}")
    if "show" in request.GET or not noun.editable(record):
        return _shown(place, record)
    form = place.form(record)
    form.fields[name].widget.attrs["autofocus"] = True
    return _asked(place, record, form[name], _held(form[name]))


def _place(request: HttpRequest, noun: Noun, name: str) -> Place:
    """The field of the address. Raises Http404 for what is no detail, or is not changed here."""
    if name in noun.detail_fields:
        return Place(request, noun, name, None)
    own = next((one for one in registry.own_fields(noun.model) if form_name(one) == name and one.editable), None)
    if own is None:
        raise Http404
    return Place(request, noun, name, own)


def _saved(place: Place, record: Any) -> HttpResponse:
    request, noun = place.request, place.noun
    begun = request.POST.get("begun", "")
    for _try in range(TRIES):
        held, shown = _held(place.form(record)[place.name]), strip_tags(str(place.detail(record).value))
        form = place.form(record, request.POST)
        if not form.is_valid():
            break
        if not noun.editable(record):
            form.add_error(None, record.frozen_reason or _("This is in the trash; restore it to change it."))
            break
        if begun != held:
            form.add_error(place.name, _changed(record, shown))
            begun = held
            break
        try:
            values = form.values(changed_only=True)
            saved = noun.update(record, actor=person(request), expected_version=record.version, **values)
        except StaleVersionError:
            record = record_or_404(request, noun, record.uuid)
        except ValidationError as refusal:
            refuse(form, refusal)
            break
        else:
            return _after(place, saved)
    else:
        form.add_error(None, _("Others are saving this record just now. Save again in a moment."))
    return _asked(place, record, form[place.name], begun)


def _after(place: Place, record: Any) -> HttpResponse:
    """The value with its tick; the page anew where more of it hangs on the field."""
    request = place.request
    if request.headers.get("HX-Request") != "true":
        return done(request, _("Saved."), url_of(record))
    if place.in_row:
        answer = place.row(record_or_404(request, place.noun, record.uuid), saved=True)
    elif place.matters_elsewhere:
        messages.success(request, _("Saved."))
        answer = HttpResponse(headers={"HX-Refresh": "true"})
    else:
        answer = _shown(place, record_or_404(request, place.noun, record.uuid), saved=True)
    return tell_draft(request, answer)


def _shown(place: Place, record: Any, *, saved: bool = False) -> HttpResponse:
    if place.in_row:
        return place.row(record)
    context: dict[str, Any] = {"noun": place.noun, "record": record, "detail": place.detail(record), "saved": saved}
    context["can_edit"] = place.noun.editable(record)
    if saved:
        context |= panels_of(place.request, place.noun, record)
    return render(place.request, "workspace/_detail_shown.html", context)


def _asked(place: Place, record: Any, field: BoundField, begun: str) -> HttpResponse:
    here = reverse("workspace:field", args=(place.noun, record.uuid, place.name))
    context = {"record": record, "field": field, "form": field.form, "begun": begun, "here": here}
    context |= {"leave": f"{here}?show", "around": "closest [data-detail]"}
    status = 422 if field.form.is_bound else 200
    if not place.in_row:
        return render(place.request, "workspace/_detail_asked.html", context, status=status)
    context |= {"here": f"{here}?row", "leave": f"{here}?row&show", "around": "closest [data-row]", "labelled": True}
    answer = place.row(record, render_to_string("workspace/_inplace.html", context, place.request))
    answer.status_code = status
    return answer


def _held(field: BoundField) -> str:
    """What the form shows of the value held: the same text means that nobody has changed it."""
    value = field.value()
    return ",".join(sorted(map(str, value))) if isinstance(value, list | tuple) else str(value)


def _changed(record: Record, shown: str) -> str:
    words = _("In the meantime %(who)s changed this to “%(value)s”. Save again to put yours in its place.")
    return words % {"who": record.updated_by or _("Odoo"), "value": shown or cells.NOTHING}

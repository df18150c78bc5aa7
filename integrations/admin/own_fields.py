"""The map of the user's own fields of Odoo: which are kept here, under which name, and which way they travel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from crm.admin.base import acting
from crm.custom import KIND_WORDS
from integrations.admin.base import MODELS
from integrations.admin.settings import RIGHT, configuration_tabs
from integrations.errors import IntegrationError
from integrations.models import Connection, PullCursor
from integrations.odoo.mappers.custom import KINDS, OwnField, read_own
from integrations.odoo.settling import own_fields
from integrations.odoo.settling.conflicts import stamp_of
from integrations.odoo.settling.own_fields import Wish

DIRECTIONS = (("both", gettext_lazy("Both ways")), ("in", gettext_lazy("From Odoo only")))


class LineForm(forms.Form):
    """One field of the map; an empty line is none."""

    model = forms.ChoiceField(
        label=gettext_lazy("Kind of record"),
        choices=[(name, MODELS[name]) for name in own_fields.MODELS],
        widget=UnfoldAdminSelectWidget(),
    )
    name = forms.CharField(
        label=gettext_lazy("Field in Odoo"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "x_studio_region", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    label = forms.CharField(
        label=gettext_lazy("Called here"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": gettext_lazy("as in Odoo"), "autocomplete": "off"}),
    )
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=DIRECTIONS, widget=UnfoldAdminSelectWidget())
    remove = forms.BooleanField(label=gettext_lazy("Take off"), required=False, widget=UnfoldBooleanWidget())

    own: OwnField | None = None
    lacking = False

    @property
    def kind(self) -> str:
        """What the field holds, in words; "" for a new line."""
        return str(KIND_WORDS[KINDS[self.own.type]]) if self.own is not None else ""


Lines = formset_factory(LineForm, extra=1, max_num=200, absolute_max=200)


@require_http_methods(["GET", "HEAD", "POST"])
def own_fields_page(request: HttpRequest) -> HttpResponse:
    """Show the map; a POST checks it against Odoo and keeps it, or says beside each line what is wrong. For admins."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    connection = Connection.live()
    held = read_own(connection.own_fields) if connection is not None else ()
    seen = stamp_of(connection.own_fields) if connection is not None else ""
    lines = _lines(None, held)
    if request.method == "POST" and connection is not None:
        lines, seen = _lines(request.POST, held), request.POST.get("seen", "")
        if lines.is_valid() and _keep(request, lines, seen):
            return HttpResponseRedirect(reverse("sync:own-fields"))
    _mark(connection, held, lines)
    context = {
        **admin.site.each_context(request),
        "title": _("Own fields"),
        "tabs": configuration_tabs("own-fields"),
        "connection": connection,
        "lines": lines,
        "seen": seen,
    }
    return TemplateResponse(request, "admin/sync/own_fields.html", context)


def _lines(data: Any, held: tuple[OwnField, ...]) -> BaseFormSet[LineForm]:
    initial = [
        {"model": one.model, "name": one.name, "label": one.label, "direction": one.direction.value} for one in held
    ]
    return Lines(data, initial=initial, prefix="line")


def _mark(connection: Connection | None, held: tuple[OwnField, ...], lines: BaseFormSet[LineForm]) -> None:
    """Tell each line what it stands for, and whether Odoo lacks the field."""
    cursors = PullCursor.objects.filter(connection=connection).values_list("remote_model", "own_lacking")
    lacking = {(model, name) for model, names in cursors for name in names}
    for form, one in zip(lines.forms, held, strict=False):
        form.own, form.lacking = one, (one.model, one.name) in lacking


def _keep(request: HttpRequest, lines: BaseFormSet[LineForm], seen: str) -> bool:
    """Check and keep the lines; False when something is wrong, which is told at its place."""
    wishes: list[tuple[LineForm, Wish]] = []
    for form in lines.forms:
        given = form.cleaned_data
        if given and given["name"] and not given["remove"]:
            wish = Wish(given["model"], given["name"].strip(), given["label"].strip(), given["direction"])
            wishes.append((form, wish))
        elif given and given["label"] and not given["remove"]:
            form.add_error("name", _("Enter the technical name of the field, such as x_studio_region."))
    try:
        connection = Connection.live(secret=True)
        if connection is None:
            raise ValidationError(_("No Odoo is connected yet."))
        found = own_fields.check(connection, [wish for _form, wish in wishes])
        for form, wish in wishes:
            for name, sentence in wish.errors.items():
                form.add_error(name, sentence)
        if any(form.errors for form in lines.forms):
            return False
        new = own_fields.keep(connection, found, actor=acting(request), seen=seen)
    except (ValidationError, ImproperlyConfigured, IntegrationError) as error:
        words = error.messages if isinstance(error, ValidationError) else [getattr(error, "message", str(error))]
        messages.error(request, " ".join([*words, _("Nothing was saved.")]))
        return False
    messages.success(request, _told(new))
    return True


def _told(new: list[OwnField]) -> str:
    if not new:
        return _("Saved. It is in force from the next piece of work on.")
    words = ngettext(
        "Saved. All records are now read once for %(n)d new field, beside the usual work.",
        "Saved. All records are now read once for %(n)d new fields, beside the usual work.",
        len(new),
    )
    return words % {"n": len(new)}

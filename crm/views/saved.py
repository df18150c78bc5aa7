"""Views of a list: kept from what it shows now, renamed, brought up to date, forgotten."""

from __future__ import annotations

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.models import SavedView, User
from crm.nouns import Noun
from crm.selectors.saved_views import forgotten_of, view_of, views_of
from crm.services.saved_views import bring_back, change_view, forget_view, keep_view, may_change, open_with
from crm.views.access import may, person
from crm.views.addresses import address, chips, tidy
from crm.views.done import done
from crm.views.forms import refuse

ALL = "all"  # the view that is none: every record that the person may see


class ViewForm(forms.Form):
    """What a view is called, and who finds it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    shared = forms.BooleanField(
        label=gettext_lazy("Share it with everybody"),
        help_text=gettext_lazy("Each sees in it only the records that are theirs to see."),
        required=False,
    )


@dataclass(frozen=True)
class Tab:
    """A view as a tab of its list. `changed`: the list shows something else by now; `opens`: it opens with this one."""

    view: SavedView
    address: str
    active: bool
    changed: bool
    mine: bool
    may_change: bool
    opens: bool


def tabs(request: HttpRequest, noun: Noun) -> list[Tab]:
    """The tabs of a list, as its address stands. One query."""
    user, shown, now = person(request), request.GET.get("view", ""), _kept(request.GET)
    return [
        Tab(
            view=view,
            address=address(QueryDict(view.query), view=str(view.uuid)),
            active=str(view.uuid) == shown,
            changed=view.query != now,
            mine=view.owner_id == user.pk,
            may_change=may_change(view, user),
            opens=opens,
        )
        for view, opens in views_of(user, noun.key)
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@may("view")
def add(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Ask for a name and keep what the address shows under it."""
    form = ViewForm(request.POST if request.method == "POST" else None)
    query = _kept(request.GET)
    if request.method == "POST" and form.is_valid():
        try:
            view = keep_view(owner=person(request), noun=noun.key, query=query, **form.cleaned_data)
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            return done(
                request, _("“%(name)s” is kept; it is a tab of this list now.") % {"name": view}, _address(noun, view)
            )
    return _page(request, noun, form, heading=_("Save this view"), query=query)


@require_http_methods(["GET", "HEAD", "POST"])
@may("view")
def edit(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Rename a view, share it or keep it to oneself."""
    view = _view(request, noun, uuid)
    begun = {"name": view.name, "shared": view.shared}
    form = ViewForm(request.POST if request.method == "POST" else None, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            view = change_view(view, actor=person(request), **form.cleaned_data)
        except ValidationError as refusal:
            refuse(form, refusal)
        except SavedView.DoesNotExist as gone:
            raise Http404 from gone
        else:
            return done(request, _("Saved."), _address(noun, view))
    heading = _("The view “%(name)s”") % {"name": begun["name"]}
    return _page(request, noun, form, heading=heading, query=view.query, view=view)


@require_POST
@may("view")
def update(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Let the view be what the address shows now."""
    try:
        view = change_view(_view(request, noun, uuid), actor=person(request), query=_kept(request.GET))
    except SavedView.DoesNotExist as gone:
        raise Http404 from gone
    return done(request, _("“%(name)s” shows this from now on.") % {"name": view}, _address(noun, view))


@require_POST
@may("view")
def forget(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Forget a view; the list goes on showing what it showed."""
    view = _view(request, noun, uuid)
    forget_view(view, actor=person(request))
    return done(
        request,
        _("The view “%(name)s” is gone; no record was touched.") % {"name": view},
        noun.list_url + address(QueryDict(view.query), view=ALL),
        undo=reverse("workspace:view-back", args=(noun, uuid)),
    )


@require_POST
@may("view")
def back(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Bring a forgotten view back."""
    view = forgotten_of(person(request), noun.key, uuid)
    if view is None:
        raise Http404
    try:
        bring_back(view, actor=person(request))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(f"{noun.list_url}?view={ALL}")
    return done(request, _("“%(name)s” is back.") % {"name": view}, _address(noun, view))


@require_POST
@may("view")
def opens(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Choose the view with which the list opens from now on; none chosen means all records."""
    user, asked = person(request), request.POST.get("view", "")
    view = next((one for one, _opens in views_of(user, noun.key) if str(one.uuid) == asked), None)
    if asked and view is None:
        raise Http404
    open_with(view, user=user, noun=noun.key)
    if view is None:
        return done(request, _("This list opens with all records from now on."), noun.list_url)
    return done(request, _("This list opens with “%(name)s” from now on.") % {"name": view}, _address(noun, view))


def _kept(query: QueryDict) -> str:
    """What of an address belongs to a view."""
    return address(tidy(query), cursor="", view="").removeprefix("?")


def _view(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> SavedView:
    """The view of the address. Raises Http404 for one that the person does not find, PermissionDenied for others'."""
    user: User = person(request)
    view = view_of(user, noun.key, uuid)
    if view is None:
        raise Http404
    if not may_change(view, user):
        raise PermissionDenied
    return view


def _address(noun: Noun, view: SavedView) -> str:
    return noun.list_url + address(QueryDict(view.query), view=str(view.uuid))


def _page(request: HttpRequest, noun: Noun, form: ViewForm, *, heading: str, query: str, **more: Any) -> HttpResponse:
    held = QueryDict(query)
    chosen = noun.filters(held, queryset=noun.rows(person(request)), request=request)
    context = {
        "noun": noun,
        "form": form,
        "heading": heading,
        "chips": chips(held, chosen),
        "words": held.get("q", ""),
        "back": noun.list_url + address(held),
        "forget": reverse("workspace:view-forget", args=(noun, more["view"].uuid)) if more else "",
        **more,
    }
    return render(request, "workspace/view.html", context, status=422 if form.is_bound else 200)

"""A person's own webhooks: made, changed, paused, deleted; what was delivered, and sending it again."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.selectors import subscriptions as selectors
from crm.services import subscriptions as services
from crm.views.access import person
from crm.views.done import done, tell_draft
from crm.views.forms import refuse
from integrations.models import Subscription

DIGITS = 18  # of the longest id


class WebhookForm(forms.Form):
    """What it is called, where it goes, and what it tells of."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("Which program listens there.")
    )
    url = forms.CharField(
        label=gettext_lazy("URL"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://erp.example.com/hooks/tandem"}),
        help_text=gettext_lazy("Each change is sent there by POST. It begins with https://."),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=services.event_types,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("None chosen means all. It never tells of records that you may not see."),
    )
    skip_own = forms.BooleanField(
        label=gettext_lazy("Skip changes that I make through the API"),
        required=False,
        initial=True,
        help_text=gettext_lazy("So that a program that writes with your token does not hear its own echo."),
    )


class NewWebhookForm(WebhookForm):
    """One that is made once, however often it is sent."""

    uuid = forms.UUIDField(initial=uuids.uuid4, widget=forms.HiddenInput, required=False)


@login_required
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """One's own webhooks with their state."""
    return render(request, "workspace/webhooks.html", {"webhooks": selectors.of(person(request))})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Ask for one more and make it; the answer shows its secret."""
    form = NewWebhookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        site = request.build_absolute_uri("/")
        try:
            made, secret = services.make_subscription(owner=person(request), site=site, **form.cleaned_data)
        except ValidationError as refusal:
            if getattr(refusal, "code", "") == "made":  # the page was loaded again
                return done(request, str(refusal.message), reverse("workspace:webhooks"))
            refuse(form, refusal)
        else:
            return tell_draft(request, _page(request, made, secret=secret))
    context = {"form": form, "heading": _("New webhook"), "back": reverse("workspace:webhooks")}
    return render(request, "workspace/webhook_form.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def webhook(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """One webhook and its deliveries, the newest first."""
    return _page(request, _mine(request, uuid))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Change what it is called, where it goes and what it tells of."""
    found = _mine(request, uuid)
    held = {name: getattr(found, name) for name in WebhookForm.base_fields}
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=held)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_subscription(found, actor=person(request), **form.cleaned_data)
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            return done(request, _("“%(name)s” is saved.") % {"name": found}, _address(found))
    context = {"form": form, "heading": _("Edit “%(name)s”") % {"name": held["name"]}, "back": _address(found)}
    return render(request, "workspace/webhook_form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def pause(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Stop it; what happens meanwhile is not queued."""
    found = _mine(request, uuid)
    services.pause_subscription(found, actor=person(request))
    return done(request, _("“%(name)s” is paused: nothing is sent or queued.") % {"name": found}, _address(found))


@login_required
@require_POST
def resume(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Let it go on."""
    found = _mine(request, uuid)
    services.resume_subscription(found, actor=person(request))
    return done(request, _("“%(name)s” goes on.") % {"name": found}, _address(found))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Ask, then make a new secret and show it."""
    found = _mine(request, uuid)
    if request.method == "POST":
        try:
            secret = services.rotate_secret(found, actor=person(request), mark=request.POST.get("mark", ""))
        except ValidationError as refusal:
            return _refused(request, refusal, found)
        found.refresh_from_db()
        return _page(request, found, secret=secret)
    return _ask(
        request,
        found,
        heading=_("A new secret for “%(name)s”?") % {"name": found},
        sentences=[
            _("The new secret is shown once."),
            _("For 24 hours both secrets sign each message, so that you can change it over there without a gap."),
        ],
        label=_("Make a new secret"),
        icon="refresh",
        mark=services.mark_of(found),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Ask, then end it for good."""
    found = _mine(request, uuid)
    if request.method == "POST":
        services.delete_subscription(found, actor=person(request))
        return done(request, _("“%(name)s” is deleted.") % {"name": found}, reverse("workspace:webhooks"))
    return _ask(
        request,
        found,
        heading=_("Delete “%(name)s”?") % {"name": found},
        sentences=[_("Nothing more is sent, not even what waits."), _("This cannot be taken back.")],
        label=_("Delete"),
        icon="trash",
    )


@login_required
@require_POST
def test(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Queue a test message."""
    found = _mine(request, uuid)
    try:
        services.send_test(found, actor=person(request))
    except ValidationError as refusal:
        return _refused(request, refusal, found)
    said = _("A test is on its way. Reload this page in a moment to see the answer.")
    return done(request, said, _address(found))


@login_required
@require_POST
def again(request: HttpRequest, uuid: uuids.UUID, delivery: uuids.UUID) -> HttpResponse:
    """Send one that was settled again."""
    found = _mine(request, uuid)
    row = selectors.delivery(found, delivery)
    if row is None:
        raise Http404
    try:
        queued = services.send_again(row, actor=person(request))
    except ValidationError as refusal:
        return _refused(request, refusal, found)
    said = _("It is on its way again, under the same id.") if queued else _("It waits to be sent already.")
    return done(request, said, _address(found))


def _mine(request: HttpRequest, uuid: uuids.UUID) -> Subscription:
    return get_object_or_404(selectors.of(person(request)), uuid=uuid)


def _address(subscription: Subscription) -> str:
    return reverse("workspace:webhook", args=(subscription.uuid,))


def _refused(request: HttpRequest, refusal: ValidationError, subscription: Subscription) -> HttpResponse:
    messages.error(request, " ".join(refusal.messages))
    return redirect(_address(subscription))


def _page(request: HttpRequest, subscription: Subscription, *, secret: str = "") -> HttpResponse:
    before = request.GET.get("before", "")
    told = before.isdecimal() and len(before) <= DIGITS
    rows, earlier = selectors.deliveries(subscription, before=int(before) if told else None)
    context = {"webhook": subscription, "secret": secret, "deliveries": rows, "earlier": earlier}
    return render(request, "workspace/webhook.html", context)


def _ask(request: HttpRequest, subscription: Subscription, **context: Any) -> HttpResponse:
    context |= {"webhook": subscription, "back": _address(subscription)}
    return render(request, "workspace/webhook_question.html", context)

"""Changing the API key step by step: make, test, switch, revoke. No key is ever shown."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget

from crm.admin.questions import sentences_of
from integrations.models import Connection, KeyRotation
from integrations.odoo.setup import keys

RIGHT = "integrations.change_connection"
STEP = KeyRotation.Step


class KeyForm(forms.Form):
    """A key that a person has made in Odoo."""

    key = forms.CharField(
        label=gettext_lazy("New API key"),
        max_length=500,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "It is tried first, then stored encrypted. The present key stays in use until you switch."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def key_page(request: HttpRequest) -> HttpResponse:
    """Show how far the change has come; a POST takes the step that it names. For admins."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    form = KeyForm(request.POST if request.POST.get("step") == "test" and "key" in request.POST else None)
    try:
        connection = Connection.live(secret=True)
        rotation = KeyRotation.objects.filter(connection=connection).first() if connection else None
        if connection is not None and request.method == "POST" and _act(request, connection, rotation, form):
            return HttpResponseRedirect(reverse("sync:key"))
    except ImproperlyConfigured as error:
        messages.error(request, str(error))
        connection = rotation = None
    context = {
        **admin.site.each_context(request),
        "title": _("Change the API key"),
        "connection": connection,
        "rotation": rotation,
        "step": rotation.step if rotation else "",
        "form": form,
        "made_here": connection is not None and keys.can_be_made_here(connection),
        "environment": rotation is not None and rotation.step == STEP.SWITCHED and _in_environment(rotation),
        "paused": connection is not None and connection.state == Connection.State.PAUSED,
    }
    return TemplateResponse(request, "admin/sync/key.html", context)


def _in_environment(rotation: KeyRotation) -> bool:
    """Whether the environment still holds the old key, which the next start would bring back."""
    return bool(settings.ODOO_API_KEY) and rotation.secret == settings.ODOO_API_KEY


def _act(request: HttpRequest, connection: Connection, rotation: KeyRotation | None, form: KeyForm) -> bool:
    """Take one step; False when the page is to be shown again with what was refused."""
    step = request.POST.get("step", "")
    if step == "test" and form.is_bound and not form.is_valid():
        return False
    try:
        run = _STEPS.get(step)
        if run is None:
            raise ValidationError(_("There is no such step to take now."))
        messages.success(request, run(request, connection, rotation, form))
    except ValidationError as refusal:
        for words in sentences_of(refusal):
            messages.error(request, words)
        return False
    return True


def _make(request: HttpRequest, connection: Connection, rotation: KeyRotation | None, form: KeyForm) -> str:
    keys.make(connection, actor=request.user)
    return _("Odoo has made a new key. Test it now.")


def _test(request: HttpRequest, connection: Connection, rotation: KeyRotation | None, form: KeyForm) -> str:
    if not form.is_bound and (rotation is None or rotation.step != STEP.MADE):
        raise ValidationError(_("Enter the new key."))
    secret = form.cleaned_data["key"] if form.is_bound else rotation.secret  # type: ignore[union-attr]
    keys.test(connection, secret, actor=request.user)
    return _("The new key works. Switch to it now, or later: the present key stays in use.")


def _switch(request: HttpRequest, connection: Connection, rotation: KeyRotation | None, form: KeyForm) -> str:
    keys.switch(connection, actor=request.user, resume="resume" in request.POST)
    return _("The new key is in use.")


def _revoke(request: HttpRequest, connection: Connection, rotation: KeyRotation | None, form: KeyForm) -> str:
    keys.revoke(connection, actor=request.user)
    return _("The old key opens no door any more. The change is complete.")


def _forget(request: HttpRequest, connection: Connection, rotation: KeyRotation | None, form: KeyForm) -> str:
    keys.forget(connection)
    return _("The change has ended here; the key in use stays in use.")


_Step = Callable[[HttpRequest, Connection, KeyRotation | None, KeyForm], str]
_STEPS: dict[str, _Step] = {"make": _make, "test": _test, "switch": _switch, "revoke": _revoke, "forget": _forget}

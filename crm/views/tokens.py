"""A person's own tokens of the API: made, shown once, and revoked."""

from __future__ import annotations

import uuid as uuids
from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm.api.personal_tokens import RESOURCES
from crm.services.personal_tokens import ALL, READ, WRITE, make_token, revoke_token
from crm.views.access import person
from crm.views.done import done, tell_draft
from crm.views.forms import refuse


class TokenForm(forms.Form):
    """What a token is called, what it may do, where, and until when."""

    uuid = forms.UUIDField(initial=uuids.uuid4, widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("Which program it is for.")
    )
    level = forms.ChoiceField(
        label=gettext_lazy("It may"),
        choices=((READ, gettext_lazy("Read")), (WRITE, gettext_lazy("Read and write"))),
        widget=forms.RadioSelect,
        initial=READ,
    )
    resources = forms.MultipleChoiceField(
        label=gettext_lazy("Of"),
        choices=[(one, one) for one in RESOURCES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("None chosen means all. It never sees or does more than you do."),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty means until it is revoked."),
    )

    def scopes(self) -> list[str]:
        """The scopes chosen."""
        level = self.cleaned_data["level"]
        return [f"{one}:{level}" for one in self.cleaned_data["resources"] or [ALL]]

    def end(self) -> datetime | None:
        """The end of the last day, where the person is."""
        day = self.cleaned_data["expires_on"]
        return timezone.make_aware(datetime.combine(day, time.max)) if day else None


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of the person who looks, and a form for one more; the secret of a new one is shown in the answer."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, secret = make_token(
                owner=person(request),
                name=form.cleaned_data["name"],
                scopes=form.scopes(),
                expires_at=form.end(),
                uuid=form.cleaned_data["uuid"],
            )
        except ValidationError as refusal:
            if getattr(refusal, "code", "") == "made":  # the page was loaded again
                return done(request, str(refusal.message), reverse("workspace:tokens"))
            if hasattr(refusal, "error_dict") and "expires_at" in refusal.error_dict:
                refusal = ValidationError({"expires_on": refusal.message_dict["expires_at"]})
            refuse(form, refusal)
        else:
            form = TokenForm()
    context: dict[str, Any] = {"form": form, "secret": secret, "tokens": person(request).personal_tokens.all()[:200]}
    answer = render(request, "workspace/tokens.html", context, status=422 if form.errors else 200)
    return tell_draft(request, answer) if secret else answer


@login_required
@require_POST
def revoke(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """End one of one's own tokens."""
    token = get_object_or_404(person(request).personal_tokens, uuid=uuid)
    revoke_token(token, actor=person(request))
    return done(
        request,
        _("“%(name)s” is revoked: whoever uses it gets 401.") % {"name": token.name},
        reverse("workspace:tokens"),
    )

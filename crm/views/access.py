"""Who may open a page of the workspace, and the record of an address as this person sees it."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from crm.models import User
from crm.nouns import Noun

View = Callable[..., HttpResponseBase]


def person(request: HttpRequest) -> User:
    """Who is signed in."""
    return cast(User, request.user)


def may(action: str) -> Callable[[View], View]:
    """Let a view of a noun be opened by those whose role includes `action` on it; others get 403, strangers sign in."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, noun: Noun, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not noun.allows(person(request), action):
                raise PermissionDenied
            return view(request, noun, *args, **kwargs)

        return login_required(guarded)

    return guard


def plain(text: str) -> str:
    """A text without the byte that PostgreSQL takes in none."""
    return text.replace("\x00", "")


def uuid_of(text: str) -> uuids.UUID | None:
    """The uuid that a text is; None for any other text."""
    try:
        return uuids.UUID(text)
    except ValueError:
        return None


def record_or_404(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> Any:
    """The record, trash included, if this person may see it; for all others it does not exist. One query."""
    record = noun.rows(person(request)).filter(uuid=uuid).first()
    if record is None:
        raise Http404
    return record

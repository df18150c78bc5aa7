"""`Idempotency-Key`: a POST sent again is answered again, and not done again.

The key is claimed in a transaction of its own, so that a second request sees it at once. The work and its answer are
committed together: a claim without an answer means that nothing was written, or that it is being written just now.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.access import person
from crm.models import KeptAnswer

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("ETag", "Location")
KEEP = timedelta(days=7)
ABANDONED = timedelta(minutes=10)  # longer than any web server lets a request run
_KEY = re.compile(r"[!-~]{1,255}")

Handler = Callable[..., Response]


class UnderWay(exceptions.APIException):
    """The same request is being worked on."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "under_way"


class OtherBody(exceptions.APIException):
    """The key was used for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "key_used"


class TooBig(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_big"


def once(handler: Handler) -> Handler:
    """Do a POST once for each key of a user. A refusal is not kept: the request may be mended and sent again."""

    @wraps(handler)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if HEADER not in request.headers:
            return handler(view, request, *args, **kwargs)
        claim = _claim(request)
        if claim.status is not None:
            return Response(claim.answer, claim.status, headers={**claim.headers, "Idempotent-Replayed": "true"})
        mine = KeptAnswer.objects.filter(pk=claim.pk, claimed_at=claim.claimed_at, status=None)
        try:
            with transaction.atomic():
                response = handler(view, request, *args, **kwargs)
                headers = {name: response[name] for name in KEPT_HEADERS if name in response}
                answer = json.loads(JSONRenderer().render(response.data))
                if not mine.update(status=response.status_code, answer=answer, headers=headers):
                    raise UnderWay(_("The same request was taken over by another one."))
        except BaseException:
            mine.delete()
            raise
        return response

    return answered


def prune(chunk: int) -> int:
    """Forget answers that are older than a week; returns how many rows went."""
    deleted = 0
    rows = KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEEP).order_by("pk")
    while ids := list(rows.values_list("pk", flat=True)[:chunk]):
        deleted += KeptAnswer.objects.filter(pk__in=ids).delete()[0]
    return deleted


def _claim(request: Request) -> KeptAnswer:
    """The claim of this request's key: new, given up by another request, or answered already."""
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise exceptions.ValidationError({HEADER: [_("A key is 1 to 255 visible ASCII characters.")]})
    found, made = KeptAnswer.objects.get_or_create(
        user=person(request), key=key, defaults={"fingerprint": _fingerprint(request)}
    )
    if made:
        return found
    if found.fingerprint != _fingerprint(request):
        raise OtherBody(_("This key was used for another request; take a new one."))
    if found.status is None:
        _take_over(found)
    return found


def _take_over(claim: KeptAnswer) -> None:
    """Take an abandoned claim; who comes second, or too early, is refused."""
    now = timezone.now()
    held = KeptAnswer.objects.filter(pk=claim.pk, claimed_at=claim.claimed_at, status=None)
    if claim.claimed_at > now - ABANDONED or not held.update(claimed_at=now):
        raise UnderWay(_("The same request is being worked on; ask again in a moment."))
    claim.claimed_at = now


def _fingerprint(request: Request) -> str:
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise TooBig(_("The body is too large.")) from error
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()

"""The endpoint that Odoo calls."""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations import eventlog, webhooks


class OdooWebhook(APIView):
    """POST from an Odoo automation rule: authenticate, store, answer; the work is done later.

    202 stored or recorded · 400 not JSON, or nothing in it that can be stored · 401 bad key or signature · 413 too big.
    """

    authentication_classes = ()
    permission_classes = ()
    schema = None  # an address for Odoo, not for people
    http_method_names = ("post",)

    def post(self, request: Request, token: str = "") -> Response:
        """Take one hint."""
        given = webhooks.keys_of(request.headers, request.GET, token)
        signature = request.headers.get("X-Tandem-Signature", "")
        if not signature and not any(webhooks.known_key(key) for key in given):
            return _error(status.HTTP_401_UNAUTHORIZED, "unauthorized", "This key is not valid.")
        size = request.META.get("CONTENT_LENGTH") or "0"
        if size.isdigit() and int(size) > settings.WEBHOOK_MAX_BYTES:
            return _too_big()
        body = _source(request).read(settings.WEBHOOK_MAX_BYTES + 1)
        if len(body) > settings.WEBHOOK_MAX_BYTES:
            return _too_big()
        if signature and not webhooks.signed(request.headers, body):
            return _error(status.HTTP_401_UNAUTHORIZED, "unauthorized", "This signature is not valid, or too old.")
        try:
            message = webhooks.store(orjson.loads(body), raw=body)
        except orjson.JSONDecodeError:
            return _error(status.HTTP_400_BAD_REQUEST, "not_json", "The body is not JSON.")
        except webhooks.BadPayload as problem:
            return _error(status.HTTP_400_BAD_REQUEST, "bad_payload", str(problem))
        return Response({"status": message.status, "id": message.pk}, status=status.HTTP_202_ACCEPTED)


def _source(request: Request) -> Any:
    """Where the body is read from. Django takes a body sent in chunks, which tells no length, for an empty one."""
    if not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated"):
        return request.META["wsgi.input"]
    return request._request


def _too_big() -> Response:
    return _error(
        status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
        "too_big",
        f"The body is larger than {settings.WEBHOOK_MAX_BYTES} bytes.",
    )


def _error(code: int, name: str, sentence: str) -> Response:
    eventlog.webhook_refused(name)
    return Response({"error": {"code": name, "message": sentence}}, status=code)

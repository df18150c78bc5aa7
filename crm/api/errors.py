"""The one shape of every refusal: `code` for programs, `detail` for people, `errors` by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, ValidationError
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from crm.services.records import StaleVersionError

WHOLE = {NON_FIELD_ERRORS, api_settings.NON_FIELD_ERRORS_KEY, ""}
CODES = {
    exceptions.ParseError: "not_json",
    exceptions.ValidationError: "invalid",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.Throttled: "too_many_requests",
}


class Conflict(exceptions.APIException):
    """The record's state does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to what a view raised; None for what is no refusal but a fault of ours."""
    if isinstance(error, StaleVersionError):
        return _stale(error)
    if isinstance(error, ValidationError):
        error = _of_service(error)
    elif isinstance(error, ObjectDoesNotExist):
        error = exceptions.NotFound()
    response = exception_handler(error, context)
    if response is None:
        return None
    errors: dict[str, list[str]] = {}
    whole: list[str] = []
    if isinstance(error, exceptions.ValidationError):
        for name, sentence in _sentences("", error.detail):
            (whole if name in WHOLE else errors.setdefault(name, [])).append(sentence)
        detail = " ".join(whole) or _("Some values were not accepted; see errors.")
    else:
        detail = str(response.data.get("detail", "")) if isinstance(response.data, Mapping) else str(error)
    response.data = shaped(_code(error, response.status_code), detail, errors)
    return response


def shaped(code: str, detail: str, errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The body of a refusal."""
    return {"code": code, "detail": detail, "errors": dict(errors or {})}


def _code(error: Exception, code: int) -> str:
    if code == status.HTTP_404_NOT_FOUND:
        return "not_found"
    if code == status.HTTP_403_FORBIDDEN:
        return "forbidden"
    known = next((word for kind, word in CODES.items() if isinstance(error, kind)), "")
    return known or str(getattr(error, "default_code", "invalid"))


def _stale(error: StaleVersionError) -> Response:
    record = error.record
    author = _("Last saved by %(who)s.") % {"who": record.updated_by} if record.updated_by else ""
    return Response(
        shaped("stale", f"{error} {author}".strip()),
        status=status.HTTP_412_PRECONDITION_FAILED,
        headers={"ETag": f'"{record.version}"'},
    )


def _of_service(error: ValidationError) -> exceptions.APIException:
    """What a service refused, in the framework's terms; history that nobody edits is a conflict."""
    if getattr(error, "code", None) == "read_only":
        return Conflict(" ".join(error.messages))
    fields: dict[str, Any] = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return exceptions.ValidationError(fields)


def _sentences(name: str, detail: Any) -> Iterator[tuple[str, str]]:
    """Each sentence with its field; a field within a field is joined by a dot."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _sentences(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _sentences(name, inner)
    else:
        yield name, str(detail)

"""Web pages of other origins may call the API only where the operator names them, and never with the session."""

from __future__ import annotations

import pytest
from django.test import Client

ORIGIN = "https://app.example.com"
ASKED = {"HTTP_ORIGIN": ORIGIN, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}


def allowed(path: str) -> tuple[str | None, str | None]:
    """Which origin a pre-flight request to this path allows, and whether cookies may come along."""
    answer = Client().options(path, **ASKED)
    return answer.get("Access-Control-Allow-Origin"), answer.get("Access-Control-Allow-Credentials")


def test_no_origin_is_allowed_by_default() -> None:
    assert allowed("/api/v1/leads/") == (None, None)


def test_a_named_origin_may_call_the_api_and_nothing_else(settings: pytest.FixtureRequest) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]  # type: ignore[attr-defined]

    assert allowed("/api/v1/leads/") == (ORIGIN, None)
    assert allowed("/leads/") == (None, None)
    assert allowed("/admin/") == (None, None)


def test_the_headers_of_the_api_pass_both_ways(settings: pytest.FixtureRequest) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]  # type: ignore[attr-defined]

    preflight = Client().options("/api/v1/leads/", **ASKED)
    refused = Client().get("/api/v1/leads/", HTTP_ORIGIN=ORIGIN)

    assert {"authorization", "idempotency-key", "if-match"} <= set(
        preflight["Access-Control-Allow-Headers"].split(", ")
    )
    assert {"etag", "retry-after"} <= set(refused["Access-Control-Expose-Headers"].split(", "))
    assert refused.status_code == 401

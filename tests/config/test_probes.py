"""What a supervisor is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client


@pytest.mark.parametrize("address", ["/health/live", "/health/live/"])
def test_live_touches_no_database(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/health", "/health/", "/health/ready", "/health/ready/"])
def test_ready_when_database_and_cache_answer(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "failed": []})


@pytest.mark.django_db
def test_not_ready_names_what_failed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def refuse() -> Iterator[None]:
        raise OperationalError("the database is away")
        yield

    def lose(key: str) -> None:
        raise ConnectionError("the cache is away")

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(cache, "get", lose)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "failed", "failed": ["database", "cache"]})


def test_there_is_one_way_to_ask(client: Client) -> None:
    assert [client.get(address).status_code for address in ("/livez", "/readyz")] == [404, 404]

"""Bells for hints: few serve a storm, and none rings before the time of what it rings for has come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.celery import app
from integrations.mailbox import hints

AFTER = timedelta(seconds=0.3)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The queue that the workers listen to, empty at first; no bell has rung for another test's hints."""
    monkeypatch.setattr(hints, "_last_ring", 0.0)
    with app.connection_for_write() as broker:
        queue = broker.SimpleQueue("hooks")
        queue.clear()
        yield queue
        queue.clear()


@pytest.mark.django_db(transaction=True)
def test_one_bell_serves_all_hints_of_a_tenth_of_a_second(bells: Any) -> None:
    began = time.time()
    for _hint in range(200):
        hints.ring(AFTER)
    assert 1 <= bells.qsize() <= (time.time() - began) * hints.RINGS_A_SECOND + 2


@pytest.mark.django_db(transaction=True)
def test_a_bell_rings_soon_after_the_time_has_come_and_not_before(bells: Any) -> None:
    before = datetime.now(UTC)
    hints.ring(AFTER)
    after = datetime.now(UTC)
    rings = datetime.fromisoformat(bells.get(timeout=5).headers["eta"])
    assert before + AFTER <= rings <= after + AFTER + timedelta(seconds=0.2)

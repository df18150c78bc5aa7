"""What beat rings and what is routed exists; nothing rings for ever into an empty room."""

from __future__ import annotations

import pytest
from django.conf import settings

from config.celery import app


@pytest.fixture(scope="module", autouse=True)
def _all_tasks_loaded() -> None:
    app.loader.import_default_modules()


def test_every_bell_of_beat_has_a_task() -> None:
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_every_routed_task_exists() -> None:
    assert set(settings.CELERY_TASK_ROUTES) <= set(app.tasks)


def test_every_task_that_beat_rings_often_expires_before_it_piles_up() -> None:
    often = [entry for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["schedule"].total_seconds() <= 60]
    assert often
    assert [entry["task"] for entry in often if entry["options"]["expires"] > entry["schedule"].total_seconds()] == []

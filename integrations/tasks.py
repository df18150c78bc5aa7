"""Celery's entry points: each takes ids, makes one service call, and can run twice."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from crm.api import idempotency, jwt
from crm.services import jobs, merging, saved_views
from integrations import eventlog, sync
from integrations.delivering import pruning, senders
from integrations.errors import IntegrationError
from integrations.standing import alerts

logger = logging.getLogger(__name__)


@shared_task(name="integrations.push_model")
def push_model(*, connection_id: int, remote_model: str) -> None:
    """Send what is due of one model."""
    _quietly(sync.push, connection_id, remote_model)


@shared_task(name="integrations.push_due")
def push_due() -> None:
    """Send what is due of every model: beat's own bell, should another have been lost."""
    _quietly(sync.push_due)


@shared_task(name="integrations.poll_due")
def poll_due(*, at_once: bool = False) -> None:
    """Poll what has not been polled for the set interval; all of it when a person asks for it at once."""
    _quietly(sync.poll_due, at_once=at_once)


@shared_task(name="integrations.read_back")
def read_back() -> None:
    """Work off the hints that webhooks left."""
    _quietly(sync.read_back)


@shared_task(name="integrations.deliver")
def deliver(*, subscription_id: int) -> None:
    """Send a subscriber what is due."""
    senders.start(subscription_id)


@shared_task(name="integrations.deliver_due")
def deliver_due() -> None:
    """Send every subscriber what is due: retries, and what another bell was lost of."""
    senders.start_due()


@shared_task(name="integrations.compare_ids")
def compare_ids() -> None:
    """Compare the ids of both sides."""
    _quietly(sync.compare_ids)


@shared_task(name="integrations.sweep")
def sweep() -> None:
    """Compare all ids with their write_date: some changes move none within the overlap."""
    _quietly(sync.sweep)


@shared_task(name="integrations.check_key")
def check_key() -> None:
    """Ask when the API key ends."""
    _quietly(sync.check_key)


@shared_task(name="integrations.look_for_companies")
def look_for_companies() -> None:
    """Go on where a lost company was given back."""
    _quietly(sync.look_for_companies)


@shared_task(name="integrations.log_webhooks")
def log_webhooks() -> None:
    """Write the events of webhooks that were worked off."""
    eventlog.log_webhooks()


@shared_task(name="integrations.watch")
def watch() -> None:
    """Begin and end alerts."""
    alerts.watch()


@shared_task(name="integrations.prune")
def prune() -> None:
    """Delete settled rows, events and kept answers that are old."""
    idempotency.prune(sync.PRUNE_CHUNK)
    jwt.prune(sync.PRUNE_CHUNK)
    saved_views.prune()
    merging.prune()
    jobs.prune()
    pruning.prune(sync.PRUNE_CHUNK)
    _quietly(sync.prune)


@shared_task(name="integrations.undo_due")
def undo_due() -> None:
    """Go on with what a person wants undone."""
    sync.undo_due()


def _quietly(work: Any, *args: Any, **options: Any) -> None:
    """A remote trouble is no crash of the task: what was claimed waits again, and beat rings later."""
    try:
        work(*args, **options)
    except IntegrationError as error:
        logger.warning("sync.trouble", extra={"work": work.__name__, "trouble": type(error).__name__})

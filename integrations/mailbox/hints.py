"""Hints that a record in Odoo should be read: left by webhooks and by people's decisions, worked off later."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, InboxMessage

logger = logging.getLogger(__name__)


def leave(connection: Connection, remote_model: str, ids: Sequence[int]) -> None:
    """Ask for these records to be read now, in the caller's transaction. One INSERT."""
    InboxMessage.objects.bulk_create(
        [
            InboxMessage(connection=connection, remote_model=remote_model, remote_id=remote_id, due_at=timezone.now())
            for remote_id in ids
        ]
    )
    ring()


# One ring serves all hints whose time comes within the same tenth of a second: a storm costs no message each.
RINGS_A_SECOND = 10
_last_ring = 0.0


def ring(after: timedelta = timedelta(0)) -> None:
    """Wake the worker so long after commit. A lost ring loses nothing: beat rings too."""

    def send() -> None:
        global _last_ring
        now = time.time()
        moment = math.ceil((now + after.total_seconds()) * RINGS_A_SECOND) / RINGS_A_SECOND
        if moment == _last_ring:
            return
        try:
            current_app.send_task("integrations.read_back", countdown=moment - now, retry=False)
        except Exception as error:  # the broker's own exceptions differ by transport
            logger.warning("inbox.ring_failed", extra={"error": type(error).__name__})
        else:
            _last_ring = moment

    transaction.on_commit(send)

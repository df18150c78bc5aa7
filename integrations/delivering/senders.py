"""One thread per subscriber, beside Celery's own: a slow subscriber holds up neither the others nor the worker."""

from __future__ import annotations

import logging
import threading

from django.db import connections

from integrations import subscriptions
from integrations.delivering import sending

logger = logging.getLogger(__name__)

# In each worker process. Those that fail rest longer and longer, so that the dead cannot hold all of them for long.
MOST = 16
_places = threading.BoundedSemaphore(MOST)


def start(subscription_id: int) -> bool:
    """Begin to send in a thread of its own and return at once; False when all are taken: beat rings again.

    The threads end with the process; what they had claimed is sent after its lease.
    """
    if not _places.acquire(blocking=False):
        return False
    threading.Thread(target=_run, args=(subscription_id,), name=f"deliver-{subscription_id}", daemon=True).start()
    return True


def start_due() -> int:
    """Begin with every subscription that something is due for; returns how many. One query."""
    return sum(start(one) for one in subscriptions.with_something_due())


def _run(subscription_id: int) -> None:
    try:
        sending.deliver(subscription_id)
    except Exception as error:
        # What was claimed waits for the end of its lease; the text of the error may hold an address.
        logger.error("deliver.failed", extra={"subscription": subscription_id, "error": type(error).__name__})
    finally:
        connections.close_all()
        _places.release()

"""Named steps of the sync, at each of which a test may cut the power. Nobody listens outside the tests."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Where a message stands. What is in brackets is not committed yet at that moment."""

    READ = "read"  # Odoo's rows are here, none is written yet
    ANNOUNCED = "announced"  # (a message is queued with the change that it tells of)
    CLAIMED = "claimed"  # a worker holds messages
    CALLING = "calling"  # Odoo is about to be called
    ANSWERED = "answered"  # Odoo has answered, nobody here knows yet
    BOUND = "bound"  # (the ids are stored)
    SETTLED = "settled"  # (the messages are ended, too)
    DONE = "done"  # all of this is committed
    APPLIED = "applied"  # (a chunk of Odoo's rows is written here)
    HINTED = "hinted"  # a webhook is stored, its sender has no answer yet


Listener = Callable[[Step], None]
_listener: Listener | None = None


def listen(listener: Listener) -> None:
    """Call this at every step, in whatever thread takes it."""
    global _listener
    _listener = listener


def reached(step: Step) -> None:
    """Say that this step is reached; costs nothing while nobody listens."""
    if _listener is not None:
        _listener(step)

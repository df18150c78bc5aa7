"""When a delivery is tried again, and how long a subscriber rests."""

from __future__ import annotations

import random
from datetime import timedelta

# After the first, second, … attempt: what Standard Webhooks recommends, with a day more at the end.
AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.1
MOST_ASKED = timedelta(hours=24)
GIVE_UP = timedelta(days=5)
LONGEST_REST = timedelta(minutes=5)


def next_attempt(attempts: int, *, asked: float | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None when that was the last.

    Up to a tenth more by chance, so that what failed together does not come back together. `asked`: seconds of a
    Retry-After, which is obeyed up to a day where it is longer.
    """
    if attempts > len(AFTER):
        return None
    wait = AFTER[attempts - 1] * random.uniform(1, 1 + JITTER)
    return wait if asked is None else max(wait, min(timedelta(seconds=asked), MOST_ASKED))


def rest(failures: int, *, asked: float | None = None) -> timedelta:
    """How long a subscriber is left in peace after so many failures in a row, whatever else waits for it.

    Doubled each time, from a second to five minutes: a dead one then takes next to nothing from the others.
    """
    doubled = timedelta(seconds=2 ** min(failures - 1, 10))
    wait = min(doubled, LONGEST_REST)
    return wait if asked is None else max(wait, min(timedelta(seconds=asked), MOST_ASKED))

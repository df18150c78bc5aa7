"""Short transactions that met another one: PostgreSQL ends one of the two, which did nothing and is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db import connection as database
from django.utils.translation import gettext as _

T = TypeVar("T")
P = ParamSpec("P")

TRIES = 5
FIRST_PAUSE = 0.05
# Serialization failure, deadlock, lock not available: nothing was written, the same again may succeed.
MET_ANOTHER = frozenset({"40001", "40P01", "55P03"})


def met_another(error: OperationalError) -> bool:
    """Whether the database ended this transaction in favour of another one."""
    return getattr(error.__cause__, "sqlstate", None) in MET_ANOTHER


def try_again(work: Callable[[], T], *, between: Callable[[], object] | None = None, wait_for_disk: bool = True) -> T:
    """Do `work` in one transaction; again, five times at most and after a random pause, when it met another one.

    `work` keeps nothing of an earlier try but what `between` puts right, and never waits for the network. The pauses
    add up to a second and a half at most. Within a transaction of the caller it is done once: that one is then spent,
    and is the caller's to try again.

    Without `wait_for_disk` it ends before it is on the disk, as all do on SQLite here: for what is asked of Odoo again
    should a power cut take it back. PostgreSQL takes back the latest transactions only, so that no later one stands
    without this one; the next that waits, such as a person's save, brings all of them to the disk.

    Raises what `work` raises; OperationalError when it met another one each time.
    """
    hurried = not wait_for_disk and database.vendor == "postgresql" and not database.in_atomic_block
    for left in range(TRIES - 1, -1, -1):
        try:
            with transaction.atomic():
                if hurried:
                    _do_not_wait_for_disk()
                return work()
        except OperationalError as error:
            if not left or database.in_atomic_block or not met_another(error):
                raise
        if between is not None:
            between()
        time.sleep(random.uniform(0, FIRST_PAUSE * 2.0 ** (TRIES - left)))
    raise AssertionError("unreachable")


def _do_not_wait_for_disk() -> None:
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO OFF")


def decision(decide: Callable[P, T]) -> Callable[P, T]:
    """Make a person's decision one transaction that is tried again; ValidationError when it never got through."""

    @wraps(decide)
    def decided(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return try_again(lambda: decide(*args, **kwargs))
        except OperationalError as error:
            if database.in_atomic_block or not met_another(error):
                raise
            words = _("Other work on this record came first, several times. Nothing has changed; try again.")
            raise ValidationError(words) from error

    return decided

"""How many rows go, or are asked for, in one call: halved when a side chokes on them, grown back slowly, per model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import IntegrationError, TooLarge
from integrations.models import BatchSize
from integrations.network.http import DEFAULT_READ_TIMEOUT, DEFAULT_WRITE_TIMEOUT

T = TypeVar("T")
logger = logging.getLogger(__name__)
KIND = BatchSize.Kind
# A call that ended by its time-out was slow, whatever the setting says.
LONGEST = {KIND.READ: DEFAULT_READ_TIMEOUT - 1, KIND.WRITE: DEFAULT_WRITE_TIMEOUT - 1}
# So many calls in a row must go well before the size grows by a tenth.
GOOD_CALLS = 5


@dataclass(frozen=True)
class Answer(Generic[T]):
    """How a question ended: its value or its error, and after how many seconds."""

    value: T | None
    error: IntegrationError | None
    seconds: float

    def get(self) -> T:
        """The value. Raises the error."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


def timed(ask: Callable[[], T]) -> Answer[T]:
    """Ask, in this thread; touches no table of ours."""
    started = time.monotonic()
    try:
        return Answer(ask(), None, time.monotonic() - started)
    except IntegrationError as error:
        return Answer(None, error, time.monotonic() - started)


class Pace:
    """The present batch size of one model. `most`: what the setting allows. One query to make; a write only on news."""

    def __init__(self, connection_id: int, remote_model: str, *, kind: BatchSize.Kind = KIND.WRITE, most: int) -> None:
        self._mine = BatchSize.objects.filter(connection_id=connection_id, remote_model=remote_model, kind=kind)
        self._key: dict[str, Any] = {"connection_id": connection_id, "remote_model": remote_model, "kind": kind}
        self._most = most
        self._slow = min(float(settings.ODOO_SLOW_SECONDS), LONGEST[kind])
        row = self._mine.first()
        self._good = row.good if row else 0
        self.size = min(row.size, most) if row else most

    def note(self, rows: int, seconds: float, *, good: bool = True) -> None:
        """A call with so many rows has ended after so many seconds; `good`: nothing speaks against more of them."""
        if seconds >= self._slow:
            self.shrink(rows, _("A call with %(n)d rows took %(s)d seconds.") % {"n": rows, "s": seconds})
        elif good and self.size < self._most and rows * 2 >= self.size:
            self._grow()

    def judge(self, rows: int, answer: Answer[Any]) -> bool:
        """Note how a question for so many rows ended; False when it is to be asked again for fewer."""
        if isinstance(answer.error, TooLarge):
            self.too_large(rows)
            return rows == 1
        self.note(rows, answer.seconds, good=answer.error is None)
        return True

    def too_large(self, rows: int) -> None:
        """Odoo, or a proxy before it, found the call too large."""
        self.shrink(rows, _("A call with %(n)d rows was too large.") % {"n": rows})

    def shrink(self, rows: int, reason: str) -> None:
        """Half of what has just been too much; never less than one."""
        self.size, self._good = max(1, min(self.size, rows) // 2), 0
        logger.warning("pace.shrunk", extra={"remote_model": self._key["remote_model"], "size": self.size})
        BatchSize.objects.update_or_create(
            **self._key, defaults={"size": self.size, "good": 0, "reason": reason[:200], "changed_at": timezone.now()}
        )

    def _grow(self) -> None:
        self._good += 1
        if self._good >= GOOD_CALLS:
            self.size, self._good = min(self._most, self.size + max(1, self.size // 10)), 0
        if self.size >= self._most:
            self._mine.delete()
        else:
            self._mine.update(size=self.size, good=self._good)

"""Faults that only a server can make, asked for by the control API: conflicts, bad rows, late commits."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """One order. ``model`` and ``method`` empty mean any; ``count`` is how often it still strikes.

    With ``every`` it strikes one fitting call in so many; ``passed`` counts them.
    """

    kind: str
    model: str = ""
    method: str = ""
    count: int = 1
    row: int = 0
    message: str = "Refused by the sandbox"
    seconds: float = 0.0
    name: str = "builtins.Exception"
    every: int = 1
    passed: int = 0

    def fits(self, model: str, method: str) -> bool:
        """Whether a call is meant."""
        return self.count > 0 and self.model in ("", model) and self.method in ("", method)


KINDS = frozenset({"conflict", "exhausted", "bad_row", "late_commit", "rollback", "error"})


class Faults:
    """The orders that wait; each call takes what is meant for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order one."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Cancel all."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Return what has not struck yet."""
        with self._lock:
            return [fault for fault in self._waiting if fault.count > 0]

    def take(self, kind: str, model: str, method: str) -> Fault | None:
        """Return the order of this kind meant for this call, counted down, or None."""
        with self._lock:
            for fault in self._waiting:
                if fault.kind == kind and fault.fits(model, method):
                    fault.passed += 1
                    if fault.passed % fault.every:
                        continue
                    fault.count -= 1
                    return fault
        return None

    def bad_row(self, model: str) -> Fault | None:
        """Return the row that ``load`` of this model must refuse, or None."""
        return self.take("bad_row", model, "load")

"""Rules: which exchange breaks, how, and how often. The same seed gives the same run."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

KINDS = {
    "lost_answer": "forward, let the server finish, then drop the connection without a byte",
    "timeout": "hold the request for `seconds`, then drop it; the server never sees it",
    "slow_then_lost": "forward, hold the answer for `seconds`, then drop it",
    "reset": "reset the connection before anything is forwarded",
    "rate_limit": "429, with Retry-After when `seconds` is above 0; nothing is forwarded",
    "status": "answer with `status` and an HTML page; nothing is forwarded",
    "html": "200 with an HTML page in place of the answer; nothing is forwarded",
    "html_after": "forward, then 200 with an HTML page in place of the answer",
    "slow": "forward, answer after `seconds`",
    "truncated": "forward, send all headers and half of the body, then drop the connection",
    "drop_hook": "webhooks: answer 200, deliver nothing",
    "repeat_hook": "webhooks: deliver `copies` times",
}
HOOK_KINDS = frozenset({"drop_hook", "repeat_hook"})


@dataclass(slots=True)
class Rule:
    """One order.

    ``contains`` looks into the body (a method name such as ``load``, a model), ``path`` is a prefix. ``count`` is how
    often it still strikes, -1 without end; ``after`` lets that many fitting exchanges pass first.
    """

    kind: str
    path: str = ""
    method: str = ""
    contains: str = ""
    count: int = 1
    after: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    copies: int = 2

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError("probability must lie between 0 and 1")

    def fits(self, method: str, path: str, body: bytes) -> bool:
        """Whether an exchange is meant."""
        return (
            self.count != 0
            and path.startswith(self.path)
            and self.method in ("", method)
            and (not self.contains or self.contains.encode() in body)
        )


class Rules:
    """All orders, tried in the order given; the first that strikes wins."""

    def __init__(self, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._rules: list[Rule] = []
        self.struck: Counter[str] = Counter()
        self.seen = 0

    def add(self, rule: Rule) -> None:
        """Order one."""
        with self._lock:
            self._rules.append(rule)

    def clear(self, seed: int | None = None) -> None:
        """Cancel all and forget what was counted; a seed starts the dice anew."""
        with self._lock:
            self._rules.clear()
            self.struck.clear()
            self.seen = 0
            if seed is not None:
                self._random.seed(seed)

    def pick(self, method: str, path: str, body: bytes, *, hook: bool) -> Rule | None:
        """Return the rule that breaks this exchange, counted down, or None."""
        with self._lock:
            self.seen += 1
            for rule in self._rules:
                if (rule.kind in HOOK_KINDS) != hook or not rule.fits(method, path, body):
                    continue
                if rule.after > 0:
                    rule.after -= 1
                    continue
                if self._random.random() >= rule.probability:
                    continue
                rule.count -= 1 if rule.count > 0 else 0
                self.struck[rule.kind] += 1
                return rule
        return None

    def describe(self) -> dict[str, Any]:
        """Return rules that still wait, what has struck, and how many exchanges were seen."""
        with self._lock:
            waiting = [asdict(rule) for rule in self._rules if rule.count != 0]
            return {"rules": waiting, "struck": dict(self.struck), "seen": self.seen}

"""The table: its lines, and the figures that they are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How much is measured: records, pairs of runs, edits on each side, and seconds of each load on the web.

    `rows` are the leads, opportunities and activities of the house whose pages are looked at.
    """

    partners: int
    leads: int
    pairs: int
    growth: tuple[int, int]
    edits: int
    load_seconds: float
    rows: tuple[int, int, int]


WHOLE = Size(
    partners=50_000,
    leads=2_000,
    pairs=5,
    growth=(20_000, 100_000),
    edits=120,
    load_seconds=5,
    rows=(1_000_000, 200_000, 5_000_000),
)
SHORT = Size(
    partners=4_000,
    leads=400,
    pairs=1,
    growth=(2_000, 8_000),
    edits=15,
    load_seconds=2,
    rows=(100_000, 20_000, 200_000),
)


@dataclass(frozen=True)
class Line:
    """One line of the table; `limit` is what must hold, `least` that it is the lower one."""

    title: str
    value: float
    limit: float
    detail: str
    least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self) -> str:
        word = "ok  " if self.holds else "MISS"
        bound = f"(at {'least' if self.least else 'most'} {self.limit:g})"
        return f"{word}  {self.title:<58} {self.value:>8.2f}  {bound:<15}  {self.detail}"


def median_of(runs: Sequence[Figures], name: str) -> float:
    """The median of one figure."""
    return float(median(run[name] for run in runs))


def ratio(ours: Sequence[Figures], bare: Sequence[Figures], name: str) -> float:
    """The median of the pairs' ratios."""
    return float(median(one[name] / other[name] for one, other in zip(ours, bare, strict=True)))


def p95(values: Sequence[float]) -> float:
    """The value that 95 % do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def told(figures: Figures) -> str:
    """Figures in words."""
    return ", ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
    )

"""Figures about a connection that the sync page shows: whoever measures something joins here in AppConfig.ready()."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.models import Connection

# Icon and word of each tone: colour alone tells nobody enough.
TONES = {
    "good": ("check_circle", _("Good")),
    "warn": ("warning", _("Look at it")),
    "bad": ("error", _("Needs a person")),
    "": ("info", _("For your information")),
}


@dataclass(frozen=True)
class Measure:
    """One figure: what it is, how much, and what it means in a sentence.

    `tone`: "good", "warn", "bad", or "" where nothing is to be judged; `url`: where more of it stands, or where it is
    settled.
    """

    title: Any
    figure: str
    sentence: str = ""
    tone: str = ""
    url: str = ""

    @property
    def icon(self) -> str:
        return TONES[self.tone][0]

    @property
    def word(self) -> Any:
        return TONES[self.tone][1]


Source = Callable[[Connection], Iterable[Measure]]
_sources: list[Source] = []


def register_measures(source: Source) -> Source:
    """Add figures to the sync page; usable as a decorator.

    Called once per page view with the live connection, without its secret; may cost a few queries, whose number must
    not grow with the rows.
    """
    if source not in _sources:
        _sources.append(source)
    return source


def measures_of(connection: Connection) -> list[Measure]:
    """All figures, in the order in which their sources joined."""
    return [measure for source in _sources for measure in source(connection)]

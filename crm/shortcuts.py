"""The keyboard shortcuts: one table, from which the help sheet is drawn and by which the keys work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm import nouns
from crm.models import User


@dataclass(frozen=True)
class Shortcut:
    """Keys pressed one after the other ("g l"), what they do, and how: `url` is gone to, `do` is told to the page."""

    keys: str
    title: Any
    url: str = ""
    do: str = ""

    @property
    def caps(self) -> list[str]:
        """The keys one by one, as they stand on the sheet."""
        return self.keys.split(" ")


@dataclass(frozen=True)
class Sheet:
    """Shortcuts of one purpose."""

    title: Any
    rows: list[Shortcut]


def sheets(user: User) -> list[Sheet]:
    """All shortcuts of this person, by purpose. No query."""
    found = nouns.all_nouns()
    seen = [noun for noun in found if noun.letter and noun.allows(user, "view")]
    made = [noun for noun in found if noun.letter and noun.allows(user, "add")]
    go = [Shortcut("g h", _("Home"), reverse("workspace:home"))]
    go += [Shortcut(f"g {noun.letter}", noun.plural, noun.list_url) for noun in seen]
    go += [Shortcut("g p", _("Pipeline"), reverse(noun.board)) for noun in seen if noun.board]
    make = [Shortcut(f"c {noun.letter}", noun.title, reverse("workspace:add", args=(noun,))) for noun in made]
    return [
        Sheet(
            _("Anywhere"),
            [
                Shortcut("/", _("Search records, pages and actions"), do="palette"),
                Shortcut("Ctrl+K", _("The same, also while typing in a field"), do="palette"),
                Shortcut("?", _("This sheet"), do="help"),
            ],
        ),
        Sheet(_("Go to"), go),
        *([Sheet(_("Create"), make)] if make else []),
        Sheet(
            _("In a list"),
            [
                Shortcut("j", _("Next row"), do="row-next"),
                Shortcut("k", _("Previous row"), do="row-previous"),
                Shortcut("n", _("Next page"), do="page-next"),
                Shortcut("p", _("Previous page"), do="page-previous"),
            ],
        ),
    ]

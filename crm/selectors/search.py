"""Search over all nouns at once, and the records that somebody has looked at last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from crm import nouns
from crm.models import User
from crm.models.keys import key_of_email, key_of_phone
from crm.nouns import Noun

SHORTEST = 3  # letters: what an index of three-letter pieces can find
CANDIDATES = 40
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"[+\d(][\d\s()/.\-\u00a0]*")
FEWEST_DIGITS = 6


@dataclass(frozen=True)
class Hit:
    """A record that was found: its name, which one it is, and where it stands."""

    title: str
    hint: str
    url: str
    icon: str


@dataclass(frozen=True)
class Group:
    """What was found of one noun; `more` when there is more than is shown."""

    noun: Noun
    hits: list[Hit]
    more: bool


def is_searchable(words: str) -> bool:
    """Whether these words are enough to search for: one of them needs three letters."""
    return any(len(word) >= SHORTEST for word in words.split())


def search(user: User, words: str, *, size: int = 8) -> list[Group]:
    """The records this user may see that fit the words, the best of each noun; nothing for words too short.

    A whole e-mail address finds exactly that address; a phone number is found however it is typed, as are its digits
    in any other text. One query per noun, each of which reads at most 41 rows: among more than that, which ones are
    looked at is left to the database, and the list of the noun shows them all.
    """
    if not is_searchable(words):
        return []
    found = []
    for noun in nouns.all_nouns():
        if noun.allows(user, "view"):
            rows = list(_rows(noun, user, words)[: CANDIDATES + 1])
            if rows:
                best = sorted(rows, key=lambda row: _rank(row, words))[:size]
                found.append(Group(noun, [hit_of(noun, row) for row in best], more=len(rows) > size))
    return found


def recent(user: User, places: Sequence[tuple[str, str]]) -> list[Hit]:
    """The records behind these pairs of noun key and uuid that this user may see, in their order. A query per noun."""
    known = {noun.key: noun for noun in nouns.all_nouns()}
    wanted: dict[str, list[str]] = {}
    for key, uuid in places:
        if key in known and known[key].allows(user, "view"):
            wanted.setdefault(key, []).append(uuid)
    held = {}
    for key, uuids in wanted.items():
        rows = _seen(known[key], user).filter(uuid__in=uuids)
        held.update({(key, str(row.uuid)): hit_of(known[key], row) for row in rows})
    return [held[place] for place in map(tuple, places) if place in held]


def hit_of(noun: Noun, row: Any) -> Hit:
    """A record as a line of what was found; its relations are selected along."""
    return Hit(str(row), noun.hint(row), nouns.url_of(row), noun.icon)


def reach(model: Any, words: str) -> Q | None:
    """Rows of this e-mail address or phone number, by the keys of the model; None when the words are neither."""
    names = {field.name for field in model._meta.concrete_fields}
    if _EMAIL.fullmatch(words):
        return Q(email_key=key_of_email(words)) if "email_key" in names else Q(pk__in=())
    if not _PHONE.fullmatch(words) or sum(letter.isdigit() for letter in words) < FEWEST_DIGITS:
        return None
    key = key_of_phone(words)
    return _any(Q(**{name: key}) for name in ("phone_key", "mobile_key") if name in names)


def _rows(noun: Noun, user: User, words: str) -> QuerySet[Any]:
    rows, words = _seen(noun, user), words.strip()
    fits = reach(noun.model, words)
    if fits is None:
        return rows.search(words)  # type: ignore[attr-defined]
    if _EMAIL.fullmatch(words):
        return rows.filter(fits)
    return rows.filter(fits | _any(Q(search_text__contains=word) for word in (words,)))


def _seen(noun: Noun, user: User) -> QuerySet[Any]:
    rows: QuerySet[Any] = noun.model._default_manager.active().visible_to(user)
    return rows.select_related(*noun.related)


def _any(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=())
    for condition in conditions:
        found |= condition
    return found


def _rank(row: Any, words: str) -> tuple[int, float]:
    """The name itself first, then names that begin so, then the others; among equals what changed last."""
    name, words = str(row).casefold(), words.strip().casefold()
    place = 0 if name == words else 1 if name.startswith(words) else 2
    return place, -row.updated_at.timestamp()

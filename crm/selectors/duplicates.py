"""Records that look alike: groups over existing data, and what fits a record that is being typed.

Compared are the keys that the database keeps (crm/models/keys.py). Rows in the trash are left out.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, groupby
from typing import Any

from django.db import models
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from crm import nouns
from crm.models import NotDuplicates, User
from crm.models.keys import key_of_email, key_of_name, key_of_phone, key_of_site
from crm.nouns import Noun

PAGE = 25  # groups
SHOWN = 10  # rows of one group
STRIDE = 20_000  # keys that one query reads
STRIDES = 10
ALIKE = 5
FEWEST_DIGITS = 6
# Mail is lent out under these: it says nothing of who two people are.
LENT_OUT = (
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "aol.com"),
    *("gmx.de", "gmx.net", "web.de", "t-online.de", "proton.me", "protonmail.com", "mail.ru", "qq.com", "163.com"),
)


@dataclass(frozen=True)
class Reason:
    """Why two records look alike: they share this key."""

    key: str
    title: Any
    field: str


REASONS = (
    Reason("email", _("Same e-mail"), "email_key"),
    Reason("phone", _("Same phone"), "phone_key"),
    Reason("mobile", _("Same mobile"), "mobile_key"),
    Reason("domain", _("Same domain"), "site_key"),
    Reason("name", _("Similar name"), "name_key"),
)


@dataclass(frozen=True)
class Group:
    """Rows of one key, ten at most; `more` when there are others."""

    key: str
    rows: list[Any]
    more: bool


@dataclass(frozen=True)
class Found:
    """Some groups; `after` is the key to go on behind, "" when all were read."""

    groups: list[Group]
    after: str


@dataclass(frozen=True)
class Alike:
    """A record that looks like the one that is being typed, and why."""

    row: Any
    noun: Noun
    reasons: list[Any]


@cache
def reasons_of(noun: Noun) -> tuple[Reason, ...]:
    """By what two of this noun can look alike."""
    names = {field.name for field in noun.model._meta.concrete_fields}
    return tuple(reason for reason in REASONS if reason.field in names) if noun.merges else ()


def groups(noun: Noun, user: User, reason: Reason, *, after: str = "") -> Found:
    """Groups of records that this person sees and that share a key, in the order of the keys.

    Walks the key's index from `after` on, 200,000 keys at most. Costs two queries, and one for each 20,000 keys.
    """
    seen = noun.model._default_manager.active().visible_to(user)
    keys, last = _repeated(seen, reason.field, after)
    if not keys:
        return Found([], last)
    rows = _rows_of(noun, user, reason.field, keys)
    apart = _said_apart([row.uuid for row in rows])
    found = []
    for key, some in groupby(rows, key=lambda row: getattr(row, reason.field)):
        held = _not_apart(list(some), apart)
        if len(held) > 1:
            found.append(Group(key, held[:SHOWN], more=len(held) > SHOWN))
    return Found(found, last)


def alike(noun: Noun, user: User, typed: Mapping[str, Any]) -> list[Alike]:
    """Records that this person sees and that share an e-mail address, a number, a domain or a name with what was typed.

    `typed` holds form values by field. Of each noun that people reach by mail or phone; domain and name count within
    the noun itself. Five at most, one query per noun.
    """
    found: dict[uuids.UUID, Alike] = {}
    for other in nouns.all_nouns():
        keys = _keys_of(other, typed, whole=other is noun)
        if not keys or not other.allows(user, "view"):
            continue
        fits = Q(pk__in=())
        for _reason, name, key in keys:
            fits |= Q(**{name: key})
        seen = other.model._default_manager.active().visible_to(user)
        rows = seen.filter(fits).select_related(*other.related).order_by("-updated_at", "-pk")
        for row in rows[:ALIKE]:
            why = list(dict.fromkeys(title for title, name, key in keys if getattr(row, name) == key))
            found[row.uuid] = Alike(row, other, why)
    return sorted(found.values(), key=lambda one: (-len(one.reasons), one.noun is not noun))[:ALIKE]


def _repeated(seen: QuerySet[Any], field: str, after: str) -> tuple[list[str], str]:
    """The next keys that stand more than once, and the key to go on behind ("" when all were read)."""
    found: list[str] = []
    seen = seen.exclude(**{f"{field}__in": LENT_OUT}) if field == "site_key" else seen
    for _stride in range(STRIDES):
        some = seen.filter(**{f"{field}__gt": after}).order_by(field).values(field)
        end = some[STRIDE : STRIDE + 1].values_list(field, flat=True).first()
        within = seen.filter(**{f"{field}__gt": after})
        if end is not None:
            within = within.filter(**{f"{field}__lte": end})
        counted = within.values(field).annotate(count=Count("pk")).filter(count__gt=1).order_by(field)
        found += counted.values_list(field, flat=True)[: PAGE + 1]
        if len(found) > PAGE:
            return found[:PAGE], found[PAGE - 1]
        if end is None:
            return found, ""
        after = end
    return found, after


def _rows_of(noun: Noun, user: User, field: str, keys: Sequence[str]) -> list[Any]:
    """The first rows of each key, key by key."""
    place = Window(RowNumber(), partition_by=F(field), order_by=F("pk").asc())
    seen = noun.rows(user).filter(archived_at=None, **{f"{field}__in": keys})
    return list(seen.annotate(place=place).filter(place__lte=SHOWN + 1).order_by(field, "pk"))


def _said_apart(found: Iterable[uuids.UUID]) -> set[frozenset[uuids.UUID]]:
    """The pairs of these that a person said are two. One query."""
    known = list(found)
    pairs = NotDuplicates.objects.filter(one__in=known, other__in=known)
    return {frozenset(pair) for pair in pairs.values_list("one", "other")}


def _not_apart(rows: Sequence[Any], apart: set[frozenset[uuids.UUID]]) -> list[Any]:
    """The rows that may still be the same as another one of these."""
    open_pairs = [pair for pair in combinations(rows, 2) if frozenset((pair[0].uuid, pair[1].uuid)) not in apart]
    kept = {row.pk for pair in open_pairs for row in pair}
    return [row for row in rows if row.pk in kept]


def _keys_of(noun: Noun, typed: Mapping[str, Any], *, whole: bool) -> list[tuple[Any, str, str]]:
    """By which keys of this noun what was typed is found: the reason's words, the field and the key."""
    names = {field.name for field in noun.model._meta.concrete_fields if isinstance(field, models.GeneratedField)}
    said = {name: str(value).strip() for name, value in typed.items() if value}
    found: list[tuple[Any, str, str]] = []
    if "@" in said.get("email", ""):
        found.append((_("Same e-mail"), "email_key", key_of_email(said["email"])))
    for name in ("phone", "mobile"):
        if sum(letter.isdigit() for letter in said.get(name, "")) >= FEWEST_DIGITS:
            key = key_of_phone(said[name])
            found += [(_("Same phone"), "phone_key", key), (_("Same phone"), "mobile_key", key)]
    if whole:
        site = key_of_site(said.get("website", ""), said.get("email", ""))
        if "." in site and site not in LENT_OUT:
            found.append((_("Same domain"), "site_key", site))
        by_name = ("contact_name", "company_name") if "contact_name" in typed else ("name",)
        if name := key_of_name(*(said.get(part, "") for part in by_name)):
            found.append((_("Similar name"), "name_key", name))
    return [one for one in found if one[1] in names]

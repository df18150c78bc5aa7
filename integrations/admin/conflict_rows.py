"""What the conflict inbox shows: records, and per field the three values, marked, with who and when on both sides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import cells
from crm.models import User
from integrations.admin.base import model_words, odoo_link
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, Conflict
from integrations.odoo.applying.nouns import FLIP
from integrations.odoo.mappers import maps_of
from integrations.odoo.mappers.values import Words, label
from integrations.odoo.settling.conflicts import field_names, shown

RULES = {
    "odoo": gettext_lazy("Odoo wins"),
    "here": gettext_lazy("Here wins"),
    "newest": gettext_lazy("Newest wins"),
    "ask": gettext_lazy("Ask a person"),
}
SIDES = {"here": gettext_lazy("here"), "odoo": gettext_lazy("Odoo")}
DEEDS = {"taken back": gettext_lazy("Taken back"), "asked again": gettext_lazy("Asked again")}
MARKED_AT_MOST = 4000


@dataclass(frozen=True)
class Side:
    """One side of a line: its value, whether it differs from before, who and when, whether it was kept."""

    text: SafeString
    changed: bool
    who: str
    when: SafeString | str
    kept: bool


@dataclass(frozen=True)
class Line:
    """One field. `question`: why there is nothing to choose here. `story`: what was decided, newest last."""

    conflict: Conflict
    label: str
    before: SafeString
    here: Side
    odoo: Side
    seen: str
    choosable: bool
    revocable: bool
    story: Sequence[SafeString]
    url: str = ""


@dataclass
class Group:
    """One record with its lines; `more` lines are not shown."""

    link: SafeString | str
    kind: SafeString
    odoo: SafeString | str
    uuid: str
    lines: list[Line] = field(default_factory=list)
    more: int = 0


def groups_of(conflicts: Sequence[Conflict], *, most: int) -> list[Group]:
    """These conflicts by record, in the order in which the records come; five queries, and one per table."""
    objects = objects_of(conflicts)
    words = Words()
    labels = {one.content_type_id: _label_of(one) for one in conflicts}
    for one in conflicts:
        noun = maps_of(one.connection).noun(one.remote_model, labels[one.content_type_id])
        if noun is not None and one.field in noun.by_remote:
            words.want(noun, noun.by_remote[one.field], (one.base, one.here, one.odoo))
    words.load()
    people = _people_in_odoo(conflicts)
    found: dict[Any, Group] = {}
    for one in conflicts:
        group = found.get(one.object_uuid)
        if group is None:
            obj = objects.get(one.object_uuid)
            group = found[one.object_uuid] = Group(
                link=cells.link(obj) if obj is not None else _("(gone)"),
                kind=model_words(one.remote_model),
                odoo=odoo_link(one.connection, one.remote_model, one.remote_id),
                uuid=str(one.object_uuid),
            )
        if len(group.lines) == most:
            group.more += 1
            continue
        group.lines.append(_line(one, labels[one.content_type_id], words, people))
    return list(found.values())


def name_of(conflict: Conflict) -> str:
    """What the field of a conflict is called."""
    if conflict.field == FLIP:
        return _("Company or person")
    noun = maps_of(conflict.connection).noun(conflict.remote_model, _label_of(conflict))
    one = noun.by_remote.get(conflict.field) if noun is not None else None
    return label(noun, one) if noun is not None and one is not None else conflict.field[:1].upper() + conflict.field[1:]


def value_in_words(conflict: Conflict, value: Any) -> str:
    """One value of the field of a conflict, in words. One query at most."""
    noun = maps_of(conflict.connection).noun(conflict.remote_model, _label_of(conflict))
    if noun is None or conflict.field not in noun.by_remote:
        return str(value)
    one = noun.by_remote[conflict.field]
    words = Words()
    words.want(noun, one, [value])
    words.load()
    return words.of(noun, one, value) or _("empty")


def _label_of(conflict: Conflict) -> str:
    content_type = ContentType.objects.get_for_id(conflict.content_type_id)
    return f"{content_type.app_label}.{content_type.model}"


def _people_in_odoo(conflicts: Sequence[Conflict]) -> dict[int, str]:
    """The names of those who wrote last in Odoo, by their id there. Two queries."""
    ids = {one.remote_write_uid for one in conflicts if one.remote_write_uid}
    ties = Binding.objects.filter(
        connection__in={one.connection_id for one in conflicts}, remote_model="res.users", remote_id__in=ids
    ).values_list("object_uuid", "remote_id")
    by_uuid = dict(ties)
    names = User.objects.filter(uuid__in=by_uuid).only("uuid", "name", "email")
    found = {int(by_uuid[user.uuid] or 0): str(user) for user in names}
    ours = {one.connection.remote_uid for one in conflicts}
    return found | {uid: _("Tandem's own user") for uid in ours if uid}


def _line(one: Conflict, owner: str, words: Words, people: dict[int, str]) -> Line:
    noun = maps_of(one.connection).noun(one.remote_model, owner)
    mapped = noun.by_remote.get(one.field) if noun is not None else None
    if noun is not None and mapped is not None:
        base, here, odoo = (words.of(noun, mapped, value) for value in (one.base, one.here, one.odoo))
    elif one.field == FLIP:
        base, here, odoo = (_("Company") if value else _("Person") for value in (one.base, one.here, one.odoo))
    else:
        base, here, odoo = ("" if value is None else str(value) for value in (one.base, one.here, one.odoo))
    open_now = one.status == Conflict.Status.OPEN
    fits = one.field in field_names(maps_of(one.connection), one.remote_model) or one.field == FLIP
    return Line(
        conflict=one,
        label=name_of(one),
        before=_text(base),
        here=Side(marked(base, here), here != base, _who_here(one), _when(one.here_at), one.winner == "here"),
        odoo=Side(
            marked(base, odoo),
            odoo != base,
            people.get(one.remote_write_uid or 0, ""),
            _when(one.remote_write_date),
            one.winner == "odoo",
        ),
        seen=shown(one),
        choosable=open_now and fits,
        revocable=not open_now and bool(one.winner) and mapped is not None,
        story=_story(one),
    )


def _who_here(one: Conflict) -> str:
    return str(one.here_by) if one.here_by is not None else ""


def _when(moment: datetime | None) -> SafeString | str:
    return cells.ago(moment) if moment is not None else ""


def _story(one: Conflict) -> list[SafeString]:
    """Who decided what, in the order in which it happened."""
    told: list[SafeString] = []
    first_did = one.trail[0]["did"] if one.trail else ""
    if one.status == Conflict.Status.BY_RULE or first_did == "taken back":
        winner = one.winner if one.status == Conflict.Status.BY_RULE else ""
        settled = _("Both sides agree by now") if not winner and one.status == Conflict.Status.BY_RULE else ""
        words = settled or _("Rule “%(rule)s”") % {"rule": RULES.get(one.rule, one.rule)}
        side = f": {SIDES[winner]}" if winner else ""
        when = cells.ago(one.settled_at or one.created_at) if not one.trail else cells.ago(one.created_at)
        told.append(format_html("{}{} · {}", words, side, when))
    for deed in one.trail:
        rule, _colon, side = str(deed["did"]).rpartition(": ")
        did = DEEDS.get(side) or _("Settled for %(side)s") % {"side": SIDES.get(side, side)}
        if rule:
            did = _("%(did)s, by “%(rule)s”") % {"did": did, "rule": RULES.get(rule, rule)}
        told.append(format_html("{} · {} · {}", did, deed["who"], cells.ago(parse_datetime(deed["at"]))))
    return told


# --- what differs


def marked(base: str, text: str) -> SafeString:
    """A value with the words in which it differs from the one before marked."""
    if not text:
        return _text(text)
    if text == base or len(text) > MARKED_AT_MOST:
        return _text(text)
    old, new = _tokens(base), _tokens(text)
    pieces: list[tuple[SafeString]] = []
    for kind, _i1, _i2, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        piece = "".join(new[start:end])
        core = piece.strip()
        if kind == "equal" or not core:
            pieces.append((format_html("{}", piece),))
            continue
        before, _core, after = piece.partition(core)
        pieces.append((format_html("{}<mark>{}</mark>{}", before, core, after),))
    return format_html('<span class="tandem-text">{}</span>', format_html_join("", "{}", pieces))


def _tokens(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)


def _text(text: str) -> SafeString:
    if not text:
        return format_html('<em class="tandem-none">{}</em>', _("empty"))
    return format_html('<span class="tandem-text">{}</span>', text)

"""The three-way merge of one record: base, here, Odoo, field by field. Pure: nothing is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.odoo.mappers.base import NounMap
from integrations.odoo.mappers.kinds import (
    AWAITED,
    Direction,
    Field,
    Json,
    NameRef,
    Ref,
    Refs,
    TagRefs,
    Unresolved,
    base_pair,
    parse_time,
    store_pair,
)

ODOO, HERE, NEWEST, ASK = "odoo", "here", "newest", "ask"
TIE = timedelta(seconds=2)


@dataclass(frozen=True)
class Clash:
    """Both sides changed one field. `winner` is "odoo", "here" or "" when a person is asked.

    `odoo` is what the value here would be, `remote` Odoo's own in canonical form. `edited_at` and `edited_by` tell of
    the edit here, as far as known; `later_here`: it is the newer one.
    """

    field: Field
    base: Json
    here: Json
    odoo: Json
    remote: Json
    rule: str
    winner: str
    edited_at: datetime | None = None
    edited_by: int | None = None
    later_here: bool = False


@dataclass
class Merged:
    """What a merge found.

    `changes`: to set here; `outgoing`: to send; `links`: many2ones whose target is not here, or whose value here hangs
    on where the target stands; `arrived`: Odoo shows what was under way.
    """

    changes: dict[Field, Json] = field(default_factory=dict)
    base: dict[str, Json] = field(default_factory=dict)
    outgoing: dict[Field, Json] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    links: dict[str, tuple[str, int]] = field(default_factory=dict)
    base_changed: bool = False
    arrived: bool = False


@dataclass(frozen=True)
class Rules:
    """Which side wins, per "model.field" or "model.*"; Odoo unless said otherwise (rule 13)."""

    by_field: Mapping[str, str] = field(default_factory=dict)
    ask_before_emptying: frozenset[str] = frozenset()

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Rules:
        """The rules as a connection keeps them: {"res.partner.phone": "here", "ask_before_emptying": ["…"]}."""
        by_field = {name: rule for name, rule in kept.items() if rule in (ODOO, HERE, NEWEST, ASK)}
        return cls(by_field, frozenset(kept.get("ask_before_emptying", ())))

    def of(self, noun: NounMap, one: Field) -> str:
        """The rule of one field."""
        model = noun.remote_model
        return self.by_field.get(f"{model}.{one.remote}") or self.by_field.get(f"{model}.*") or ODOO


def of_company(one: Field, obj: Any, row: Mapping[str, Any], changes: Mapping[Field, Json] | None = None) -> bool:
    """Whether the company above owns this field: it is neither compared nor sent (rule 10).

    `changes` are about to be made here: a person whom Odoo took out of the company has an address again.
    """
    if one.with_parent:
        return False
    above = [here for field, here in (changes or {}).items() if field.remote == "parent_id"]
    account = above[0] if above else getattr(obj, "account_id", None)
    return bool(row.get("parent_id") or account)


def of_customer(one: Field, row: Mapping[str, Any]) -> bool:
    """Whether a lead's customer owns this field: Odoo's value holds, ours only fills an empty one (rule 10)."""
    return not one.with_partner and bool(row.get("partner_id"))


def merge(
    noun: NounMap,
    obj: Any,
    base: Mapping[str, Json],
    row: Mapping[str, Any],
    refs: Refs,
    rules: Rules,
    *,
    under_way: Mapping[str, Json] | None = None,
    clock_offset: timedelta = timedelta(0),
) -> Merged:
    """Merge Odoo's raw `row` with `obj` as it stands here.

    `under_way`: values here by Odoo's field, which a write carried whose answer was never heard: where Odoo shows one,
    it is ours and no edit there, so that what was edited here since goes on. `clock_offset` is Odoo's clock minus
    ours. Fields that the row lacks (another series, a refused field) are left
    alone. Nothing is written: the caller applies `changes`, stores `base`, keeps `clashes` and sends `outgoing`.
    """
    merged = Merged(base=dict(base))
    note = _Edits(obj, row, clock_offset)
    for one in noun.fields:
        if any(name not in row for name in one.reads):
            continue
        remote = one.canon_row(row)
        here = one.read(obj)
        base_here, base_remote = base_pair(one, base)
        if under_way and one.remote in under_way and base_remote != remote:
            back = one.incoming(remote, refs)
            if not isinstance(back, Unresolved) and one.same(back, under_way[one.remote]):
                base_here, base_remote = under_way[one.remote], remote
                store_pair(one, merged.base, base_here, base_remote)
                merged.arrived = True
        here_changed = one.ours(obj) and not one.same(here, base_here)
        if base_remote is AWAITED:
            # Sent and not read back: Odoo's form of what we sent becomes the base, anything else is an edit there.
            back = one.incoming(remote, refs)
            if not isinstance(back, Unresolved) and one.same(back, base_here):
                store_pair(one, merged.base, base_here, remote)
                base_remote = remote
            elif not here_changed and not isinstance(back, Unresolved) and not one.same(here, one.empty_here):
                # Odoo did not keep what we sent, or somebody was quick: taken, but what we had sent is not lost.
                merged.clashes.append(note.clash(one, base_here, here, back, remote, ODOO, ODOO))
        remote_changed = remote != base_remote
        if not here_changed and not remote_changed and (one.same(here, base_here) or not one.follows(obj)):
            continue
        if of_company(one, obj, row, merged.changes):
            continue
        theirs = of_customer(one, row) and remote != one.empty_remote
        if here_changed and not remote_changed and not theirs:
            if one.direction is not Direction.IN:
                merged.outgoing[one] = here
            continue
        incoming = one.incoming(remote, refs)
        if isinstance(incoming, Unresolved):
            _keep_link(merged, note, one, here, base_here, remote, here_changed=here_changed)
        elif one.same(incoming, here):
            store_pair(one, merged.base, here, remote)
        elif not here_changed:
            _take(merged, note, noun, one, base_here, here, incoming, remote, rules)
        elif one.same(incoming, one.empty_here) and one.remote not in base:
            # An empty without a base never wipes: ours is sent instead.
            if one.direction is not Direction.IN:
                merged.outgoing[one] = here
        elif one.same(here, one.empty_here) and one.remote not in base:
            merged.changes[one] = incoming
            store_pair(one, merged.base, incoming, remote)
        else:
            rule = ODOO if theirs or one.direction is Direction.IN else rules.of(noun, one)
            _settle(merged, note, rule, one, base_here, here, incoming, remote)
    merged.base_changed = merged.base != base
    if merged.base_changed:
        merged.links |= following(noun, merged.base, refs, since=base)
    return merged


def following(
    noun: NounMap, base: Mapping[str, Json], refs: Refs, *, since: Mapping[str, Json] | None = None
) -> dict[str, tuple[str, int]]:
    """The many2ones of a base whose value here follows where their target stands, by Odoo's name: (model, Odoo id).

    With `since`, an earlier base, only those that point elsewhere now.
    """
    found: dict[str, tuple[str, int]] = {}
    for one in noun.fields:
        if not isinstance(one, Ref) or one.remote not in base:
            continue
        remote = base_pair(one, base)[1]
        if remote is AWAITED or (since is not None and remote == base_pair(one, since)[1]):
            continue
        if one.through(remote, refs):
            found[one.remote] = (one.model, remote)
    return found


def ruled_out(
    fields: Iterable[Field],
    obj: Any,
    base: Mapping[str, Json],
    row: Mapping[str, Any],
    refs: Refs,
    *,
    clock_offset: timedelta = timedelta(0),
) -> list[Clash]:
    """What was edited here in these fields, and has no place any more beside what Odoo's raw `row` says: Odoo wins.

    A field that the row lacks is kept here only, and loses its place all the same.
    """
    note = _Edits(obj, row, clock_offset)
    found: list[Clash] = []
    for one in fields:
        here, agreed = one.read(obj), base_pair(one, base)[0]
        if one.same(here, agreed):
            continue
        remote = one.canon_row(row) if all(name in row for name in one.reads) else one.empty_remote
        back = one.incoming(remote, refs)
        odoo = one.empty_here if isinstance(back, Unresolved) else back
        if not one.same(here, odoo):
            found.append(note.clash(one, agreed, here, odoo, remote, ODOO, ODOO))
    return found


@dataclass(frozen=True)
class _Edits:
    """When and by whom the fields of one record were edited here, as against Odoo's `row`."""

    obj: Any
    row: Mapping[str, Any]
    clock_offset: timedelta

    def clash(self, one: Field, base_here: Json, here: Json, odoo: Json, remote: Json, rule: str, winner: str) -> Clash:
        """The clash, with what is known of the edit here. The author is known while no other edit has followed."""
        at = self.at(one)
        last = at is not None and at == self.obj.updated_at
        return Clash(
            one,
            base_here,
            here,
            odoo,
            remote,
            rule,
            winner,
            edited_at=at,
            edited_by=self.obj.updated_by_id if last else None,
            later_here=self.later_here(one),
        )

    def at(self, one: Field) -> datetime | None:
        """When a field was last edited here; None when it never was, or came from Odoo."""
        times = [self.obj.field_times[name] for name in {one.local, *one.attributes} if name in self.obj.field_times]
        return max(map(datetime.fromisoformat, times)) if times else None

    def later_here(self, one: Field) -> bool:
        """Per record on Odoo's side, per field here; within two seconds Odoo wins."""
        at = self.at(one)
        return at is not None and at + self.clock_offset > parse_time(self.row["write_date"]) + TIE


def _keep_link(
    merged: Merged, note: _Edits, one: Field, here: Json, base_here: Json, remote: Json, *, here_changed: bool
) -> None:
    """Unknown here is not empty (rule 8): the remote id stays in the base and is linked when its target comes."""
    if isinstance(one, TagRefs):
        return
    if isinstance(one, Ref) and not isinstance(one, NameRef):
        merged.links[one.remote] = (one.model, remote)
    if here_changed:
        merged.clashes.append(note.clash(one, base_here, here, one.empty_here, remote, ODOO, ODOO))
    if not one.same(here, one.empty_here):
        merged.changes[one] = one.empty_here
    store_pair(one, merged.base, one.empty_here, remote)


def _take(
    merged: Merged,
    note: _Edits,
    noun: NounMap,
    one: Field,
    base_here: Json,
    here: Json,
    incoming: Json,
    remote: Json,
    rules: Rules,
) -> None:
    emptied = one.same(incoming, one.empty_here)
    if emptied and f"{noun.remote_model}.{one.remote}" in rules.ask_before_emptying:
        merged.clashes.append(note.clash(one, base_here, here, incoming, remote, ASK, ""))
        return
    merged.changes[one] = incoming
    store_pair(one, merged.base, incoming, remote)


def _settle(
    merged: Merged, note: _Edits, rule: str, one: Field, base_here: Json, here: Json, incoming: Json, remote: Json
) -> None:
    winner = {ODOO: ODOO, HERE: HERE, ASK: "", NEWEST: HERE if note.later_here(one) else ODOO}[rule]
    merged.clashes.append(note.clash(one, base_here, here, incoming, remote, rule, winner))
    if winner == ODOO:
        merged.changes[one] = incoming
        store_pair(one, merged.base, incoming, remote)
    elif winner == HERE:
        # Odoo's value is agreed to have been seen; ours still differs from the base, so it is sent.
        store_pair(one, merged.base, base_here, remote)
        if one.same(base_here, one.empty_here) and remote == one.empty_remote:
            merged.base[one.remote] = [base_here, remote]
        merged.outgoing[one] = here

"""The first match: which records on both sides are the same (rule 12). It pairs no strangers."""

from __future__ import annotations

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from integrations.models import Binding, Connection, MatchCandidate, external_name
from integrations.odoo.mappers import ModelMap, NounMap
from integrations.odoo.wire.session import Session

Row = Mapping[str, Any]
SIMILAR = 0.85
_NOISE = re.compile(r"[\W_]+")
_LEGAL = re.compile(r"\b(gmbh|ag|kg|inc|llc|ltd|sa|sas|bv|srl|co|corp|plc)\b")


def similar_names(one: str, other: str) -> bool:
    """Whether two names are the same but for case, punctuation, order of words, legal form or a typing slip."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    return first == second or SequenceMatcher(None, first, second).ratio() >= SIMILAR


def _words(name: str) -> str:
    plain = _LEGAL.sub(" ", _NOISE.sub(" ", name.casefold()))
    return " ".join(sorted(plain.split()))


@dataclass(frozen=True)
class Candidate:
    """A pair that a person must confirm."""

    remote_id: int
    remote_name: str
    obj: Any
    reason: str


@dataclass
class MatchPlan:
    """Pairs to link without asking, and pairs to confirm."""

    links: list[tuple[int, Any]] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


def unbound_objects(connection: Connection, noun: NounMap) -> list[Any]:
    """Objects of this noun that have no Odoo record, archived included. One query."""
    bound = Binding.objects.filter(
        connection=connection,
        remote_model=noun.remote_model,
        object_uuid=OuterRef("uuid"),
        remote_id__isnull=False,
    )
    rows = noun.model._default_manager.filter(~Exists(bound))
    if noun.label == "crm.Contact":
        rows = rows.filter(moved_to=None)
    return list(rows.order_by("pk"))


def plan(session: Session, model_map: ModelMap, domain: Sequence[Any]) -> MatchPlan:
    """Compare all unbound objects here with all records in Odoo. No write on either side.

    Costs one read of four fields of every record in Odoo, and nothing when all objects here are bound already.
    """
    here = [(noun, obj) for noun in model_map.nouns for obj in unbound_objects(session.connection, noun)]
    if not here:
        return MatchPlan()
    rows = session.page(model_map, domain, only=("name", "email", "vat", "is_company", "type"))
    bound = set(
        Binding.objects.filter(
            connection=session.connection, remote_model=model_map.remote_model, remote_id__isnull=False
        ).values_list("remote_id", flat=True)
    )
    return pair(model_map, here, [row for row in rows if row["id"] not in bound])


def pair(model_map: ModelMap, here: Iterable[tuple[NounMap, Any]], rows: Sequence[Row]) -> MatchPlan:
    """Pair objects and raw rows. Linked: unique on both sides, of one kind, by VAT, or by e-mail *and* similar name.

    E-mail alone or name alone goes to the list to confirm.
    """
    by: dict[str, dict[tuple[str, str], list[Row]]] = {key: defaultdict(list) for key in ("vat", "email", "name")}
    for row in rows:
        label = model_map.noun_of(row).label
        for key in ("vat", "email", "name"):
            if value := _key(key, row.get(key)):
                by[key][label, value].append(row)
    here = list(here)
    counts = {
        key: Counter((noun.label, _key(key, getattr(obj, key, ""))) for noun, obj in here)
        for key in ("vat", "email", "name")
    }
    found = MatchPlan()
    taken: set[int] = set()
    for noun, obj in here:
        match, doubts = _best(noun, obj, by, counts)
        if match is not None and match["id"] not in taken:
            taken.add(match["id"])
            found.links.append((match["id"], obj))
        else:
            found.candidates += [Candidate(row["id"], row.get("name") or "", obj, why) for row, why in doubts]
    found.candidates = [one for one in found.candidates if one.remote_id not in taken]
    return found


def _key(key: str, value: Any) -> str:
    text = str(value or "").strip().casefold()
    return _words(text) if key == "name" else text.replace(" ", "")


def _best(
    noun: NounMap, obj: Any, by: Mapping[str, Mapping[tuple[str, str], list[Row]]], counts: Mapping[str, Counter[Any]]
) -> tuple[Row | None, list[tuple[Row, str]]]:
    doubts: dict[int, tuple[Row, str]] = {}
    for key in ("vat", "email", "name"):
        value = _key(key, getattr(obj, key, ""))
        if not value:
            continue
        rows = by[key].get((noun.label, value), [])
        unique = len(rows) == 1 and counts[key][noun.label, value] == 1
        if unique and (key == "vat" or (key == "email" and similar_names(rows[0].get("name") or "", obj.name))):
            return rows[0], []
        for row in rows[:5]:
            doubts.setdefault(row["id"], (row, {"vat": "same VAT", "email": "same e-mail", "name": "same name"}[key]))
    return None, list(doubts.values())


def store(connection: Connection, model_map: ModelMap, found: MatchPlan) -> None:
    """Keep a plan: links become bindings without a base, candidates wait for a person and their objects are held."""
    for remote_id, obj in found.links:
        _binding(connection, model_map, obj, remote_id=remote_id, state=Binding.State.BOUND)
    MatchCandidate.objects.bulk_create(
        [
            MatchCandidate(
                connection=connection,
                remote_model=model_map.remote_model,
                remote_id=one.remote_id,
                remote_name=one.remote_name[:255],
                content_type=model_map.noun_for(one.obj._meta.label).content_type,
                object_uuid=one.obj.uuid,
                reason=one.reason,
            )
            for one in found.candidates
        ],
        ignore_conflicts=True,
    )
    for obj in {one.obj.uuid: one.obj for one in found.candidates}.values():
        _binding(connection, model_map, obj, remote_id=None, state=Binding.State.HELD)


def _binding(connection: Connection, model_map: ModelMap, obj: Any, *, remote_id: int | None, state: str) -> None:
    Binding.objects.update_or_create(
        connection=connection,
        remote_model=model_map.remote_model,
        object_uuid=obj.uuid,
        defaults={"remote_id": remote_id, "state": state},
        create_defaults={
            "remote_id": remote_id,
            "state": state,
            "content_type": model_map.noun_for(obj._meta.label).content_type,
            "external_name": external_name(model_map.remote_model, obj.uuid),
        },
    )


def twins(connection: Connection, model_map: ModelMap, rows: Sequence[Row]) -> list[tuple[Binding, int]]:
    """Records new in Odoo whose like was made here at the same time and is not sent yet: same e-mail, similar name.

    Unique on both sides, never sent, and not told apart by a person; one query per noun, none when no row has an
    e-mail. Locks the bindings.
    """
    emails = {_key("email", row.get("email")) for row in rows} - {""}
    if not emails:
        return []
    found: list[tuple[Binding, int]] = []
    for noun in model_map.nouns:
        candidates = list(
            noun.model._default_manager.annotate(folded=Lower("email")).filter(
                folded__in=emails,
                uuid__in=Binding.objects.filter(
                    connection=connection,
                    remote_model=model_map.remote_model,
                    remote_id=None,
                    state=Binding.State.PENDING,
                ).values("object_uuid"),
            )
        )
        if not candidates:
            continue
        same_kind = [row for row in rows if model_map.noun_of(row) is noun]
        matched: dict[uuid.UUID, int] = {
            obj.uuid: remote_id for remote_id, obj in pair(model_map, [(noun, c) for c in candidates], same_kind).links
        }
        strangers = set(
            MatchCandidate.objects.filter(
                connection=connection, object_uuid__in=matched, status=MatchCandidate.Status.DIFFERENT
            ).values_list("object_uuid", "remote_id")
        )
        locked = Binding.objects.select_for_update().filter(
            connection=connection, remote_model=model_map.remote_model, object_uuid__in=matched, remote_id=None
        )
        pairs = [(binding, matched[binding.object_uuid]) for binding in locked.order_by("pk")]
        found += [one for one in pairs if (one[0].object_uuid, one[1]) not in strangers]
    return found

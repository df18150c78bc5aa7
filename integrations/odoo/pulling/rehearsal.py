"""The rehearsal: what a sync would do, with no write on either side (rule 12)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, MatchCandidate, OutboxMessage
from integrations.odoo.applying import matching
from integrations.odoo.applying.beside import load_beside
from integrations.odoo.mappers import ModelMap
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.merge import Rules, merge
from integrations.odoo.pulling.pages import pages
from integrations.odoo.pulling.pull import scope
from integrations.odoo.wire.session import Session

SHOWN = 20


@dataclass
class ModelRehearsal:
    """One model: how many records would be made, changed, linked, confirmed, sent; and the lists themselves."""

    remote_model: str
    counts: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    conflicts: list[str] = field(default_factory=list)


@dataclass
class Rehearsal:
    """What a sync would do, model by model."""

    models: list[ModelRehearsal] = field(default_factory=list)

    def tell(self, write: Callable[[str], Any]) -> None:
        """Say it, line by line."""
        write("Rehearsal: nothing is written, neither here nor in Odoo.")
        for one in self.models:
            counts = one.counts
            write(
                f"{one.remote_model}: {counts['created']} to make here, {counts['changed']} to change here, "
                f"{counts['unchanged']} equal, {counts['linked']} to link, {counts['candidates']} to confirm, "
                f"{counts['conflicts']} conflicts, {counts['to_send']} to send to Odoo."
            )
            for title, lines in (
                ("Linked without asking", one.links),
                ("To be confirmed", one.candidates),
                ("Conflicts", one.conflicts),
            ):
                for line in lines[:SHOWN]:
                    write(f"  {title}: {line}")
                if len(lines) > SHOWN:
                    write(f"  … and {len(lines) - SHOWN} more")


def rehearse(session: Session) -> Rehearsal:
    """Read everything and compare. As many reads as the real sync; no write on either side."""
    return Rehearsal([_rehearse_model(session, model_map) for model_map in session.maps.two_way])


def _rehearse_model(session: Session, model_map: ModelMap) -> ModelRehearsal:
    found = ModelRehearsal(model_map.remote_model)
    domain = scope(session.connection, model_map)
    linked = _matches(session, model_map, domain, found)
    refs = RefIndex(session.connection)
    rules = Rules.read(session.connection.field_rules)
    for rows in pages(session, model_map, domain):
        _rehearse_page(session, model_map, rows, refs, rules, linked, found)
    waiting = Q(connection=session.connection, remote_model=model_map.remote_model)
    found.counts["to_send"] = OutboxMessage.objects.filter(waiting, status=OutboxMessage.Status.WAITING).count()
    return found


def _matches(session: Session, model_map: ModelMap, domain: Sequence[Any], found: ModelRehearsal) -> dict[int, Any]:
    if model_map.remote_model != "res.partner":
        return {}
    plan = matching.plan(session, model_map, domain)
    found.links = [f"{obj} ↔ Odoo record {remote_id}" for remote_id, obj in plan.links]
    found.candidates = [
        f"{one.obj} ↔ {one.remote_name} (Odoo record {one.remote_id}): {one.reason}" for one in plan.candidates
    ]
    found.doubtful = {one.remote_id for one in plan.candidates}
    found.counts["linked"] = len(plan.links)
    found.counts["candidates"] = len(plan.candidates)
    return dict(plan.links)


def _rehearse_page(
    session: Session,
    model_map: ModelMap,
    rows: Sequence[dict[str, Any]],
    refs: RefIndex,
    rules: Rules,
    linked: dict[int, Any],
    found: ModelRehearsal,
) -> None:
    ids = [row["id"] for row in rows]
    bindings = {
        binding.remote_id: binding
        for binding in Binding.objects.filter(
            connection=session.connection, remote_model=model_map.remote_model, remote_id__in=ids
        )
    }
    held = set(
        MatchCandidate.objects.filter(
            connection=session.connection,
            remote_model=model_map.remote_model,
            remote_id__in=ids,
            status=MatchCandidate.Status.OPEN,
        ).values_list("remote_id", flat=True)
    )
    objects = objects_of(bindings.values())
    for noun in model_map.nouns:
        mine = [row for row in rows if model_map.noun_of(row) is noun]
        refs.gather(noun, mine)
        pairs = []
        for row in mine:
            binding = bindings.get(row["id"])
            obj = objects.get(binding.object_uuid) if binding else linked.get(row["id"])
            if obj is None and row["id"] in found.doubtful:
                continue  # counted with the lists: it is held, not made
            if obj is None:
                found.counts["candidates" if row["id"] in held else "created"] += 1
            elif obj._meta.label == noun.label:
                pairs.append((row, binding.base if binding else {}, obj))
            else:
                found.counts["changed"] += 1
        load_beside(noun, [obj for _row, _base, obj in pairs])
        for row, base, obj in pairs:
            merged = merge(noun, obj, base, row, refs, rules, clock_offset=session.clock_offset)
            found.counts["changed" if merged.changes else "unchanged"] += 1
            found.counts["conflicts"] += len(merged.clashes)
            found.conflicts += [
                f"{obj}: {clash.field.remote} is “{clash.here}” here and “{clash.odoo}” in Odoo; "
                + (f"{clash.winner} wins" if clash.winner else "a person decides")
                for clash in merged.clashes
            ]

"""Which of our stages stands for which stage of Odoo: found at the first sync, changed by a person.

Name, order and standing of a stage are Odoo's, its probability, its key and its uuid ours. Who chooses another of our
stages exchanges what is ours of the two rows, and their bindings with them: deals, their history, what both sides have
agreed on and all that waits go by the row, so that not one of them is touched, and nothing is left to send or to read.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils.translation import gettext as _

from crm.models import Opportunity, Stage
from integrations import eventlog
from integrations.models import Binding, Connection, external_name
from integrations.models.collisions import decision
from integrations.odoo.settling.conflicts import stamp_of

MODEL = "crm.stage"
OURS = ("uuid", "key", "probability")
Chosen = Mapping[int, uuid.UUID]


@dataclass(frozen=True)
class Line:
    """A stage of Odoo as last read, by the row that stands for it here. `deals`: how many open ones are in it."""

    remote_id: int
    stage: Stage
    deals: int


@dataclass(frozen=True)
class Change:
    """What a choice would change: `after` stands for the stage of Odoo in place of the line's own."""

    line: Line
    after: Stage


def lines(connection: Connection) -> list[Line]:
    """Odoo's stages in their order. Three queries."""
    bound = dict(
        Binding.objects.filter(connection=connection, remote_model=MODEL, remote_id__isnull=False).values_list(
            "object_uuid", "remote_id"
        )
    )
    found = Stage.objects.filter(uuid__in=bound)
    deals = dict(
        Opportunity.objects.filter(stage__in=found, lost_at=None, archived_at=None)
        .order_by()
        .values_list("stage")
        .annotate(n=Count("id"))
    )
    return [Line(bound[stage.uuid] or 0, stage, deals.get(stage.pk, 0)) for stage in found]


def offered() -> list[Stage]:
    """Our stages that can stand for one of Odoo's, those no longer used last. One query."""
    return sorted(Stage.objects.filter(is_lost=False), key=lambda one: one.archived_at is not None)


def stamp(held: list[Line]) -> str:
    """Names an assignment: another one has another stamp."""
    return stamp_of([[line.remote_id, str(line.stage.uuid)] for line in held])


def changes(held: list[Line], chosen: Chosen) -> list[Change]:
    """What this choice changes, in Odoo's order; a stage of Odoo that is not named keeps its own. Two queries.

    Raises ValidationError by Odoo's id, as text, with a sentence each.
    """
    ours = {stage.uuid: stage for stage in Stage.objects.all()}
    unbound = set(ours) - {line.stage.uuid for line in held}
    full = set(
        Opportunity.objects.filter(stage__uuid__in=unbound & set(chosen.values()), lost_at=None)
        .order_by()
        .values_list("stage__uuid", flat=True)
        .distinct()
    )
    wanted = {line.remote_id: chosen.get(line.remote_id, line.stage.uuid) for line in held}
    errors: dict[str, Any] = {}
    taken: set[uuid.UUID] = set()
    found: list[Change] = []
    for line in held:
        after = ours.get(wanted[line.remote_id])
        if sentence := _wrong(line, after, taken, full):
            errors[str(line.remote_id)] = sentence
        elif after is not None and after.pk != line.stage.pk:
            found.append(Change(line, after))
        taken.add(wanted[line.remote_id])
    if chosen.keys() - wanted.keys():
        raise ValidationError(_("Odoo has no such stage. Look again."))
    if errors:
        raise ValidationError(errors)
    return found


def _wrong(line: Line, after: Stage | None, taken: set[uuid.UUID], full: set[uuid.UUID]) -> str:
    if after is None:
        return _("There is no such stage here.")
    if after.is_lost:
        return _("“%(stage)s” is our lost stage: Odoo has none.") % {"stage": after}
    if after.uuid in full:
        words = _("“%(stage)s” stands for none of Odoo's stages and has deals in it. Move them to another stage first.")
        return words % {"stage": after}
    if after.is_won != line.stage.is_won:
        words = _("“%(stage)s” is a won stage, and this one of Odoo is not.")
        if line.stage.is_won:
            words = _("This stage of Odoo is a won one, and “%(stage)s” is not.")
        return words % {"stage": after}
    return _("“%(stage)s” stands for another stage of Odoo already.") % {"stage": after} if after.uuid in taken else ""


@decision
def keep(connection: Connection, chosen: Chosen, *, actor: Any, seen: str) -> int:
    """Let these stages stand for Odoo's from now on; returns for how many that is a change. No deal is written.

    One short transaction, some two queries per changed stage. `seen` is the stamp of what the person had before them.
    Raises ValidationError, by Odoo's id where one is wrong, and when the assignment is another one now.
    """
    rows = {stage.pk: stage for stage in Stage.objects.select_for_update().order_by("pk")}
    held = lines(connection)
    if seen != stamp(held):
        raise ValidationError(_("Somebody else has changed the stages since you opened this page. Look again."))
    found = changes(held, chosen)
    if not found:
        return 0
    _exchange(rows, {change.line.stage.pk: change.after.pk for change in found})
    words = _("User %(number)s chose other stages for %(count)d of Odoo's.")
    eventlog.note(connection, "stages changed", words % {"number": getattr(actor, "pk", "–"), "count": len(found)})
    return len(found)


def _exchange(rows: Mapping[int, Stage], sources: Mapping[int, int]) -> None:
    """Give each row what is ours of another one, by primary keys, and what is left over to the rows that gave and got
    nothing. Both uuids and bindings are unique at every moment, so that they go by way of new ones."""
    givers = [pk for pk in sources.values() if pk not in sources]
    left = [pk for pk in sources if pk not in sources.values()]
    whole = {**sources, **dict(zip(givers, left, strict=True))}
    ours = {pk: {name: getattr(rows[pk], name) for name in OURS} for pk in whole}
    moved = {ours[pk]["uuid"]: ours[source]["uuid"] for pk, source in whole.items()}
    bindings = list(
        Binding.objects.select_for_update().filter(remote_model=MODEL, object_uuid__in=moved).order_by("pk")
    )
    after = {binding.pk: moved[binding.object_uuid] for binding in bindings}
    for stage in (rows[pk] for pk in whole):
        stage.uuid = uuid.uuid4()
        stage.save(update_fields=["uuid"])
    for binding in bindings:
        binding.object_uuid = uuid.uuid4()
        binding.save(update_fields=["object_uuid"])
    for pk, source in whole.items():
        for name, value in ours[source].items():
            setattr(rows[pk], name, value)
        rows[pk].save(update_fields=list(OURS))
    for binding in bindings:
        binding.object_uuid = after[binding.pk]
        binding.external_name = external_name(MODEL, binding.object_uuid)
        binding.save(update_fields=["object_uuid", "external_name"])

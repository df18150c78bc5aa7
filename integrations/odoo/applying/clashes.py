"""Keeping what clashed: one row per clash that a rule decided, one open row per field that a person is asked about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from integrations.models import Conflict, Connection
from integrations.odoo.applying.build import moment
from integrations.odoo.applying.report import Applied
from integrations.odoo.merge import Clash

Open = dict[tuple[uuid.UUID, str], Conflict]


def open_questions(connection: Connection, remote_model: str, uuids: Iterable[uuid.UUID]) -> Open:
    """What a person is asked about these objects, by object and field. One query."""
    found = Conflict.objects.filter(
        connection=connection,
        remote_model=remote_model,
        status=Conflict.Status.OPEN,
        object_uuid__in=list(uuids),
    )
    return {(one.object_uuid, one.field): one for one in found}


def keep(connection: Connection, applied: Sequence[Applied], questions: Open, now: datetime) -> int:
    """Write the clashes of a chunk; returns how many are new. One statement when nothing was asked before.

    A question that is open already gets the values as they stand now; one that both sides have answered themselves,
    by agreeing or by taking an edit back, is closed.
    """
    rows: list[Conflict] = []
    for one in applied:
        clashing = {clash.field.remote: clash for clash in one.merged.clashes}
        for clash in clashing.values():
            held = questions.get((one.obj.uuid, clash.field.remote))
            if held is None:
                rows.append(_row(connection, one, clash, now))
            else:
                _bring_up_to_date(held, one, clash, now)
        for (object_uuid, field), held in questions.items():
            if object_uuid == one.obj.uuid and field in one.noun.by_remote and field not in clashing:
                held.status, held.settled_at = Conflict.Status.BY_RULE, now
                held.save(update_fields=["status", "settled_at"])
    Conflict.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(connection: Connection, one: Applied, clash: Clash, now: datetime) -> Conflict:
    return Conflict(
        connection=connection,
        binding=one.binding,
        content_type=one.noun.content_type,
        object_uuid=one.obj.uuid,
        remote_model=one.noun.remote_model,
        remote_id=one.row["id"],
        field=clash.field.remote,
        base=clash.base,
        rule=clash.rule,
        **_values(one, clash, now),
    )


def _values(one: Applied, clash: Clash, now: datetime) -> dict[str, Any]:
    return {
        "here": clash.here,
        "odoo": clash.odoo,
        "remote": clash.remote,
        "here_at": clash.edited_at,
        "here_by_id": clash.edited_by,
        "later_here": clash.later_here,
        "winner": clash.winner,
        "status": Conflict.Status.BY_RULE if clash.winner else Conflict.Status.OPEN,
        "settled_at": now if clash.winner else None,
        "remote_write_date": moment(one.row["write_date"]),
        "remote_write_uid": one.row.get("write_uid") or None,
    }


def _bring_up_to_date(held: Conflict, one: Applied, clash: Clash, now: datetime) -> None:
    changed = {name: value for name, value in _values(one, clash, now).items() if getattr(held, name) != value}
    for name, value in changed.items():
        setattr(held, name, value)
    if changed:
        held.save(update_fields=list(changed))

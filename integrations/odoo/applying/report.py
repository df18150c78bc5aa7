"""What applying a chunk of Odoo's records did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.models import Binding, InboxMessage
from integrations.odoo.mappers import NounMap
from integrations.odoo.mappers.kinds import Json
from integrations.odoo.merge import Merged

Row = Mapping[str, Any]
COUNTED = ("created", "updated", "unchanged", "conflicts", "held", "left_out")


@dataclass
class Applied:
    """One record after the merge. `before`: by Odoo field, the values here that the merge has changed."""

    row: Row
    binding: Binding
    obj: Any
    noun: NounMap
    merged: Merged
    created: bool = False
    before: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """A record of Odoo that was not kept, and why, for people. `ours`: the fault is Tandem's, not the record's."""

    remote_id: int
    sentence: str
    ours: bool = False


@dataclass
class Report:
    """What a chunk did. `left_out`: asked for, and gone meanwhile.

    `overtaken`: Odoo ids of rows that another worker was faster with; what stands there now must be read again.
    """

    applied: list[Applied] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    overtaken: list[int] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    conflicts: int = 0
    held: int = 0
    left_out: int = 0

    def add(self, other: Report) -> None:
        """Add another chunk's figures."""
        self.applied += other.applied
        self.refused += other.refused
        self.overtaken += other.overtaken
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def counts(self) -> dict[str, int]:
        """The figures by name."""
        return {**{name: getattr(self, name) for name in COUNTED}, "refused": len(self.refused)}


def park(connection_id: int, remote_model: str, remote_id: int, sentence: str, *, run_id: int | None = None) -> None:
    """Keep a record of Odoo that cannot be kept here, for a person; once per record. `run_id`: the run that met it."""
    waiting = InboxMessage.objects.filter(
        connection_id=connection_id,
        remote_model=remote_model,
        remote_id=remote_id,
        status=InboxMessage.Status.PARKED,
    )
    if not waiting.update(explanation=sentence, run=run_id):
        InboxMessage.objects.create(
            connection_id=connection_id,
            remote_model=remote_model,
            remote_id=remote_id,
            status=InboxMessage.Status.PARKED,
            explanation=sentence,
            run_id=run_id,
        )

"""A bulk edit is a run: what stood in the records before is kept, so that it can be undone later (rule 14).

What the edit does itself is the CRM's business; it tells here what it is about to change, and what it has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from crm.models import Record, User
from integrations.mailbox.runs import image, keep_images
from integrations.models import Binding, Connection, SyncRun
from integrations.odoo.applying.tagging import load_tags
from integrations.odoo.mappers import NounMap, maps_of
from integrations.odoo.mappers.kinds import Json

Values = dict[str, Json]


class EditBook:
    """Keeps the run of one edit of many records of a noun; see crm.registry.EditBook."""

    def __init__(self, connection: Connection, noun: NounMap, actor: User) -> None:
        self.noun = noun
        self.was: dict[UUID, Values] = {}
        now = timezone.now()
        self.run = SyncRun(
            connection=connection,
            kind=SyncRun.Kind.EDIT,
            remote_model=noun.remote_model,
            asked_by=actor,
            started_at=now,
            finished_at=now,  # it stands for what was committed, chunk by chunk: there is nothing to end
        )

    def look(self, rows: Sequence[Record]) -> None:
        """Note what stands in these rows. One query for tags."""
        self.was = self._values(rows)

    def keep(self, changed: Sequence[Record], *, same: int, refused: int) -> None:
        """Write down what became of the rows looked at last, in the transaction of the edit. Some five queries."""
        run = self.run
        run.total += len(changed) + same + refused
        run.sent, run.skipped, run.failed = run.sent + len(changed), run.skipped + same, run.failed + refused
        run.finished_at = timezone.now()
        run.save()
        mine = Binding.objects.filter(connection_id=run.connection_id, remote_model=run.remote_model)
        ids = dict(mine.filter(object_uuid__in=[row.uuid for row in changed]).values_list("object_uuid", "remote_id"))
        now = self._values(changed)
        keep_images(
            [
                image(
                    run.pk,
                    content_type_id=self.noun.content_type.pk,
                    object_uuid=row.uuid,
                    remote_model=run.remote_model,
                    remote_id=ids.get(row.uuid),
                    fields=self._pairs(self.was[row.uuid], now[row.uuid]),
                )
                for row in changed
            ]
        )

    def _values(self, rows: Sequence[Record]) -> dict[UUID, Values]:
        if self.noun.tag_field and rows:
            load_tags(self.noun, rows)
        return {row.uuid: {one.remote: one.read(row) for one in self.noun.fields} for row in rows}

    def _pairs(self, was: Mapping[str, Json], now: Mapping[str, Json]) -> dict[str, list[Json]]:
        return {
            name: [was[name], now[name]]
            for name, one in self.noun.by_remote.items()
            if not one.same(was[name], now[name])
        }


def book_for(model: type[Record], actor: User) -> EditBook | None:
    """The book of an edit that begins; None where Odoo does not know the noun, or there is no connection."""
    connection = Connection.live()
    if connection is None:
        return None
    for model_map in maps_of(connection).two_way:
        for noun in model_map.nouns:
            if noun.model is model:
                return EditBook(connection, noun, actor)
    return None

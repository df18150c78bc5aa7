"""One call is one transaction: its changes lie over the committed rows until commit.

Rows are never changed in place, so an answer can be serialised after the lock is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from .fields import Row
from .storage import Database

_ABSENT = object()


def stamp(moment: datetime | None = None) -> str:
    """Return a moment in UTC with microseconds, as Odoo stores it."""
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S.%f")


class Transaction:
    """Changes on top of the committed state. ``now`` is its start: the write_date of all it writes."""

    def __init__(self, database: Database, now: str | None = None) -> None:
        self.database = database
        self.now = now or stamp()
        self.began = database.commit_number
        self.changes: dict[str, dict[int, Row | None]] = {}
        self.events: list[tuple[str, str, int, frozenset[str]]] = []
        self._undo: list[tuple[str, int, Any]] = []

    def get(self, model: str, record_id: int) -> Row | None:
        """Return the row as this transaction sees it, or None."""
        changed = self.changes.get(model)
        if changed and record_id in changed:
            return changed[record_id]
        return self.database.table(model).rows.get(record_id)

    def put(self, model: str, row: Row) -> None:
        """Store a new version of a row."""
        self._change(model, row["id"], row)

    def delete(self, model: str, record_id: int) -> None:
        """Remove a row."""
        self._change(model, record_id, None)

    def _change(self, model: str, record_id: int, row: Row | None) -> None:
        changed = self.changes.setdefault(model, {})
        self._undo.append((model, record_id, changed.get(record_id, _ABSENT)))
        changed[record_id] = row

    def mark(self) -> tuple[int, int]:
        """Return a savepoint for ``rollback_to``."""
        return len(self._undo), len(self.events)

    def rollback_to(self, mark: tuple[int, int]) -> None:
        """Take back everything since the savepoint."""
        while len(self._undo) > mark[0]:
            model, record_id, before = self._undo.pop()
            if before is _ABSENT:
                del self.changes[model][record_id]
            else:
                self.changes[model][record_id] = before
        del self.events[mark[1] :]

    def rows(self, model: str) -> Iterator[Row]:
        """Yield all rows of a model."""
        committed = self.database.table(model).rows
        changed = self.changes.get(model)
        if not changed:
            yield from committed.values()
            return
        for record_id, row in committed.items():
            if record_id not in changed:
                yield row
        yield from (row for row in changed.values() if row is not None)

    def some(self, model: str, ids: Iterable[int]) -> Iterator[Row]:
        """Yield the rows with these ids that exist, in the order asked."""
        for record_id in ids:
            row = self.get(model, record_id)
            if row is not None:
                yield row

    def by(self, model: str, name: str, values: Iterable[Any]) -> list[Row]:
        """Return rows whose indexed field has one of the values, by id."""
        index = self.database.table(model).indexes[name]
        wanted = set(values)
        ids = {record_id for value in wanted for record_id in index.get(value, ())}
        changed = self.changes.get(model, {})
        found = {row["id"]: row for row in self.some(model, ids) if row.get(name) in wanted}
        found.update((row["id"], row) for row in changed.values() if row is not None and row.get(name) in wanted)
        return [found[record_id] for record_id in sorted(found)]

    def since(self, model: str, moment: str) -> list[Row]:
        """Return rows with a write_date at or after the moment."""
        table = self.database.table(model)
        changed = self.changes.get(model, {})
        ids = [record_id for record_id in table.stamps.since(moment, table.rows) if record_id not in changed]
        found = list(self.some(model, ids))
        found.extend(row for row in changed.values() if row is not None and row["write_date"] >= moment)
        return found

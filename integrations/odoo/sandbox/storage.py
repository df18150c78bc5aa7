"""Where the records live: dicts in memory for speed, a SQLite file behind them for the next start.

An acknowledged commit is in the file (WAL) before the caller hears of it, so ``kill -9`` loses nothing.
"""

from __future__ import annotations

import gc
import sqlite3
import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from .errors import DatabaseError, SerializationConflict
from .fields import Row

if TYPE_CHECKING:
    from .transaction import Transaction

# Reverse look-ups that would otherwise scan a table: children of a company, leads of a partner, and so on.
INDEXED: dict[str, tuple[str, ...]] = {
    "res.partner": ("parent_id", "email"),
    "crm.lead": ("partner_id",),
    "mail.message": ("res_id",),
    "mail.activity": ("res_id",),
    "mail.notification": ("res_partner_id", "mail_message_id"),
    "ir.model.data": ("res_id", "complete_name"),
}
LOCK_TIMEOUT = 120.0


class WriteDates:
    """Ids sorted by write_date. Entries that a later write made stale are skipped on reading."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, int]] = []

    def add(self, stamp: str, record_id: int) -> None:
        """Remember that this record was written at this time; usually an append."""
        entry = (stamp, record_id)
        if not self._entries or entry >= self._entries[-1]:
            self._entries.append(entry)
        else:
            insort(self._entries, entry)

    def since(self, stamp: str, rows: dict[int, Row]) -> list[int]:
        """Return ids whose present write_date is at or after ``stamp``, each once."""
        if len(self._entries) > 2 * len(rows) + 1000:
            self._entries = sorted((row["write_date"], row["id"]) for row in rows.values())
        start = bisect_left(self._entries, (stamp, 0))
        found = [
            record_id
            for entry_stamp, record_id in self._entries[start:]
            if record_id in rows and rows[record_id]["write_date"] == entry_stamp
        ]
        return list(dict.fromkeys(found))


class Table:
    """All committed rows of one model."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.rows: dict[int, Row] = {}
        self.versions: dict[int, int] = {}
        self.last_id = 0
        self.stamps = WriteDates()
        self.indexes: dict[str, dict[Any, set[int]]] = {name: defaultdict(set) for name in INDEXED.get(model, ())}

    def put(self, record_id: int, row: Row | None) -> None:
        """Store or remove one committed row and keep the indexes right."""
        old = self.rows.get(record_id)
        for name, index in self.indexes.items():
            before = old.get(name) if old else None
            after = row.get(name) if row else None
            if before == after:
                continue
            if before is not None:
                index[before].discard(record_id)
            if after is not None:
                index[after].add(record_id)
        if row is None:
            self.rows.pop(record_id, None)
            return
        self.rows[record_id] = row
        self.last_id = max(self.last_id, record_id)
        if old is None or old["write_date"] != row["write_date"]:
            self.stamps.add(row["write_date"], record_id)


class Database:
    """The committed state of one sandbox, and its file.

    ``lock`` is held while a call computes and while it commits, never while it sleeps or sends a webhook.
    """

    def __init__(self, path: Path | None) -> None:
        self.lock = threading.RLock()
        self.released = threading.Condition(self.lock)
        self.tables: dict[str, Table] = {}
        self.meta: dict[str, Any] = {}
        self.commit_number = 0
        self.held: dict[tuple[str, int], Transaction] = {}
        self._file = sqlite3.connect(path if path else ":memory:", check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS record (model TEXT, id INTEGER, data BLOB,"
            " PRIMARY KEY (model, id)) WITHOUT ROWID"
        )
        self._file.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, data BLOB)")
        self._load()

    def _load(self) -> None:
        for name, data in self._file.execute("SELECT name, data FROM meta"):
            self.meta[name] = orjson.loads(data)
        # Rows hold no cycles: without the collector's search a large sandbox opens several times as fast.
        gc.disable()
        for model, record_id, data in self._file.execute("SELECT model, id, data FROM record ORDER BY 1, 2"):
            self.table(model).put(record_id, orjson.loads(data))
        gc.freeze()
        gc.enable()
        for model, last_id in self.meta.get("last_ids", {}).items():
            self.table(model).last_id = max(last_id, self.table(model).last_id)

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever stored here."""
        return not self.tables

    def table(self, model: str) -> Table:
        """Return the table of a model, made when missing."""
        if model not in self.tables:
            self.tables[model] = Table(model)
        return self.tables[model]

    def next_id(self, model: str) -> int:
        """Return a fresh id; ids are never used twice, not even after a rollback."""
        table = self.table(model)
        table.last_id += 1
        return table.last_id

    def set_meta(self, name: str, value: Any) -> None:
        """Keep one value beside the records."""
        with self.lock:
            self.meta[name] = value
            self._file.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, orjson.dumps(value)))

    def commit(self, transaction: Transaction) -> None:
        """Make the changes of a transaction everybody's.

        Raises ``SerializationConflict`` if a row was committed by another since this one began, and
        also when an external id is taken meanwhile. Waits for rows held by another transaction.
        """
        with self.lock:
            keys = [(model, record_id) for model, rows in transaction.changes.items() for record_id in rows]
            if self.held and not self.released.wait_for(
                lambda: not self._blocked(keys, transaction), timeout=LOCK_TIMEOUT
            ):
                raise DatabaseError("psycopg2.errors.LockNotAvailable", "canceling statement due to time-out")
            self._check(transaction)
            self._apply(transaction)
            self._release(transaction)

    def hold(self, transaction: Transaction) -> None:
        """Lock the rows of an open transaction until it commits or rolls back."""
        with self.lock:
            for model, rows in transaction.changes.items():
                for record_id in rows:
                    self.held[model, record_id] = transaction

    def rollback(self, transaction: Transaction) -> None:
        """Forget an open transaction and let go of its rows."""
        with self.lock:
            self._release(transaction)

    def _blocked(self, keys: Iterable[tuple[str, int]], transaction: Transaction) -> bool:
        return any(self.held.get(key, transaction) is not transaction for key in keys)

    def _release(self, transaction: Transaction) -> None:
        for key in [key for key, owner in self.held.items() if owner is transaction]:
            del self.held[key]
        self.released.notify_all()

    def _check(self, transaction: Transaction) -> None:
        for model, rows in transaction.changes.items():
            versions = self.table(model).versions
            if any(versions.get(record_id, 0) > transaction.began for record_id in rows):
                raise SerializationConflict(model)
        names = self.table("ir.model.data").indexes["complete_name"]
        for record_id, row in transaction.changes.get("ir.model.data", {}).items():
            if row and names.get(row["complete_name"], set()) - {record_id}:
                raise SerializationConflict("ir.model.data")

    def _apply(self, transaction: Transaction) -> None:
        self.commit_number += 1
        upserts = []
        deletes = []
        for model, rows in transaction.changes.items():
            table = self.table(model)
            for record_id, row in rows.items():
                table.versions[record_id] = self.commit_number
                table.put(record_id, row)
                if row is None:
                    deletes.append((model, record_id))
                else:
                    upserts.append((model, record_id, orjson.dumps(row)))
        self._write(upserts, deletes)

    def _write(self, upserts: list[tuple[str, int, bytes]], deletes: list[tuple[str, int]]) -> None:
        last_ids = {model: table.last_id for model, table in self.tables.items()}
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", upserts)
        self._file.executemany("DELETE FROM record WHERE model = ? AND id = ?", deletes)
        self._file.execute("INSERT OR REPLACE INTO meta VALUES ('last_ids', ?)", (orjson.dumps(last_ids),))
        self._file.execute("COMMIT")

    def clear(self) -> None:
        """Throw every record away; ids start again."""
        with self.lock:
            self.tables.clear()
            self.meta.clear()
            self.held.clear()
            self.commit_number += 1
            self._file.execute("DELETE FROM record")
            self._file.execute("DELETE FROM meta")

    def rows(self, model: str) -> Iterator[Row]:
        """Yield committed rows; hold the lock while reading."""
        yield from self.table(model).rows.values()

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._file.close()

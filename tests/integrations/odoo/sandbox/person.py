"""A user of an in-process sandbox, for tests of behaviour that need no wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integrations.odoo.sandbox.base_data import install
from integrations.odoo.sandbox.engine import Engine

QUIET = {"tracking_disable": True, "active_test": False, "tz": "UTC"}


@dataclass(frozen=True, slots=True)
class Person:
    """Calls methods of one engine as one user."""

    engine: Engine
    uid: int

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        return self.engine.call(self.uid, model, method, list(args), kwargs)

    def make(self, model: str, **values: Any) -> int:
        return int(self.call(model, "create", values, context=dict(QUIET)))

    def write(self, model: str, record_id: int, **values: Any) -> None:
        self.call(model, "write", [record_id], values, context=dict(QUIET))

    def load(self, model: str, columns: list[str], *rows: list[str], **context: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.call(model, "load", columns, list(rows), context={**QUIET, **context})
        return answer

    def read(self, model: str, record_id: int, *names: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.call(model, "read", [record_id], list(names), load="")[0]
        return answer

    def stamp(self, model: str, record_id: int) -> str:
        """Return the stored write_date with its microseconds."""
        return str(self.engine.database.table(model).rows[record_id]["write_date"])

    def exists(self, model: str, record_id: int) -> bool:
        return bool(self.call(model, "read", [record_id], ["id"]))


def new_engine(series: int) -> Engine:
    """Return a fresh sandbox in memory with its base data."""
    engine = Engine(series=series)
    install(engine)
    return engine


def integration(engine: Engine) -> Person:
    """Return the integration user."""
    return Person(engine, 5 if engine.series >= 19 else 6)


def administrator(engine: Engine) -> Person:
    """Return the administrator, who stands for people in Odoo."""
    return Person(engine, 2)

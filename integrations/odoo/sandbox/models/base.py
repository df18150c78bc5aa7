"""A model: its fields for one series, and everything every model can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from .. import access
from ..fields import Field, Row, char, many2one
from .grouping import read_group
from .loading import load_rows
from .rpc import on_model
from .writing import Writing

if TYPE_CHECKING:
    from ..env import Env


class BaseModel(Writing):
    """One model of one series. Subclasses name it, list its fields and override hooks."""

    name: str = ""
    label: str = ""
    labels: ClassVar[dict[int, str]] = {}
    order: str = "id"
    rec_name: str = "name"
    columns: ClassVar[tuple[Field, ...]] = ()
    since: ClassVar[int] = 0
    until: ClassVar[int] = 99

    def __init__(self, series: int) -> None:
        self.series = series
        self.label = self.labels.get(series, self.label)
        self.fields = {own.name: own for own in (*self._standard(), *self.columns) if own.since <= series <= own.until}

    def _standard(self) -> Iterable[Field]:
        yield Field("id", "integer", "ID", readonly=True)
        yield char("display_name", "Display Name", readonly=True, store=False, compute=self.display)
        yield many2one("create_uid", "Created by", "res.users", readonly=True)
        yield Field("create_date", "datetime", "Created on", readonly=True)
        yield many2one("write_uid", "Last Updated by", "res.users", readonly=True)
        yield Field("write_date", "datetime", "Last Updated on", readonly=True)
        yield Field(
            "__last_update",
            "datetime",
            "Last Modified on",
            readonly=True,
            store=False,
            compute=lambda _env, row: row["write_date"][:19],
            until=16,
        )

    @on_model
    def load(self, env: Env, fields: list[str], data: list[list[Any]]) -> dict[str, Any]:
        """Create or update records from rows of strings; see ``loading``."""
        return load_rows(env, self, fields, data)

    @on_model
    def read_group(
        self,
        env: Env,
        domain: Any,
        fields: list[str],
        groupby: Any,
        offset: int = 0,
        limit: int | None = None,
        orderby: str | bool = False,
        lazy: bool = True,
    ) -> list[Row]:
        """Group and sum; see ``grouping``."""
        access.check(env, self, "read")
        names = [groupby] if isinstance(groupby, str) else list(groupby)
        groups = read_group(env, self, domain, fields, names, lazy=lazy)
        return groups[offset : offset + limit] if limit else groups[offset:]

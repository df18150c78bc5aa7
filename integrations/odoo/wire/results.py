"""What Odoo answers, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from integrations.errors import ValueRefused
from integrations.odoo.wire.classify import CONFLICT

_SERIES = re.compile(r"(?P<saas>saas[~-])?(?P<series>\d+)(?:\.(?P<minor>\d+))?")


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """`series`: 16, 18, 19 …; `minor`: 2 for "saas~18.2"; `text`: the server's words; `saas`: online-only."""

    series: int
    text: str
    saas: bool = False
    minor: int = 0
    enterprise: bool = False


def parse_version(text: Any, info: Any = None) -> ServerVersion | None:
    """Read "18.0", "18.0+e-20241005", "saas~18.2" or "saas-18.2"; else Odoo's `server_version_info`; else None."""
    words = str(text or "")
    found = _SERIES.match(words.strip())
    if found is None and isinstance(info, (list, tuple)) and info:
        words = ".".join(str(part) for part in info[:2])
        found = _SERIES.match(words)
    if found is None:
        return None
    return ServerVersion(
        series=int(found["series"]),
        text=words,
        saas=bool(found["saas"]),
        minor=int(found["minor"] or 0),
        enterprise="+e" in words,
    )


@dataclass(frozen=True, slots=True)
class LoadMessage:
    """One complaint of `load`. `record`: index of the row, None for nobody; `field`: column, None if not told."""

    record: int | None
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`ids`: database ids in the order of the rows, None when nothing was written; `messages`: why."""

    ids: tuple[int, ...] | None
    messages: tuple[LoadMessage, ...] = ()

    @property
    def serialization(self) -> bool:
        """Whether another transaction was first: start again at the read, the rows named beside it may be innocent."""
        return any(CONFLICT.search(message.message) for message in self.messages)


def check_load(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Raise ValueRefused for rows that Odoo would misread, see `OdooClient.load`."""
    if ".id" in columns and "id" in columns:
        raise ValueRefused("Rows by database id and rows by external id must not share a call.")
    key = columns.index(".id") if ".id" in columns else None
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise ValueRefused(f"Row {number} has {len(row)} cells for {len(columns)} columns.")
        for column, cell in zip(columns, row, strict=True):
            if not isinstance(cell, str):
                raise ValueRefused(f"Row {number}, column {column}: a cell must be text.", detail=type(cell).__name__)
        if key is not None and not (row[key].isascii() and row[key].isdigit() and int(row[key]) > 0):
            raise ValueRefused(f"Row {number} has no database id.")


def read_load_result(value: Any) -> LoadResult | None:
    """Read `load`'s answer: {"ids": [...] | false, "messages": [...]}; None when it is something else."""
    if not isinstance(value, dict) or "ids" not in value:
        return None
    raw = value["ids"]
    ids = tuple(int(number) for number in raw) if isinstance(raw, list) else None
    messages = tuple(_load_message(item) for item in value.get("messages") or () if isinstance(item, dict))
    if any(item.get("type") == "error" for item in value.get("messages") or () if isinstance(item, dict)):
        ids = None
    return LoadResult(ids, messages)


def _load_message(item: dict[str, Any]) -> LoadMessage:
    record, name = item.get("record"), item.get("field")
    return LoadMessage(
        record=record if isinstance(record, int) and not isinstance(record, bool) else None,
        field=name if isinstance(name, str) and name else None,
        message=str(item.get("message") or "").strip(),
    )


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field as Odoo describes it. `selection`: (value, label) pairs; `relation`: the model pointed to, "" if none."""

    type: str
    relation: str = ""
    required: bool = False
    readonly: bool = False
    store: bool = True
    selection: tuple[tuple[str, str], ...] = ()
    string: str = ""


def read_field_infos(value: Any) -> dict[str, FieldInfo]:
    """Read `fields_get`'s answer; attributes that an Odoo leaves out take their defaults."""
    if not isinstance(value, dict):
        return {}
    return {name: _field_info(raw) for name, raw in value.items() if isinstance(raw, dict)}


def _field_info(raw: dict[str, Any]) -> FieldInfo:
    pairs = raw.get("selection")
    return FieldInfo(
        type=str(raw.get("type") or ""),
        relation=str(raw.get("relation") or ""),
        required=bool(raw.get("required")),
        readonly=bool(raw.get("readonly")),
        store=bool(raw.get("store", True)),
        selection=tuple((str(pair[0]), str(pair[1])) for pair in pairs) if isinstance(pairs, list) else (),
        string=str(raw.get("string") or ""),
    )


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """Answer about an external id. "hidden": it exists, its record is not visible to us; `remote_id` when "found"."""

    status: Literal["found", "hidden", "missing"]
    model: str | None
    remote_id: int | None

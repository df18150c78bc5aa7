"""Marks for methods that may be called from outside, and the shape of what they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Recordset:
    """Records as an answer: ids from 19 on, before that the text ``mail.activity(42,)``."""

    model: str
    ids: tuple[int, ...]

    def __str__(self) -> str:
        listed = f"{self.ids[0]}," if len(self.ids) == 1 else ", ".join(map(str, self.ids))
        return f"{self.model}({listed})"


def on_model(method: F) -> F:
    """Expose a method that takes no record ids."""
    method.rpc_kind = "model"  # type: ignore[attr-defined]
    return method


def on_records(method: F) -> F:
    """Expose a method whose first argument is a list of record ids."""
    method.rpc_kind = "records"  # type: ignore[attr-defined]
    return method


def id_list(ids: Any) -> list[int]:
    """Return ids as a list: Odoo takes a bare id too."""
    if not ids:
        return []
    return [ids] if isinstance(ids, int) else list(ids)

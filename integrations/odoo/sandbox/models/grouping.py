"""``read_group``: counts and sums per value, with the domain that leads to each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import value_error
from ..fields import Row

if TYPE_CHECKING:
    from ..env import Env
    from .base import BaseModel


def read_group(
    env: Env, model: BaseModel, domain: Any, fields: list[str], groupby: list[str], *, lazy: bool
) -> list[Row]:
    """Return one dict per group. Raises ``BuiltinError`` for an unknown field; lazy groups by the first only."""
    used = groupby[:1] if lazy else groupby
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in model.find(env, domain, "id"):
        groups.setdefault(tuple(_key(env, model, row, term) for term in used), []).append(row)
    answers = []
    for key, rows in sorted(groups.items(), key=lambda item: _sort_key(item[0])):
        one: Row = {}
        own_domain: list[Any] = []
        for term, value in zip(used, key, strict=True):
            one[term], leaves = _label(env, model, term, value)
            own_domain = _joined(own_domain, leaves)
        one[f"{used[0].split(':')[0]}_count" if lazy and used else "__count"] = len(rows)
        one.update(_sums(model, fields, rows))
        pair = (own_domain, list(domain)) if env.series < 18 else (list(domain), own_domain)
        one["__domain"] = _joined(*pair)
        answers.append(one)
    return answers


def _joined(one: list[Any], two: list[Any]) -> list[Any]:
    return ["&", *one, *two] if one and two else one or two


def _key(env: Env, model: BaseModel, row: Row, term: str) -> Any:
    name, _, unit = term.partition(":")
    own = model.fields.get(name)
    if own is None:
        raise value_error(f"Invalid field {name!r} on model {model.name!r}")
    value = own.compute(env, row) if own.compute else row.get(name, own.empty)
    if own.type in ("date", "datetime") and value:
        return value[:10] if unit == "day" else value[:4] if unit == "year" else value[:7]
    return tuple(value) if isinstance(value, list) else value


def _sort_key(key: tuple[Any, ...]) -> list[tuple[bool, str, Any]]:
    return [(value is False, type(value).__name__, value) for value in key]


def _label(env: Env, model: BaseModel, term: str, value: Any) -> tuple[Any, list[Any]]:
    name = term.partition(":")[0]
    own = model.fields[name]
    if own.type == "many2one" and value:
        target = env.model(own.relation or "")
        row = env.tx.get(target.name, value)
        return [value, target.display(env, row) if row else ""], [[name, "=", value]]
    if own.type in ("date", "datetime") and value:
        return value, [[name, "=ilike", f"{value}%"]]
    return value, [[name, "=", value]]


def _sums(model: BaseModel, fields: list[str], rows: list[Row]) -> Row:
    sums: Row = {}
    for term in fields:
        name, _, function = term.partition(":")
        own = model.fields.get(name)
        if own is None:
            raise value_error(f"Invalid field {name!r} on model {model.name!r}")
        if own.type not in ("integer", "float", "monetary") or name == "id":
            continue
        values = [row.get(name, own.empty) for row in rows]
        if function in ("", "sum"):
            sums[name] = sum(values, own.empty)
        elif function == "avg":
            sums[name] = sum(values) / len(values)
        elif function in ("max", "min"):
            sums[name] = max(values) if function == "max" else min(values)
    return sums

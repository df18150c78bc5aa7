"""Search domains: prefix notation to a test on one row, with the shortcuts an index allows."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .errors import value_error
from .fields import MANY, NUMBERS, Field, Row

if TYPE_CHECKING:
    from .env import Env
    from .models.base import BaseModel

Test = Callable[[Row], bool]
Leaf = tuple[str, str, Any]

NEGATIVE = {"!=": "=", "<>": "=", "not in": "in", "not like": "like", "not ilike": "ilike", "not any": "any"}
ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def compile_domain(env: Env, model: BaseModel, domain: Any) -> Test:
    """Return the test a domain stands for.

    Raises ``BuiltinError`` with Odoo's words for an unknown field or an unreadable domain.
    """
    stack: list[Test] = []
    for item in reversed(list(domain or [])):
        if item == "&":
            stack.append(_both(stack.pop(), stack.pop()))
        elif item == "|":
            stack.append(_either(stack.pop(), stack.pop()))
        elif item == "!":
            stack.append(_negate(stack.pop()))
        else:
            stack.append(_leaf(env, model, _as_leaf(item)))
    if not stack:
        return _always
    test = stack.pop()
    while stack:
        test = _both(test, stack.pop())
    return test


def top_leaves(domain: Any) -> list[Leaf]:
    """Return the leaves that every match must satisfy, to find an index for the search."""
    items = list(domain or [])
    if any(item in ("|", "!") for item in items if isinstance(item, str)):
        return []
    return [_as_leaf(item) for item in items if item != "&"]


def names_field(domain: Any, name: str) -> bool:
    """Whether a leaf of the domain is about this field."""
    return any(isinstance(item, list | tuple) and len(item) == 3 and item[0] == name for item in (domain or []))


def _as_leaf(item: Any) -> Leaf:
    if isinstance(item, list | tuple) and len(item) == 3:
        return item[0], item[1], item[2]
    raise value_error(f"Invalid leaf {item!r}")


def _always(_row: Row) -> bool:
    return True


def _never(_row: Row) -> bool:
    return False


def _both(one: Test, two: Test) -> Test:
    return lambda row: one(row) and two(row)


def _either(one: Test, two: Test) -> Test:
    return lambda row: one(row) or two(row)


def _negate(test: Test) -> Test:
    return lambda row: not test(row)


def _leaf(env: Env, model: BaseModel, leaf: Leaf) -> Test:
    path, sign, value = leaf
    if path in (1, 0):
        return _always if (path == value) == (sign == "=") else _never
    name, _, rest = str(path).partition(".")
    own = model.fields.get(name)
    if own is None:
        word = "condition" if env.series >= 19 else "leaf"
        raise value_error(f"Invalid field {model.name}.{name} in {word} {_shown(leaf)}")
    if sign in NEGATIVE:
        return _negate(_leaf(env, model, (path, NEGATIVE[sign], value)))
    if rest:
        return _linked(env, own, [[rest, sign, value]])
    if sign == "any":
        return _linked(env, own, value)
    if sign in ("child_of", "parent_of"):
        return _hierarchy(env, model, own, sign, value)
    if own.relation and isinstance(value, str):
        return _linked(env, own, [["display_name", sign, value]])
    return _plain(env, model, own, sign, value)


def _shown(leaf: Leaf) -> str:
    return f"({leaf[0]!r}, {leaf[1]!r}, {leaf[2]!r})"


def _linked(env: Env, own: Field, domain: Any) -> Test:
    target = env.model(own.relation or "")
    test = compile_domain(env, target, domain)
    ids = {row["id"] for row in env.tx.rows(target.name) if test(row)}
    name = own.name
    if own.type in MANY:
        return lambda row: not ids.isdisjoint(row.get(name, ()))
    return lambda row: row.get(name) in ids


def _hierarchy(env: Env, model: BaseModel, own: Field, sign: str, value: Any) -> Test:
    target = env.model(own.relation) if own.relation else model
    found = set(value if isinstance(value, list) else [value])
    grew = bool(found)
    while grew and "parent_id" in target.fields:
        if sign == "child_of":
            more = {row["id"] for row in env.tx.rows(target.name) if row.get("parent_id") in found}
        else:
            more = {row["parent_id"] for row in env.tx.some(target.name, found) if row.get("parent_id")}
        grew = bool(more - found)
        found |= more
    name = own.name
    return lambda row: row.get(name) in found


def _getter(env: Env, own: Field) -> Callable[[Row], Any]:
    name, empty = own.name, own.empty
    if own.compute is not None:
        compute = own.compute
        return lambda row: compute(env, row)
    if name in ("write_date", "create_date"):
        return lambda row: row[name][:19]
    return lambda row: row.get(name, empty)


def _plain(env: Env, model: BaseModel, own: Field, sign: str, value: Any) -> Test:
    get = _getter(env, own)
    if sign == "=?":
        return _always if value in (False, None) else _plain(env, model, own, "=", value)
    if sign in ("=", "=="):
        return _equal(own, get, value)
    if sign == "in":
        values = value if isinstance(value, list | tuple) else [value]
        return _among(own, get, values)
    if sign in ORDERED:
        return _ordered(own, get, sign, value)
    if sign in ("like", "ilike", "=like", "=ilike"):
        return _pattern(get, sign, value)
    raise value_error(f"Invalid leaf {_shown((own.name, sign, value))}")


def _equal(own: Field, get: Callable[[Row], Any], value: Any) -> Test:
    if own.type in MANY:
        return _among(own, get, value if isinstance(value, list) else [value])
    if value is None or value is False or (own.type not in NUMBERS and value == ""):
        return lambda row: not get(row)
    return lambda row: bool(get(row) == value)


def _among(own: Field, get: Callable[[Row], Any], values: Iterable[Any]) -> Test:
    listed = list(values)
    wanted = {item for item in listed if item is not False and item is not None}
    with_empty = any(item is False or item is None for item in listed)
    if own.type in MANY:
        return lambda row: (not wanted.isdisjoint(get(row))) or (with_empty and not get(row))
    if with_empty:
        return lambda row: not get(row) or get(row) in wanted
    return lambda row: get(row) in wanted


def _ordered(own: Field, get: Callable[[Row], Any], sign: str, value: Any) -> Test:
    compare = ORDERED[sign]
    if own.name in ("write_date", "create_date") and isinstance(value, str):
        name = own.name
        return lambda row: bool(compare(row[name][:19], value))
    without_value = own.type not in NUMBERS

    def test(row: Row) -> bool:
        own_value = get(row)
        if own_value is False and without_value:
            return False
        try:
            return bool(compare(own_value, value))
        except TypeError:
            raise value_error(f"Invalid leaf {_shown((own.name, sign, value))}") from None

    return test


def _pattern(get: Callable[[Row], Any], sign: str, value: Any) -> Test:
    if value is False or value is None or value == "":
        return _always
    text = str(value)
    insensitive = sign in ("ilike", "=ilike")
    if not set("%_\\") & set(text) and sign in ("like", "ilike"):
        needle = text.lower() if insensitive else text
        if insensitive:
            return lambda row: needle in str(get(row) or "").lower()
        return lambda row: needle in str(get(row) or "")
    # A backslash takes the next letter literally, as PostgreSQL does.
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    body = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    if sign in ("like", "ilike"):
        body = f".*{body}.*"
    found = re.compile(body, re.DOTALL | (re.IGNORECASE if insensitive else 0))
    return lambda row: found.fullmatch(str(get(row) or "")) is not None

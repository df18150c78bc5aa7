"""Addresses as `reverse` gives them, but asked of it once for all records and pages of a process."""

from __future__ import annotations

import uuid as uuids
from functools import cache

from django.urls import get_script_prefix, reverse

_NIL = str(uuids.UUID(int=0))


def address_of(route: str, *words: str) -> str:
    """The address of a route with these arguments, of which there are few. Raises NoReverseMatch."""
    return _address(get_script_prefix(), route, words)


def record_address(route: str, *words: str, uuid: uuids.UUID) -> str:
    """The address of a route whose last argument is a UUID; `words` are those before it. Raises NoReverseMatch."""
    before, _nil, after = address_of(route, *words, _NIL).partition(_NIL)
    return f"{before}{uuid}{after}"


@cache
def _address(_prefix: str, route: str, words: tuple[str, ...]) -> str:
    return reverse(route, args=words)

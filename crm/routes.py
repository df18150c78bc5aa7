"""Addresses of many records, as `reverse` gives them but asked of it once."""

from __future__ import annotations

import uuid as uuids
from functools import cache

from django.urls import get_script_prefix, reverse

_NIL = str(uuids.UUID(int=0))


def address_of(route: str, *words: str, uuid: uuids.UUID) -> str:
    """The address of a route whose last argument is a UUID; `words` are those before it. Raises NoReverseMatch."""
    before, after = _parts(get_script_prefix(), route, words)
    return f"{before}{uuid}{after}"


@cache
def _parts(_prefix: str, route: str, words: tuple[str, ...]) -> tuple[str, str]:
    before, _nil, after = reverse(route, args=(*words, _NIL)).partition(_NIL)
    return before, after

"""Entity tags: a record's version in quotes. `If-Match` guards a change, `If-None-Match` saves a reading."""

from __future__ import annotations

import re

from rest_framework.request import Request

from crm.models import Record

_TAG = re.compile(r'(?:W/)?"([^"]*)"|(\*)')
NEVER = 0  # versions begin with 1


def etag_of(record: Record) -> str:
    """The tag of a record as it stands."""
    return f'"{record.version}"'


def expected_version(request: Request, record: Record) -> int | None:
    """The version that `If-Match` asks for, to be checked under the record's lock; None when it asks for none.

    A tag that is none of ours matches nothing: the service refuses it as stale.
    """
    given = _tags(request.headers.get("If-Match", ""))
    if given is None or "*" in given:
        return None
    return record.version if str(record.version) in given else NEVER


def is_known(request: Request, record: Record) -> bool:
    """Whether `If-None-Match` names the record as it stands."""
    given = _tags(request.headers.get("If-None-Match", ""))
    return given is not None and ("*" in given or str(record.version) in given)


def _tags(header: str) -> set[str] | None:
    if not header.strip():
        return None
    return {tag or star for tag, star in _TAG.findall(header)}

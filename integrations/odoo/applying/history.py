"""What the audit log says of a record that the sync has written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from typing import Any

from crm import audit
from crm.models import Change, User
from integrations.odoo.mappers.custom import Custom
from integrations.odoo.mappers.kinds import Field, Json, TagRefs


def change_of(
    before: Any, after: Any, fields: Collection[Field], *, also: Collection[str] = (), actor: User | None = None
) -> Change | None:
    """The difference in these fields between an object's copy from before and the object; unsaved. No query.

    `also`: attributes that are no fields of the map.
    """
    names = {name for one in fields for name in ((one.local,) if isinstance(one, Custom) else one.attributes)}
    tagged = any(isinstance(one, TagRefs) for one in fields)
    tags = (before.tag_ids, after.tag_ids) if tagged else None
    return audit.changed(before, after, {*names, *also} - {audit.TAGS}, actor=actor, tags=tags)


def change_from(was: Mapping[Field, Json], after: Any, *, actor: User | None) -> Change | None:
    """The difference between the values that these fields had here and the object; unsaved. No query."""
    before = copy(after)
    for one, here in was.items():
        one.write(before, here)
    return change_of(before, after, was.keys(), actor=actor)

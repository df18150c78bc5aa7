"""What the audit log says of a record that the sync has written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from crm import audit
from crm.models import Change, User
from integrations.odoo.mappers.custom import Custom
from integrations.odoo.mappers.kinds import Field, TagRefs

TAGS = "tags"


def change_of(before: Any, after: Any, fields: Collection[Field], *, actor: User | None = None) -> Change | None:
    """The difference in these fields between an object's copy from before and the object; unsaved. No query."""
    names = {name for one in fields for name in ((one.local,) if isinstance(one, Custom) else one.attributes)}
    tagged = any(isinstance(one, TagRefs) for one in fields)
    tags = (before.tag_ids, after.tag_ids) if tagged else None
    return audit.changed(before, after, names - {TAGS}, actor=actor, tags=tags)

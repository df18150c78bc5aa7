"""Trees of records that point to a parent of their own kind: accounts, and who reports to whom."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from crm.models import Record
from crm.services.records import lock_tree


def ensure_no_circle(record: Record, *, field: str, target: Any, sentence: Any) -> None:
    """Raise ValidationError on `field` when `target` is the record or stands below it.

    Locks the tree until the caller's transaction ends and reads the chain after that, one query per level.
    `sentence` may name %(target)s.
    """
    model = type(record)
    lock_tree(f"{model._meta.label_lower}.{field}")
    seen: set[int] = set()
    pk: int | None = target.pk
    while pk is not None and pk not in seen:
        if pk == record.pk:
            raise ValidationError({field: sentence % {"target": target}})
        seen.add(pk)
        pk = model._default_manager.values_list(f"{field}_id", flat=True).get(pk=pk)

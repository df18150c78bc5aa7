"""What a merge looks at beside an object's own columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects

from integrations.odoo.applying.tagging import load_tags
from integrations.odoo.mappers import NounMap


def load_beside(noun: NounMap, objects: Sequence[Any]) -> None:
    """Load the objects' tags and the stages of lost deals. Two queries at most."""
    if noun.tag_field and objects:
        load_tags(noun, objects)
    prefetch_related_objects(
        [obj for obj in objects if getattr(obj, "lost_at", None) and hasattr(obj, "stage_id")], "stage"
    )

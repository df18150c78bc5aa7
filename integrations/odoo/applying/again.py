"""A record in Odoo that carries our external id while nobody here is bound to it any more (rule 3)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType

from integrations.models import Binding, Connection
from integrations.odoo.mappers import ModelMap


def ours_again(connection: Connection, model_map: ModelMap, row: Mapping[str, Any], name: str) -> Binding:
    """Bind the record to the object of that uuid; one that is gone here is made again with its uuid by the caller.

    In the caller's transaction. `name` is the external id without our prefix. Up to one query per noun, and one.
    """
    object_uuid = uuid.UUID(name.rpartition("_")[2])
    obj = _object(model_map, object_uuid)
    content_type = ContentType.objects.get_for_model(obj) if obj else model_map.noun_of(row).content_type
    binding, _made = Binding.objects.update_or_create(
        connection=connection,
        remote_model=model_map.remote_model,
        object_uuid=obj.uuid if obj else object_uuid,
        defaults={"remote_id": row["id"], "state": Binding.State.BOUND, "external_name": name},
        create_defaults={
            "remote_id": row["id"],
            "state": Binding.State.BOUND,
            "external_name": name,
            "content_type": content_type,
        },
    )
    return binding


def _object(model_map: ModelMap, object_uuid: uuid.UUID) -> Any:
    """The object of this uuid; a converted lead stands for its opportunity."""
    for noun in model_map.nouns:
        obj: Any = noun.model._default_manager.filter(uuid=object_uuid).first()
        if obj is not None:
            return getattr(obj, "converted_opportunity", None) or obj
    return None

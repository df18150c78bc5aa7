"""Finding, moving and ending the ties between business objects and Odoo records."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from integrations.models import Binding, Connection, OutboxMessage, content_type_of

ContentTypeId = int


def binding_of(obj: Any, remote_model: str | None = None) -> Binding | None:
    """The binding of one business object on the live connection, or None. One query."""
    found = Binding.objects.filter(object_uuid=obj.uuid).exclude(connection__state=Connection.State.OFF)
    if remote_model:
        found = found.filter(remote_model=remote_model)
    return found.select_related("connection").first()


def move_binding(source: Any, target: Any, *, remote_model: str) -> Binding | None:
    """Give `source`'s binding to `target`, external id included, in the caller's transaction (rule 9).

    The waiting outbox row of `source` ends as superseded; a claimed one finds its binding gone and ends so too.
    A binding that `target` has already, never sent, gives way. Returns the moved binding, or None when `source`
    has none.
    """
    with transaction.atomic():
        binding = Binding.objects.select_for_update().filter(object_uuid=source.uuid, remote_model=remote_model).first()
        if binding is None:
            return None
        Binding.objects.filter(
            connection=binding.connection, remote_model=remote_model, object_uuid=target.uuid, remote_id=None
        ).exclude(pk=binding.pk).delete()
        binding.content_type = content_type_of(target)
        binding.object_uuid = target.uuid
        binding.save(update_fields=["content_type", "object_uuid"])
        if source.uuid != target.uuid:
            OutboxMessage.objects.filter(
                connection=binding.connection,
                remote_model=remote_model,
                object_uuid=source.uuid,
                status=OutboxMessage.Status.WAITING,
            ).update(status=OutboxMessage.Status.SUPERSEDED, waiting_key=None, settled_at=timezone.now())
    return binding


def objects_of(bindings: Iterable[Any], *, lock: bool = False) -> dict[uuid.UUID, Any]:
    """Load the business objects of these bindings (or other ObjectLinks), by uuid.

    One query per table, locked by primary key on demand.
    """
    wanted: dict[ContentTypeId, list[uuid.UUID]] = {}
    for binding in bindings:
        wanted.setdefault(binding.content_type_id, []).append(binding.object_uuid)
    found: dict[uuid.UUID, Any] = {}
    for content_type_id, uuids in sorted(wanted.items()):
        model: Any = ContentType.objects.get_for_id(content_type_id).model_class()
        if model is None:
            continue
        rows = model._default_manager.filter(uuid__in=uuids).order_by("pk")
        for obj in rows.select_for_update() if lock else rows:
            found[obj.uuid] = obj
    return found

"""Conflicts as the merge leaves them, without an Odoo: for the pages that show and settle them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from integrations.models import Binding, Conflict, Connection, content_type_of, external_name
from integrations.odoo.mappers import maps_of
from integrations.odoo.mappers.kinds import store_pair


def conflict_of(
    connection: Connection, record: Any, field: str, *, base: Any, odoo: Any, here: Any = None, **values: Any
) -> Conflict:
    """A conflict about one field of a bound record; open, and here what the record holds, unless said otherwise."""
    model = values.pop("remote_model", "res.partner" if record._meta.app_label == "crm" else "crm.lead")
    noun = maps_of(connection).noun(model, record._meta.label)
    assert noun is not None
    one = noun.by_remote[field]
    binding, _made = Binding.objects.get_or_create(
        connection=connection,
        remote_model=model,
        object_uuid=record.uuid,
        defaults={
            "content_type": content_type_of(record),
            "external_name": external_name(model, record.uuid),
            "remote_id": 1000 + record.pk,
            "state": Binding.State.BOUND,
        },
    )
    status = values.pop("status", Conflict.Status.OPEN)
    decided = status != Conflict.Status.OPEN
    winner = values.pop("winner", "odoo" if decided else "")
    agreed = (odoo, odoo) if winner == "odoo" else (base, base)
    store_pair(one, binding.base, *agreed)
    binding.save(update_fields=["base"])
    return Conflict.objects.create(
        connection=connection,
        binding=binding,
        remote_model=model,
        remote_id=binding.remote_id,
        content_type=binding.content_type,
        object_uuid=record.uuid,
        field=field,
        base=base,
        here=one.read(record) if here is None else here,
        odoo=odoo,
        remote=odoo,
        rule=values.pop("rule", "odoo" if decided else "ask"),
        status=status,
        winner=winner,
        settled_at=timezone.now() if decided else None,
        remote_write_date=timezone.now(),
        remote_write_uid=values.pop("remote_write_uid", 2),
        **values,
    )

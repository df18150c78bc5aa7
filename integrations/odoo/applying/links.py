"""Many2ones that waited for their target (rule 8: unknown here is not empty)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from integrations.mailbox.bindings import objects_of
from integrations.mailbox.runs import image, keep_images
from integrations.models import BeforeImage, Binding, PendingLink
from integrations.odoo.mappers import Maps
from integrations.odoo.mappers.kinds import Field, Unresolved, base_pair, store_pair

if TYPE_CHECKING:
    from integrations.odoo.applying.apply import Applier


def link_pending(applier: Applier, remote_ids: Sequence[int]) -> None:
    """Set the many2ones that waited for these records, inside the caller's transaction.

    A value that was edited here in the meantime stays, and is sent. People below people get the company in turn. The
    run that brought these records keeps what stood in those that it did not make.
    """
    waiting = list(
        PendingLink.objects.filter(
            binding__connection=applier.connection,
            target_model=applier.map.remote_model,
            target_id__in=remote_ids,
        ).select_related("binding")
    )
    if not waiting:
        return
    objects = objects_of([link.binding for link in waiting], lock=True)
    done: list[PendingLink] = []
    applier.refs.fetch_here(applier.map.remote_model, {link.target_id for link in waiting})
    now = timezone.now()
    linked: list[int] = []
    images: list[BeforeImage] = []
    for link in waiting:
        obj: Any = objects.get(link.binding.object_uuid)
        one = _field_of(applier.session.maps, link, obj)
        here = one.incoming(link.target_id, applier.refs) if one else None
        if isinstance(here, Unresolved):
            continue  # a person who has no company either
        done.append(link)
        if one is None or not one.same(one.read(obj), one.empty_here):
            continue
        if base_pair(one, link.binding.base)[1] != link.target_id:
            continue  # Odoo has pointed it elsewhere since
        if applier.book is not None and link.binding.run_id != applier.book.pk:
            images.append(_image_of(applier.book.pk, link, [one.read(obj), here]))
        one.write(obj, here)
        obj.version += 1
        obj.updated_at = now
        obj.save(update_fields=[*one.attributes, "version", "updated_at"])
        store_pair(one, link.binding.base, here, link.target_id)
        Binding.objects.filter(pk=link.binding.pk).update(base=link.binding.base)
        if link.binding.remote_model == applier.map.remote_model and link.binding.remote_id is not None:
            applier.refs.note(applier.map.remote_model, link.binding.remote_id, obj)
            linked.append(link.binding.remote_id)
    PendingLink.objects.filter(pk__in=[link.pk for link in done]).delete()
    keep_images(images)
    if linked:
        link_pending(applier, linked)


def _image_of(run_id: int, link: PendingLink, pair: list[Any]) -> BeforeImage:
    return image(
        run_id,
        content_type_id=link.binding.content_type_id,
        object_uuid=link.binding.object_uuid,
        remote_model=link.binding.remote_model,
        remote_id=link.binding.remote_id,
        fields={link.field: pair},
    )


def _field_of(maps: Maps, link: PendingLink, obj: Any) -> Field | None:
    """The field that waits; None when the object is gone or has become another noun."""
    noun = maps.noun(link.binding.remote_model, obj._meta.label) if obj is not None else None
    return noun.by_remote.get(link.field) if noun is not None else None

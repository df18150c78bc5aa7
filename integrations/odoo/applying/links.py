"""Many2ones that wait for their target, or follow where it stands (rules 8 and 10: unknown here is not empty)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from crm import audit
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.runs import image, keep_images
from integrations.models import BeforeImage, Binding, PendingLink
from integrations.odoo.applying.history import change_of
from integrations.odoo.applying.primary import give_up
from integrations.odoo.mappers import Maps
from integrations.odoo.mappers.kinds import Json, Ref, Unresolved, base_pair, store_pair

if TYPE_CHECKING:
    from integrations.odoo.applying.apply import Applier


def link_pending(applier: Applier, remote_ids: Sequence[int]) -> None:
    """Set the many2ones that hang on these records, which came or moved, inside the caller's transaction.

    A value that was edited here in the meantime stays, and is sent. People below people get the company in turn. The
    run that brought these records keeps what stood in those that it did not make. Locks bindings, then rows.
    """
    model = applier.map.remote_model
    links = list(
        PendingLink.objects.filter(
            binding__connection=applier.connection, target_model=model, target_id__in=remote_ids
        ).order_by("pk")
    )
    if not links:
        return
    mine = Binding.objects.select_for_update().filter(pk__in={link.binding_id for link in links})
    bindings = {binding.pk: binding for binding in mine.order_by("pk")}
    objects = objects_of(bindings.values(), lock=True)
    applier.refs.fetch_here(model, {link.target_id for link in links})
    done: list[int] = []
    moved: list[int] = []
    images: list[BeforeImage] = []
    for link in links:
        binding = bindings[link.binding_id]
        obj: Any = objects.get(binding.object_uuid)
        one = _field_of(applier.session.maps, binding, link, obj)
        if one is None or base_pair(one, binding.base)[1] != link.target_id:
            done.append(link.pk)  # Odoo has pointed it elsewhere since
            continue
        incoming = one.incoming(link.target_id, applier.refs)
        unknown = isinstance(incoming, Unresolved)  # or a person who has no company either
        if not unknown and not one.through(link.target_id, applier.refs):
            done.append(link.pk)
        pair = [one.read(obj), one.empty_here if unknown else incoming]
        if one.same(*pair) or not one.same(pair[0], base_pair(one, binding.base)[0]):
            continue
        if applier.book is not None and binding.run_id != applier.book.pk:
            images.append(_image_of(applier.book.pk, binding, one, pair))
        _set(obj, binding, one, pair[1], link.target_id)
        if binding.remote_model == model and binding.remote_id is not None:
            applier.refs.note(model, binding.remote_id, obj)
            moved.append(binding.remote_id)
    PendingLink.objects.filter(pk__in=done).delete()
    keep_images(images)
    if moved:
        link_pending(applier, moved)


def _set(obj: Any, binding: Binding, one: Ref, here: Json, remote_id: int) -> None:
    before = copy(obj)
    one.write(obj, here)
    obj.version += 1
    obj.updated_at = timezone.now()
    given_up = give_up(obj)
    obj.save(update_fields=[*one.attributes, *given_up, "version", "updated_at"])
    audit.keep(change_of(before, obj, [one], also=given_up))
    store_pair(one, binding.base, here, remote_id)
    binding.save(update_fields=["base"])


def _image_of(run_id: int, binding: Binding, one: Ref, pair: list[Json]) -> BeforeImage:
    return image(
        run_id,
        content_type_id=binding.content_type_id,
        object_uuid=binding.object_uuid,
        remote_model=binding.remote_model,
        remote_id=binding.remote_id,
        fields={one.remote: pair},
    )


def _field_of(maps: Maps, binding: Binding, link: PendingLink, obj: Any) -> Ref | None:
    """The field that hangs on the target; None when the object is gone or has become a noun without it."""
    noun = maps.noun(binding.remote_model, obj._meta.label) if obj is not None else None
    one = noun.by_remote.get(link.field) if noun is not None else None
    return one if isinstance(one, Ref) else None

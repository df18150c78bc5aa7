"""The tags of business objects, read and written for a chunk at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from crm.models import Tag
from integrations.models import Binding, Connection, external_name
from integrations.models.bulk import insert_rows
from integrations.odoo.mappers import ModelMap, NounMap
from integrations.odoo.wire.session import Session

TAG_MODELS = ("crm.tag", "res.partner.category")


def load_tags(noun: NounMap, objects: Sequence[Any]) -> None:
    """Give each object its `tag_ids`. One query."""
    held: dict[int, list[int]] = defaultdict(list)
    through = noun.model.tags.through  # type: ignore[attr-defined]
    owner = f"{noun.model._meta.model_name}_id"
    for owner_id, tag_id in through.objects.filter(**{f"{owner}__in": [obj.pk for obj in objects]}).values_list(
        owner, "tag_id"
    ):
        held[owner_id].append(tag_id)
    for obj in objects:
        obj.tag_ids = held[obj.pk]


def store_tags(noun: NounMap, objects: Sequence[Any], *, fresh: bool = False) -> None:
    """Write each object's `tag_ids`. Two queries, one for fresh objects."""
    if not objects:
        return
    through = noun.model.tags.through  # type: ignore[attr-defined]
    owner = f"{noun.model._meta.model_name}_id"
    if not fresh:
        through.objects.filter(**{f"{owner}__in": [obj.pk for obj in objects]}).delete()
    insert_rows(
        [through(**{owner: obj.pk, "tag_id": tag_id}) for obj in objects for tag_id in dict.fromkeys(obj.tag_ids)]
    )


def bind_by_name(session: Session, model_map: ModelMap, unbound: Sequence[tuple[Tag, Binding]]) -> int:
    """Tie tags that were never sent to Odoo's of the same name, whatever the case; returns how many. One call.

    A tag is known by its name: crm.tag refuses a second one, and nobody wants two categories that look the same.
    """
    rows = session.client.search_read(model_map.remote_model, [], ["name", "color"], context=session.read_context)
    mine = Binding.objects.filter(connection=session.connection, remote_model=model_map.remote_model)
    taken = set(mine.filter(remote_id__isnull=False).values_list("remote_id", flat=True))
    free = {str(row["name"]).casefold(): row for row in reversed(rows) if row["id"] not in taken}
    bound = 0
    for tag, binding in unbound:
        if (row := free.pop(tag.name.casefold(), None)) is not None:
            bound += mine.filter(pk=binding.pk, remote_id=None).update(
                remote_id=row["id"], state=Binding.State.BOUND, base=_first_base(tag, row)
            )
    return bound


def _first_base(tag: Tag, row: Mapping[str, Any]) -> dict[str, Any]:
    """Odoo deals a colour to every new tag by chance: two that meet keep theirs, until somebody changes one."""
    there = row["color"] or 0
    return {"color": [tag.color, there]} if tag.color and tag.color != there else {}


def adopt_by_name(connection: Connection, model_map: ModelMap, rows: Sequence[Mapping[str, Any]]) -> dict[int, Binding]:
    """Tie Odoo's tags that nobody here is bound to with tags of the same name that are not in Odoo yet.

    The other kind of Odoo tag, or a person here, may have brought the name already. In the caller's transaction; one
    query, three when something is tied. Returns the bindings by Odoo id.
    """
    wanted = {str(row["name"] or "").casefold(): row for row in reversed(rows)}
    tags = list(Tag.objects.filter(search_text__in=wanted))
    uuids = [tag.uuid for tag in tags]
    mine = Binding.objects.filter(connection=connection, remote_model=model_map.remote_model)
    known = {one.object_uuid: one for one in mine.select_for_update().filter(object_uuid__in=uuids)}
    adopted: dict[int, Binding] = {}
    for tag in tags:
        binding = known.get(tag.uuid) or Binding(
            connection=connection,
            remote_model=model_map.remote_model,
            content_type=model_map.nouns[0].content_type,
            object_uuid=tag.uuid,
            external_name=external_name(model_map.remote_model, tag.uuid),
        )
        if binding.remote_id is None and binding.state == Binding.State.PENDING:
            row = wanted[tag.search_text]
            binding.remote_id, binding.state = row["id"], Binding.State.BOUND
            binding.base = _first_base(tag, row)
            binding.save()
            adopted[binding.remote_id] = binding
    return adopted

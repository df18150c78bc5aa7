"""When a record in Odoo turns into the other noun: a person into a company, a lead into an opportunity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from crm.services import flips
from integrations import outbox
from integrations.mailbox.bindings import move_binding
from integrations.models import Binding, Conflict, OutboxMessage
from integrations.odoo.applying.build import moment
from integrations.odoo.mappers import ModelMap, NounMap
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.merge import Clash, ruled_out
from integrations.odoo.wire.session import Session
from leads import conversion

FLIP = "is_company"


@dataclass(frozen=True)
class Followed:
    """The object and map to merge with. `clashes`: what was edited here and the new noun has no field for."""

    obj: Any
    noun: NounMap
    clashes: Sequence[Clash] = ()


def follow(
    session: Session,
    model_map: ModelMap,
    binding: Binding,
    obj: Any,
    row: Mapping[str, Any],
    refs: RefIndex,
    *,
    asked: bool,
) -> Followed:
    """Turn the object here into what Odoo says it is, in the caller's transaction; updates `binding` in place.

    A flip that would tear others off is not done: a Conflict asks a person, and the record merges as it stands, until
    the person has answered or Odoo has taken the flip back. `asked` says that the question is open; FLIP in the base,
    that a person has said that Odoo shall take it back, which the next push tells it.
    """
    noun = model_map.noun_for(obj._meta.label)
    wanted = model_map.noun_of(row)
    if noun is wanted:
        if asked:
            Conflict.objects.filter(field=FLIP, status=Conflict.Status.OPEN, object_uuid=obj.uuid).update(
                status=Conflict.Status.BY_RULE, winner=Conflict.Winner.HERE, odoo=True, settled_at=timezone.now()
            )
        if binding.base.pop(FLIP, None):
            binding.save(update_fields=["base"])
        return Followed(obj, noun)
    if noun.label == "leads.Lead":
        if obj.converted_opportunity_id:
            return _moved(binding, obj, obj.converted_opportunity, model_map)
        opportunity = conversion.adopt_conversion(obj, stage=None, converted_at=_conversion_time(row))
        return _moved(binding, obj, opportunity, model_map)
    if noun.label == "crm.Opportunity":
        return Followed(obj, noun)
    account = noun.label == "crm.Account"
    if account and (asked or FLIP in binding.base):
        return Followed(obj, noun)
    if account and flips.hangs_on(account=obj):
        _ask(session, binding, noun, obj, row)
        return Followed(obj, noun)
    leaving = [one for one in noun.fields if one.remote not in wanted.by_remote]
    refs.gather(noun, [row])
    lost = ruled_out(leaving, obj, binding.base, row, refs, clock_offset=session.clock_offset)
    for one in leaving:
        binding.base.pop(one.remote, None)
    become = flips.account_becomes_contact(account=obj) if account else flips.contact_becomes_account(contact=obj)
    return _rebound(binding, become, wanted, lost)


def _conversion_time(row: Mapping[str, Any]) -> Any:
    return moment(row["date_conversion"]) if row.get("date_conversion") else timezone.now()


def _moved(binding: Binding, source: Any, target: Any, model_map: ModelMap) -> Followed:
    """The binding moves; what waited, or is under way, to be told about the lead is told about its opportunity."""
    waited = OutboxMessage.objects.filter(
        connection=binding.connection,
        object_uuid=source.uuid,
        status__in=(OutboxMessage.Status.WAITING, OutboxMessage.Status.CLAIMED),
    ).exists()
    moved = move_binding(source, target, remote_model=model_map.remote_model)
    if moved is not None:
        binding.content_type, binding.object_uuid = moved.content_type, moved.object_uuid
    if waited:
        outbox.announce(target)
    return Followed(target, model_map.noun_for(target._meta.label))


def _rebound(binding: Binding, target: Any, noun: NounMap, lost: Sequence[Clash]) -> Followed:
    binding.content_type, binding.object_uuid = noun.content_type, target.uuid
    binding.save(update_fields=["content_type", "object_uuid", "base"])
    return Followed(target, noun, lost)


def _ask(session: Session, binding: Binding, noun: NounMap, obj: Any, row: Mapping[str, Any]) -> None:
    Conflict.objects.bulk_create(
        [
            Conflict(
                connection=session.connection,
                binding=binding,
                content_type=noun.content_type,
                object_uuid=obj.uuid,
                remote_model=noun.remote_model,
                remote_id=row["id"],
                field=FLIP,
                base=True,
                here=True,
                odoo=False,
                rule="ask",
                remote_write_date=moment(row["write_date"]),
            )
        ],
        ignore_conflicts=True,
    )

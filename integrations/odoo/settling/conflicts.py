"""What people do with conflicts: settle for one side, one by one or many, take back, ask again (rules 1 and 13)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.services import flips
from integrations import outbox
from integrations.mailbox import hints
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, Conflict, Connection, OutboxMessage
from integrations.models.collisions import decision
from integrations.odoo.applying.nouns import FLIP
from integrations.odoo.applying.tagging import load_tags
from integrations.odoo.mappers import Maps, NounMap, maps_of
from integrations.odoo.mappers.kinds import Field, Json, store_pair
from integrations.odoo.merge import HERE, NEWEST, ODOO
from integrations.odoo.settling.editing import edit

STATUS = Conflict.Status
MOST_AT_ONCE = 200


class ChangedSinceError(ValidationError):
    """The value here is no longer what the decision wrote. `now` is what stands here; `stamp` names it."""

    def __init__(self, now: Json) -> None:
        self.now, self.stamp = now, stamp_of(now)
        super().__init__(_("The value here has been changed since; nothing was taken back."))


@dataclass
class Held:
    """A conflict with what it is about, all locked until the transaction ends. `field` is None for a question of its
    own kind, and for a field that the record, turned into another noun, has no more."""

    conflict: Conflict
    binding: Binding | None
    obj: Any
    noun: NounMap | None
    field: Field | None

    def here(self) -> Json:
        """The value as it stands here; None when there is nothing to read."""
        return self.field.read(self.obj) if self.field is not None and self.obj is not None else None


@dataclass
class Settled:
    """What a bulk decision did. `refused`: sentences, by conflict."""

    here: int = 0
    odoo: int = 0
    refused: list[tuple[Conflict, str]] = field(default_factory=list)


def stamp_of(*values: Json) -> str:
    """A short name of values that a person was shown, to be compared when the answer comes."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def shown(conflict: Conflict) -> str:
    """The stamp of both values of an open conflict."""
    return stamp_of(conflict.here, conflict.odoo)


# --- settling


def settle(conflict: Conflict, *, winner: str, actor: Any, seen: str = "", rule: str = "") -> Conflict:
    """Settle an open conflict for "here" or for "odoo"; returns it fresh.

    Both ways Odoo's value as it was last read becomes the common base. For Odoo it is then written here, unannounced;
    for here the record is announced, and the push reads, merges and writes as ever: what Odoo holds by then that it
    did not hold before is a conflict anew. `seen` is the stamp of what the person was shown. Raises ValidationError
    when somebody has settled it, when a value has changed since, and on what the record's service refuses.
    """
    if winner not in (HERE, ODOO):
        raise ValidationError(_("Say which side is right: here or Odoo."))
    found, moved = _settle(conflict, winner, actor, seen, rule)
    if moved:
        raise ValidationError(moved)
    return found


@decision
def _settle(conflict: Conflict, winner: str, actor: Any, seen: str, rule: str) -> tuple[Conflict, str]:
    """The conflict as it stands now, and why the answer does not fit any more: what was learnt of that is kept."""
    held = _hold(conflict)
    _refuse_settled(held.conflict)
    moved = _moved_since(held, seen)
    if not moved:
        _decide(held, winner, actor)
        _note(held.conflict, winner, actor, f"{rule}: {winner}" if rule else winner)
    return held.conflict, moved


def settle_many(conflicts: Iterable[Conflict], *, rule: str, actor: Any) -> Settled:
    """Settle open conflicts by one rule ("here", "odoo" or "newest"), each for itself: a refused one stops no other."""
    settled = Settled()
    for conflict in conflicts:
        winner = winner_of(conflict, rule)
        try:
            settle(conflict, winner=winner, actor=actor, seen=shown(conflict), rule=rule)
        except ValidationError as refusal:
            settled.refused.append((conflict, " ".join(refusal.messages)))
        else:
            setattr(settled, winner, getattr(settled, winner) + 1)
    return settled


def winner_of(conflict: Conflict, rule: str) -> str:
    """Which side a rule decides for. Raises ValidationError for a rule that decides nothing."""
    winners = {HERE: HERE, ODOO: ODOO, NEWEST: HERE if conflict.later_here else ODOO}
    if rule not in winners:
        raise ValidationError(_("Choose a rule: Odoo wins, here wins, or the newest wins."))
    return winners[rule]


def in_bulk(open_ones: Any, maps: Maps) -> Any:
    """Of these open conflicts the ones that a rule can settle: fields, not questions about whole records."""
    return open_ones.filter(status=STATUS.OPEN).filter(_is_field(maps)).order_by("id")


def _is_field(maps: Maps) -> Q:
    known = Q()
    for remote_model in maps.by_model:
        known |= Q(remote_model=remote_model, field__in=field_names(maps, remote_model))
    return known


def field_names(maps: Maps, remote_model: str) -> list[str]:
    """Odoo's names of the fields that a two-way model maps, in the order of the maps; none for other models."""
    nouns = maps.by_model[remote_model].nouns if remote_model in maps.by_model else ()
    return list(dict.fromkeys(one.remote for noun in nouns for one in noun.fields))


def _is_mapped(conflict: Conflict, binding: Binding) -> bool:
    return conflict.field in field_names(maps_of(binding.connection), conflict.remote_model)


def _decide(held: Held, winner: str, actor: Any) -> None:
    conflict, binding, one = held.conflict, held.binding, held.field
    if binding is None or held.obj is None:
        return  # the record is gone, and with it what was to be decided
    if conflict.field == FLIP:
        _decide_flip(held, binding, winner)
        return
    if not _is_mapped(conflict, binding):
        raise ValidationError(_("This is no question about a value. Answer it where it says what can be done."))
    if one is None:
        return  # the record became another noun, which has no such field
    conflict.before = [binding.base[one.remote]] if one.remote in binding.base else []
    store_pair(one, binding.base, conflict.odoo, conflict.remote)
    binding.turn += 1
    binding.save(update_fields=["base", "turn"])
    if winner == ODOO:
        edit(held.obj, {one: conflict.odoo}, actor=actor, announce=False)
    else:
        outbox.announce(held.obj)


def _decide_flip(held: Held, binding: Binding, winner: str) -> None:
    """Odoo made a person of a company: that holds once nothing hangs on the account, or Odoo takes it back."""
    if winner == ODOO:
        if flips.hangs_on(account=held.obj):
            raise ValidationError(
                _("Contacts, accounts below or opportunities hang on this account. Move them first, then settle this.")
            )
        hints.leave(binding.connection, binding.remote_model, [binding.remote_id or 0])
        return
    binding.base[FLIP] = [True]
    binding.save(update_fields=["base"])
    outbox.announce(held.obj)


def _refuse_settled(conflict: Conflict) -> None:
    if conflict.status != STATUS.OPEN:
        raise ValidationError(
            _("Settled already, by %(who)s: %(side)s.")
            % {"who": conflict.settled_by or _("a rule"), "side": conflict.get_winner_display()}
        )


def _moved_since(held: Held, seen: str) -> str:
    """Why the answer does not fit any more; keeps the present value on the conflict, so that the next look shows it."""
    conflict = held.conflict
    if held.field is None or held.obj is None:
        return ""
    here = held.here()
    if not held.field.same(here, conflict.here):
        conflict.here = here
        conflict.save(update_fields=["here"])
        return _("The value here has changed since you looked. Look again, then settle it.")
    if seen and seen != shown(conflict):
        return _("Odoo's value has changed since you looked. Look again, then settle it.")
    return ""


# --- taking back


@decision
def take_back(conflict: Conflict, *, actor: Any, anyway: str = "") -> Conflict:
    """Undo a decision, of a rule or of a person; returns the conflict fresh.

    What a person settled and Odoo has not heard of is asked again. Else the value that lost is put back, as an edit by
    this person, only where the field still holds what the decision wrote: otherwise ChangedSinceError says what it
    holds now, and `anyway`, the stamp of that value, puts it back all the same. Raises ValidationError when there is
    nothing to take back.
    """
    held = _hold(conflict)
    found, one, obj = held.conflict, held.field, held.obj
    if found.status == STATUS.OPEN:
        raise ValidationError(_("This conflict is open: there is nothing to take back."))
    if found.winner not in (HERE, ODOO) or one is None or obj is None:
        raise ValidationError(_("Nothing was written for this one, so that nothing can be taken back."))
    lost, kept = (found.here, found.odoo) if found.winner == ODOO else (found.odoo, found.here)
    now = held.here()
    if _ask_again(held, now, kept, actor):
        return found
    if one.same(now, lost):
        raise ValidationError(_("The record holds this value already."))
    if not one.same(now, kept) and anyway != stamp_of(now):
        raise ChangedSinceError(now)
    edit(obj, {one: lost}, actor=actor)
    _note(found, HERE if found.winner == ODOO else ODOO, actor, "taken back")
    return found


def _ask_again(held: Held, now: Json, kept: Json, actor: Any) -> bool:
    """Open a question again whose answer has not left this database; False when it has, or when a rule answered."""
    found, one, binding = held.conflict, held.field, held.binding
    if found.status != STATUS.BY_PERSON or one is None or binding is None or not one.same(now, kept):
        return False
    if not found.trail or found.trail[-1]["did"] == "taken back":
        return False
    agreed: dict[str, Json] = {}
    store_pair(one, agreed, found.odoo, found.remote)
    if binding.base.get(one.remote) != agreed.get(one.remote) or _is_open(found) or _under_way(found):
        return False
    binding.base.pop(one.remote, None)
    if found.before:
        binding.base[one.remote] = found.before[0]
    binding.turn += 1
    binding.save(update_fields=["base", "turn"])
    if found.winner == ODOO:
        edit(held.obj, {one: found.here}, actor=actor, announce=False)
    found.status, found.winner, found.before = STATUS.OPEN, "", []
    found.settled_at = found.settled_by = None
    found.trail = [*found.trail, _entry(actor, "asked again")]
    found.save(update_fields=["status", "winner", "before", "settled_at", "settled_by", "trail"])
    return True


def _is_open(found: Conflict) -> bool:
    """Whether the same field is asked about once more."""
    return Conflict.objects.filter(
        connection_id=found.connection_id,
        remote_model=found.remote_model,
        object_uuid=found.object_uuid,
        field=found.field,
        status=STATUS.OPEN,
    ).exists()


def _under_way(found: Conflict) -> bool:
    return OutboxMessage.objects.filter(
        object_uuid=found.object_uuid, remote_model=found.remote_model, status=OutboxMessage.Status.CLAIMED
    ).exists()


# --- what all share


def _hold(conflict: Conflict) -> Held:
    """Lock in the order of a chunk: binding, record, conflict. Four queries. Raises ValidationError when it is gone."""
    bindings = Binding.objects.select_for_update(of=("self",)).select_related("connection").defer("connection__secret")
    if conflict.binding_id is not None:
        binding = bindings.filter(pk=conflict.binding_id).first()
    else:
        binding = bindings.filter(
            connection_id=conflict.connection_id,
            remote_model=conflict.remote_model,
            object_uuid=conflict.object_uuid,
        ).first()
    if binding is not None and binding.connection.state == Connection.State.OFF:
        raise ValidationError(_("This conflict belongs to a connection that is switched off."))
    obj = objects_of([binding], lock=True).get(binding.object_uuid) if binding is not None else None
    found = Conflict.objects.select_for_update(of=("self",)).select_related("settled_by").filter(pk=conflict.pk).first()
    if found is None:
        raise ValidationError(_("This conflict is no longer there."))
    noun = None
    if binding is not None and obj is not None:
        noun = maps_of(binding.connection).noun(found.remote_model, obj._meta.label)
    one = noun.by_remote.get(found.field) if noun is not None else None
    if noun is not None and noun.tag_field is not None and one is noun.tag_field:
        load_tags(noun, [obj])
    return Held(found, binding, obj, noun, one)


def _note(conflict: Conflict, winner: str, actor: Any, did: str) -> None:
    conflict.status, conflict.winner = STATUS.BY_PERSON, winner
    conflict.settled_at, conflict.settled_by = timezone.now(), actor
    conflict.trail = [*conflict.trail, _entry(actor, did)]
    conflict.save(update_fields=["here", "odoo", "before", "status", "winner", "settled_at", "settled_by", "trail"])


def _entry(actor: Any, did: str) -> dict[str, Any]:
    return {"at": timezone.now().isoformat(), "by": getattr(actor, "pk", None), "who": str(actor), "did": did}

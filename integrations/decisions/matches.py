"""Settling possible matches: a person says whether two records are the same (rule 12)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations import outbox
from integrations.mailbox import hints
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, MatchCandidate, external_name
from integrations.models.collisions import decision

OPEN, SAME, DIFFERENT = MatchCandidate.Status.OPEN, MatchCandidate.Status.SAME, MatchCandidate.Status.DIFFERENT


@decision
def confirm_same(candidate: MatchCandidate, *, actor: Any) -> Binding:
    """Tie the record here to the one in Odoo; the two are merged at the next look, with nothing as their base.

    All other candidates of either record are closed, and whoever is left without one goes on its own way. Raises
    ValidationError when the candidate is settled, or one of the two has another counterpart already.
    """
    candidate = _locked(candidate)
    obj = _object(candidate)
    taken = _bindings(candidate).filter(remote_id=candidate.remote_id).exclude(object_uuid=candidate.object_uuid)
    if taken.exists():
        raise ValidationError(_("This record in Odoo has another counterpart here already."))
    binding = _bindings(candidate).select_for_update().filter(object_uuid=candidate.object_uuid).first()
    if binding is None:
        binding = Binding(
            connection=candidate.connection,
            remote_model=candidate.remote_model,
            content_type=candidate.content_type,
            object_uuid=candidate.object_uuid,
            external_name=external_name(candidate.remote_model, candidate.object_uuid),
        )
    if binding.remote_id not in (None, candidate.remote_id):
        raise ValidationError(_("This record has another counterpart in Odoo already."))
    binding.remote_id, binding.state, binding.base = candidate.remote_id, Binding.State.BOUND, {}
    binding.remote_write_date = None
    binding.save()
    _close([candidate], SAME, actor)
    others = _open(candidate).filter(object_uuid=candidate.object_uuid)
    rivals = _open(candidate).filter(remote_id=candidate.remote_id)
    left = [*others, *rivals]
    _close(left, DIFFERENT, actor)
    hints.leave(candidate.connection, candidate.remote_model, [candidate.remote_id])
    outbox.announce(obj)
    for one in left:
        _let_go(one)
    return binding


@decision
def confirm_different(candidate: MatchCandidate, *, actor: Any) -> None:
    """Say that the two are strangers. Once no candidate is left, the record here is sent and the other one fetched.

    Raises ValidationError when the candidate is settled.
    """
    candidate = _locked(candidate)
    _close([candidate], DIFFERENT, actor)
    _let_go(candidate)


def _locked(candidate: MatchCandidate) -> MatchCandidate:
    found = MatchCandidate.objects.select_for_update(of=("self",)).select_related("connection").get(pk=candidate.pk)
    if found.status != OPEN:
        raise ValidationError(_("Somebody has settled this already."))
    return found


def _object(candidate: MatchCandidate) -> Any:
    obj = objects_of([candidate]).get(candidate.object_uuid)
    if obj is None:
        raise ValidationError(_("The record here is gone."))
    return obj


def _bindings(candidate: MatchCandidate) -> Any:
    return Binding.objects.filter(connection=candidate.connection, remote_model=candidate.remote_model)


def _open(candidate: MatchCandidate) -> Any:
    return MatchCandidate.objects.select_related("connection").filter(
        connection=candidate.connection, remote_model=candidate.remote_model, status=OPEN
    )


def _close(candidates: list[MatchCandidate], status: str, actor: Any) -> None:
    ids = [one.pk for one in candidates]
    MatchCandidate.objects.filter(pk__in=ids).update(status=status, settled_by=actor)


def _let_go(candidate: MatchCandidate) -> None:
    """Both records of a refused pair go on alone, unless another candidate still waits."""
    if not _open(candidate).filter(object_uuid=candidate.object_uuid).exists():
        freed = _bindings(candidate).filter(object_uuid=candidate.object_uuid, state=Binding.State.HELD)
        if freed.update(state=Binding.State.PENDING):
            outbox.announce(*objects_of([candidate]).values())
    if not _open(candidate).filter(remote_id=candidate.remote_id).exists():
        hints.leave(candidate.connection, candidate.remote_model, [candidate.remote_id])

"""Changes of very many rows, and their way back, as jobs; what is done with each row is crm/services/bulk.py's."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from crm.models import Job, Tag, User
from crm.nouns import Noun, noun_of_key
from crm.services import bulk, jobs

CHANGE, UNDO = "bulk", "bulk-undo"


def ask(noun: Noun, wanted: Sequence[uuids.UUID], action: bulk.Action, value: Any, *, actor: User) -> Job:
    """Write down a change of these rows; it is begun by `jobs.begin`."""
    said = _words(noun, action, value)
    title = f"{noun.plural}: {action.title}" + (f" – {said}" if said else "")
    return jobs.ask(
        CHANGE,
        title=title,
        actor=actor,
        noun=noun.key,
        items=[str(uuid) for uuid in wanted],
        parameters=kept(action, value),
    )


def kept(action: bulk.Action, value: Any) -> dict[str, Any]:
    """The parameters of a job: what is done, and the value or its primary key."""
    return {"action": action.key, "value": value.pk if isinstance(value, models.Model) else value}


@transaction.atomic
def undo(job: Job, *, actor: User) -> Job:
    """Begin to put back what a job changed, where nobody saved the row since.

    Raises ValidationError while it runs, when it changed nothing, and when that was asked for already.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.is_open:
        raise ValidationError(_("It is still running. Cancel it first."))
    done = job.parts.exclude(done_at=None).order_by("-number").values_list("outcome", flat=True)
    items = [row for outcome in done for row in outcome.get("undo", ())]
    if job.kind != CHANGE or not items:
        raise ValidationError(_("There is nothing to put back."))
    if job.undone_by.exists():
        raise ValidationError(_("That was asked for already."))
    title = _("Undo: %(what)s") % {"what": job.title}
    made = jobs.ask(UNDO, title=title, actor=actor, noun=job.noun, items=items, parameters=job.parameters, undoes=job)
    jobs.begin(made)
    return made


def _change(job: Job) -> jobs.Worker:
    noun, action = _of(job)
    edit = bulk.Edit(noun, action, _value(noun, action, job.parameters["value"]), actor=job.actor)

    def work(items: Sequence[Any]) -> jobs.Came:
        came = edit.change([uuids.UUID(one) for one in items])
        refused = [[str(row.uuid), str(row), words] for row, words in came.refused]
        return jobs.Came(len(items) - len(refused), len(refused), {"undo": came.undo, "refused": refused})

    return work


def _undo(job: Job) -> jobs.Worker:
    noun, action = _of(job)

    def work(items: Sequence[Any]) -> jobs.Came:
        back = bulk.take_back(noun, action, items, actor=job.actor)
        return jobs.Came(back, len(items) - back)

    return work


def _of(job: Job) -> tuple[Noun, bulk.Action]:
    noun = noun_of_key(job.noun)
    action = bulk.action_of(noun, job.parameters["action"])
    if action is None or not job.actor.is_active or not noun.allows(job.actor, "change"):
        raise ValidationError(_("%(who)s may not do this any more.") % {"who": job.actor})
    return noun, action


def _words(noun: Noun, action: bulk.Action, value: Any) -> str:
    """A value as people read it; "" for none."""
    if value in (None, ""):
        return ""
    choices = () if action.name in ("", "tags") else noun.model._meta.get_field(action.name).flatchoices  # type: ignore[union-attr]
    return str(dict(choices).get(value, value))


def _value(noun: Noun, action: bulk.Action, held: Any) -> Any:
    """The value that a job was asked to set. Raises ValidationError when the record that it was is gone."""
    if not action.name or held is None:
        return held
    target: Any = Tag if action.name == "tags" else noun.model._meta.get_field(action.name).related_model
    if target is None:
        return held
    found = target._default_manager.filter(pk=held).first()
    if found is None:
        raise ValidationError(_("What was chosen is not there any more."))
    return found


def register() -> None:
    """Let these be worked off; called once when the app is ready."""
    jobs.register_kind(CHANGE, _change)
    jobs.register_kind(UNDO, _undo)

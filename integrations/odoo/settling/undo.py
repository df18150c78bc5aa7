"""Undoing a run: values that are still what it wrote go back, what it made goes to the trash (rule 14).

Facts and mails cannot be undone, and what was changed since is kept. The undo is itself a run, with before-images of
its own, so that it can be undone. What it writes is a change made here like any other: the ordinary push tells Odoo,
and only where Odoo still holds what both sides had agreed on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import audit
from crm.models import Opportunity, Record, StageChange
from crm.services import records, trees
from integrations import outbox
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.leases import lease
from integrations.mailbox.runs import RunBook, image, keep_images
from integrations.models import BeforeImage, Binding, OutboxMessage, SyncRun
from integrations.models.bulk import update_rows
from integrations.models.collisions import try_again
from integrations.odoo.applying.history import change_from
from integrations.odoo.applying.tagging import load_tags, store_tags
from integrations.odoo.mappers import BY_MODEL, Maps, NounMap, maps_of
from integrations.odoo.mappers.kinds import AWAITED, Field, Json, base_pair, store_pair

logger = logging.getLogger(__name__)

KIND = SyncRun.Kind
CHUNK = 200
PREVIEWED = 2000
EXAMPLES = 5
ARCHIVED = {"res.partner": False, "crm.lead": "archived"}


@dataclass
class Step:
    """What undoing means for one image: `back` goes back, `kept` was changed since, `was` is the present value.

    `why` says why nothing of it can be undone; `title` is what the record is called now.
    """

    image: BeforeImage
    obj: Any
    noun: NounMap | None
    made: bool = False
    back: dict[Field, Json] = field(default_factory=dict)
    was: dict[Field, Json] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    why: str = ""
    title: str = ""


@dataclass
class Preview:
    """What an undo would do. `looked_at` of `total`: a long run is looked at in part; examples are steps."""

    total: int
    looked_at: int = 0
    back: int = 0
    archive: int = 0
    kept: int = 0
    already: int = 0
    impossible: int = 0
    facts: int = 0
    examples: dict[str, list[Step]] = field(default_factory=dict)


def refusal(run: SyncRun) -> str:
    """Why this run cannot be undone, in a sentence; empty when it can."""
    if run.finished_at is None:
        return _("It has not ended yet.")
    if run.started_at < timezone.now() - timedelta(days=settings.UNDO_DAYS):
        words = _("What stood in the records before is kept for %(days)d days; this run is older.")
        return words % {"days": settings.UNDO_DAYS}
    if SyncRun.objects.filter(undoes=run, finished_at=None).exists():
        return _("It is being undone now.")
    if run.remote_model not in BY_MODEL:
        return _("Notes, meetings and tasks happened; they stay in Odoo.")
    if not run.images.exists() and not _made(run).exists():
        return _("It changed nothing here that could be undone.")
    return ""


def total_of(run: SyncRun) -> int:
    """How many records an undo goes through. Two queries."""
    return run.images.count() + _made(run).count()


def _made(run: SyncRun) -> Any:
    """What the run made, here or in Odoo: what it tried to make and Odoo refused does not count."""
    mine = run.made.filter(remote_id__isnull=False)
    return mine if run.remote_model in BY_MODEL else mine.none()


def preview(run: SyncRun) -> Preview:
    """Say what an undo would do, with examples; writes nothing. A few queries per 200 records, 2,000 at most."""
    found = Preview(total=total_of(run), facts=_facts(run).count())
    position: dict[str, int] = {}
    while found.looked_at < PREVIEWED and (images := _next(run, position)):
        for step in _plan(maps_of(run.connection), images):
            found.looked_at += 1
            name = _name(step)
            setattr(found, name, getattr(found, name) + 1)
            shown = found.examples.setdefault(name, [])
            if len(shown) < EXAMPLES:
                shown.append(step)
    return found


def _name(step: Step) -> str:
    if step.why:
        return "impossible"
    if step.back:
        return "archive" if step.made else "back"
    return "kept" if step.kept else "already"


def _facts(run: SyncRun) -> Any:
    """Notes, meetings and tasks that the run has sent: they happened."""
    return run.messages.filter(kind=OutboxMessage.Kind.FACT, outcome=OutboxMessage.Outcome.SENT)


@transaction.atomic
def start(run: SyncRun, *, actor: Any, here_only: bool = False) -> SyncRun:
    """Begin to undo a run, as long work of its own. Raises ValidationError with the reason when it cannot be."""
    run = SyncRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if words := refusal(run):
        raise ValidationError(words)
    total = total_of(run)
    made = SyncRun.objects.create(
        connection_id=run.connection_id,
        kind=KIND.UNDO,
        remote_model=run.remote_model,
        undoes=run,
        here_only=here_only,
        asked_by=actor,
        total=total,
        unknown=total,
    )
    ring()
    return made


@transaction.atomic
def stop(run: SyncRun, *, actor: Any) -> None:
    """Ask an undo to stop after the chunk it is at; what was undone stays so. Raises ValidationError when it ended."""
    if not SyncRun.objects.filter(pk=run.pk, kind=KIND.UNDO, finished_at=None).update(
        stop_asked=True, error=_("Stopped by %(who)s.") % {"who": actor}
    ):
        raise ValidationError(_("It has ended already."))
    ring()


def ring() -> None:
    """Wake the worker after commit. A lost ring loses nothing: beat rings too."""

    def send() -> None:
        try:
            current_app.send_task("integrations.undo_due", retry=False)
        except Exception as error:  # the broker's own exceptions differ by transport
            logger.warning("undo.ring_failed", extra={"error": type(error).__name__})

    transaction.on_commit(send)


def work_off() -> int:
    """Work on every undo that was asked for and has not ended; returns how many ended. Goes on after a kill."""
    ended = 0
    for run in SyncRun.objects.filter(kind=KIND.UNDO, finished_at=None).select_related("undoes").order_by("id"):
        with lease(f"undo:{run.pk}") as held:
            if held is None:
                continue
            while _one_chunk(run):
                held.renew()
            ended += 1
    return ended


def _one_chunk(run: SyncRun) -> bool:
    """Undo the next records in one transaction; False at the end, when the run is closed."""
    run.refresh_from_db()
    if run.finished_at is not None or run.undoes is None:
        return False
    position = dict(run.position)
    images = [] if run.stop_asked else _next(run.undoes, position)
    if not images:
        _close(run)
        return False
    try:
        try_again(lambda: _undo_to(run, images, position))
    except (IntegrityError, DataError):
        with transaction.atomic():
            for one in images:
                _alone(run, one)
            SyncRun.objects.filter(pk=run.pk).update(position=position)
    return True


def _undo_to(run: SyncRun, images: Sequence[BeforeImage], position: Mapping[str, int]) -> None:
    _undo(run, images)
    SyncRun.objects.filter(pk=run.pk).update(position=position)


def _alone(run: SyncRun, one: BeforeImage) -> None:
    """What the database refuses stays as it is, and is counted."""
    try:
        with transaction.atomic():
            _undo(run, [one])
    except (IntegrityError, DataError):
        RunBook(run).settle(failed=1)


def _close(run: SyncRun) -> None:
    left = run.unknown
    with transaction.atomic():
        RunBook(run).settle(skipped=left)
        SyncRun.objects.filter(pk=run.pk).update(
            finished_at=timezone.now(), counts={**run.counts, **({"stopped": left} if left else {})}
        )


def _next(run: SyncRun, position: dict[str, int]) -> list[BeforeImage]:
    """The next images of a run, newest first, and then what it made, as images that nobody stored; moves `position`."""
    mine = run.images.order_by("-id")
    if "image" in position:
        mine = mine.filter(id__lt=position["image"])
    images = list(mine[:CHUNK])
    if images:
        position["image"] = images[-1].pk
        return images
    made = _made(run).order_by("-id")
    if "made" in position:
        made = made.filter(id__lt=position["made"])
    bindings = list(made[:CHUNK])
    if bindings:
        position["made"] = bindings[-1].pk
    return [
        BeforeImage(
            run=run,
            content_type_id=one.content_type_id,
            object_uuid=one.object_uuid,
            remote_model=one.remote_model,
            remote_id=one.remote_id,
        )
        for one in bindings
    ]


def _plan(maps: Maps, images: Sequence[BeforeImage], *, lock: bool = False) -> list[Step]:
    """What each image means as the records stand now; changes the objects in memory, for a record may come twice."""
    objects = objects_of(images, lock=lock)
    steps = [Step(one, objects.get(one.object_uuid), None, made=one.pk is None) for one in images]
    for step in steps:
        step.title = str(step.obj or "")
    tagged: dict[NounMap, dict[int, Any]] = {}
    for step in steps:
        step.noun = maps.noun(step.image.remote_model, step.obj._meta.label) if step.obj is not None else None
        if step.noun is not None and step.noun.tag_field:
            tagged.setdefault(step.noun, {})[step.obj.pk] = step.obj
    for noun, some in tagged.items():
        load_tags(noun, list(some.values()))
    for step in steps:
        _decide(step)
    return steps


def _decide(step: Step) -> None:
    noun, obj = step.noun, step.obj
    if noun is None:
        step.why = _("The record here is gone.")
    elif step.image.turned_from or "type" in step.image.fields:
        step.why = _("It turned into another kind of record, which cannot be undone.")
    elif isinstance(obj, Record) and obj.frozen_reason:
        step.why = str(obj.frozen_reason)
    elif step.made:
        _archive(step, noun)
    else:
        for name, (before, after) in step.image.fields.items():
            _decide_field(step, noun, name, before, after)
    for one, value in step.back.items():
        one.write(obj, value)


def _archive(step: Step, noun: NounMap) -> None:
    one = noun.by_remote.get("active")
    if one is None or noun.remote_model not in ARCHIVED:
        step.why = _("Tags stay: other records may have them by now.")
        return
    now = one.read(step.obj)
    if not one.same(now, ARCHIVED[noun.remote_model]):
        step.back[one], step.was[one] = ARCHIVED[noun.remote_model], now


def _decide_field(step: Step, noun: NounMap, name: str, before: Json, after: Json) -> None:
    one = noun.by_remote.get(name)
    if one is None:
        return
    now = one.read(step.obj)
    if one.same(now, before):
        return
    if not one.same(now, after) or one.follows(step.obj):
        step.kept.append(name)
        return
    step.back[one], step.was[one] = before, now


def _undo(run: SyncRun, images: Sequence[BeforeImage]) -> None:
    """One chunk, in the caller's transaction: lock, decide, write, keep the images of the undo, count."""
    bindings = {
        (one.remote_model, one.object_uuid): one
        for one in Binding.objects.select_for_update()
        .filter(
            connection_id=run.connection_id,
            remote_model__in={one.remote_model for one in images},
            object_uuid__in=[one.object_uuid for one in images],
        )
        .order_by("pk")
    }
    stages = {one.pk: one.stage_id for one in objects_of(images, lock=True).values() if isinstance(one, Opportunity)}
    steps = _plan(maps_of(run.connection), images, lock=True)
    failed = _refuse_circles(steps)
    changed = [step for step in steps if step.back]
    _save(run, changed, stages)
    keep_images(_own_images(run, changed))
    if run.here_only:
        _agree_to_differ(changed, bindings)
    elif changed:
        outbox.announce(*{step.obj.uuid: step.obj for step in changed}.values())
    impossible = sum(bool(step.why) for step in steps)
    RunBook(run).settle(sent=len(changed), skipped=len(steps) - len(changed) - impossible, failed=impossible)
    fields = sum(len(step.back) for step in changed)
    counts = {"fields": fields, "kept": sum(len(step.kept) for step in steps), "circles": failed}
    for name, value in counts.items():
        run.counts[name] = run.counts.get(name, 0) + value
    SyncRun.objects.filter(pk=run.pk).update(counts=run.counts)


def _refuse_circles(steps: Sequence[Step]) -> int:
    """A company must not come to stand below itself: such a step is left out. Returns how many."""
    refused = 0
    for step in steps:
        parents = [one for one in step.back if one.local == "parent" and step.back[one] is not None]
        for one in parents:
            target = type(step.obj)._default_manager.filter(pk=step.back[one]).first()
            try:
                if target is not None:
                    trees.ensure_no_circle(step.obj, field="parent", target=target, sentence=_("It stands below it."))
            except ValidationError:
                one.write(step.obj, step.was[one])
                del step.back[one], step.was[one]
                step.kept.append(one.remote)
                refused += 1
    return refused


def _save(run: SyncRun, steps: Sequence[Step], stages: Mapping[int, int | None]) -> None:
    """Write the objects of these steps, each once, by noun."""
    now = timezone.now()
    by_noun: dict[NounMap, dict[int, Step]] = {}
    touched: dict[NounMap, set[str]] = {}
    for step in steps:
        noun = step.noun
        if noun is None:
            continue
        records.stamp(step.obj, [one.local for one in step.back], now=now, actor=run.asked_by)
        by_noun.setdefault(noun, {})[step.obj.pk] = step
        for one in step.back:
            touched.setdefault(noun, set()).update(one.attributes)
    for noun, found in by_noun.items():
        names = touched[noun]
        objects = [step.obj for step in found.values()]
        if noun.label == "crm.Opportunity" and "stage" in names:
            names.add("stage_since")
            for obj in objects:
                if stages.get(obj.pk) != obj.stage_id:
                    obj.stage_since = now
                    StageChange.objects.create(
                        opportunity=obj, from_stage_id=stages.get(obj.pk), to_stage_id=obj.stage_id, changed_at=now
                    )
        update_rows(objects, [*sorted(names - {"tags"}), *records.STAMPED])
        audit.keep(
            *(
                change_from({one: step.was[one] for one in step.back}, step.obj, actor=run.asked_by)
                for step in found.values()
            )
        )
        if noun.tag_field and "tags" in names:
            store_tags(noun, objects)


def _own_images(run: SyncRun, steps: Sequence[Step]) -> list[BeforeImage]:
    """One image per record, from what stood there before the chunk to what stands there now."""
    found: dict[Any, tuple[Step, dict[str, Json]]] = {}
    for step in steps:
        _first, fields = found.setdefault(step.obj.uuid, (step, {}))
        for one, value in step.back.items():
            before = fields[one.remote][0] if one.remote in fields else step.was[one]
            fields[one.remote] = [before, value]
    return [
        image(
            run.pk,
            content_type_id=step.image.content_type_id,
            object_uuid=step.image.object_uuid,
            remote_model=step.image.remote_model,
            remote_id=step.image.remote_id,
            fields=fields,
        )
        for step, fields in found.values()
    ]


def _agree_to_differ(steps: Sequence[Step], bindings: dict[tuple[str, Any], Binding]) -> None:
    """A person wants the old value here and Odoo's there: that pair is what both sides agree on from now on."""
    moved: dict[int, Binding] = {}
    for step in steps:
        binding = bindings.get((step.image.remote_model, step.obj.uuid))
        if binding is None:
            continue
        for one, value in step.back.items():
            remote = base_pair(one, binding.base)[1]
            if remote is not AWAITED:
                store_pair(one, binding.base, value, remote)
                moved[binding.pk] = binding
    for binding in moved.values():
        binding.turn += 1
    update_rows(list(moved.values()), ["base", "turn"])


def prune(chunk: int) -> int:
    """Delete before-images older than the set days, in chunks; returns how many."""
    before = timezone.now() - timedelta(days=settings.UNDO_DAYS)
    deleted = 0
    while ids := list(
        BeforeImage.objects.filter(run__started_at__lt=before).order_by("pk").values_list("pk", flat=True)[:chunk]
    ):
        deleted += BeforeImage.objects.filter(pk__in=ids).delete()[0]
    return deleted

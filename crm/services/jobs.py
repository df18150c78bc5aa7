"""Long work: asked for, begun, worked off part by part, cancelled.

A part and the word that it is done are one transaction, and one worker at a time holds the lease of a job: so nothing
is done twice, and after a kill another worker goes on where it stopped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.audit import coming_from
from crm.models import Job, JobPart, Origin, User
from integrations.mailbox.leases import Held, LeaseLost, lease

logger = logging.getLogger(__name__)

SIZE = 100  # items of a part
STINT = 50  # seconds after which a worker lets other work come first
TRIES = 5
ASKED_DAYS, KEPT_DAYS = 1, 30
STATE = Job.State


@dataclass(frozen=True)
class Came:
    """What came of some items: how many succeeded, how many did not, and whatever the kind of work keeps."""

    done: int
    failed: int
    outcome: dict[str, Any] = field(default_factory=dict)


# Begins a stint of a job; returns what does some items. Raises ValidationError when the job cannot go on at all.
Worker = Callable[[Sequence[Any]], Came]
Begin = Callable[[Job], Worker]
_kinds: dict[str, Begin] = {}


def register_kind(key: str, begin: Begin) -> None:
    """Let jobs of this kind be worked off so."""
    _kinds[key] = begin


def ask(
    kind: str,
    *,
    title: str,
    actor: User,
    items: Sequence[Any],
    noun: str = "",
    parameters: dict[str, Any] | None = None,
    undoes: Job | None = None,
) -> Job:
    """Write down a job that is not begun yet: what was shown to a person is what will be done. A few statements."""
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind,
            title=title[:255],
            actor=actor,
            noun=noun,
            parameters=parameters or {},
            total=len(items),
            undoes=undoes,
        )
        starts = range(0, len(items), SIZE)
        parts = [JobPart(job=job, number=n, items=items[start : start + SIZE]) for n, start in enumerate(starts)]
        JobPart.objects.bulk_create(parts, batch_size=200)
    return job


@transaction.atomic
def begin(job: Job) -> None:
    """Begin a job that was asked for; twice is once. Raises ValidationError when it is too old."""
    begun = Job.objects.filter(pk=job.pk, state=STATE.ASKED).update(state=STATE.WAITING)
    if not begun and not Job.objects.filter(pk=job.pk).exists():
        raise ValidationError(_("This was shown too long ago. Choose the rows again."))
    ring()


@transaction.atomic
def cancel(job: Job) -> None:
    """Stop a job after the part that is being done; what was done stays. Raises ValidationError when it has ended."""
    waiting = Job.objects.filter(pk=job.pk, state__in=(STATE.ASKED, STATE.WAITING))
    now = timezone.now()
    if waiting.update(state=STATE.CANCELLED, cancel_asked=True, finished_at=now):
        return
    if not Job.objects.filter(pk=job.pk, state=STATE.RUNNING).update(cancel_asked=True):
        raise ValidationError(_("It has ended already."))
    ring()


def work_off() -> None:
    """Work on every open job that nobody works on, oldest first."""
    for job in Job.objects.filter(state__in=Job.OPEN).order_by("pk"):
        work_on(job)


def work_on(job: Job, *, seconds: float = STINT) -> None:
    """Do parts of a job until it ends, the time is up, or another worker has it."""
    with lease(f"job:{job.pk}") as held:
        if held is None:
            return
        job = Job.objects.select_related("actor").get(pk=job.pk)
        if not job.is_open:
            return
        try:
            with coming_from(Origin.PAGE):
                _stint(job, held, until=time.monotonic() + seconds)
        except LeaseLost:
            return
        except ValidationError as refusal:
            _end(job, STATE.FAILED, " ".join(refusal.messages))
        except Exception:
            logger.exception("job.stint_failed", extra={"job": str(job.uuid), "kind": job.kind})
            Job.objects.filter(pk=job.pk).update(tries=F("tries") + 1)
            if job.tries + 1 >= TRIES:
                _end(job, STATE.FAILED, _("It stopped several times at the same place; the rest was left as it was."))


def prune() -> int:
    """Delete jobs that ended long ago, and those that were shown and never begun; returns how many rows went."""
    now = timezone.now()
    never = Q(state=STATE.ASKED, made_at__lt=now - timedelta(days=ASKED_DAYS))
    old = Q(made_at__lt=now - timedelta(days=KEPT_DAYS)) & ~Q(state__in=Job.OPEN)
    return Job.objects.filter(never | old).delete()[0]


def ring() -> None:
    """Wake a worker after commit. A lost ring loses nothing: beat rings too."""

    def send() -> None:
        try:
            current_app.send_task("crm.work_off", retry=False)
        except Exception as error:  # the broker's own exceptions differ by transport
            logger.warning("job.ring_failed", extra={"error": type(error).__name__})

    transaction.on_commit(send)


def _stint(job: Job, held: Held, *, until: float) -> None:
    Job.objects.filter(pk=job.pk, state=STATE.WAITING).update(state=STATE.RUNNING, started_at=timezone.now())
    work = _kinds[job.kind](job)
    for pk in list(job.parts.filter(done_at=None).order_by("number").values_list("pk", flat=True)):
        held.renew()
        if Job.objects.filter(pk=job.pk, cancel_asked=True).exists():
            _end(job, STATE.CANCELLED)
            return
        if time.monotonic() > until:
            ring()
            return
        _do(job, pk, work)
    _end(job, STATE.DONE)


@transaction.atomic
def _do(job: Job, pk: int, work: Worker) -> None:
    part = JobPart.objects.get(pk=pk)
    came = work(part.items)
    mine = JobPart.objects.filter(pk=pk, done_at=None).update(outcome=came.outcome, done_at=timezone.now())
    if not mine:  # rolls back what was just done
        raise LeaseLost(f"job:{job.pk}")
    Job.objects.filter(pk=job.pk).update(done=F("done") + came.done, failed=F("failed") + came.failed, tries=0)


def _end(job: Job, state: str, problem: str = "") -> None:
    Job.objects.filter(pk=job.pk, state__in=Job.OPEN).update(state=state, problem=problem, finished_at=timezone.now())

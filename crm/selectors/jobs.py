"""Long work as people find it: their own jobs, administrators all of them, and what other apps have under way."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from crm.models import Job, User

LISTED = 50
NAMED = 100


@dataclass(frozen=True)
class Running:
    """Long work of another app: what it is, how far (0 to 100, or None when nobody knows), and its page."""

    title: Any
    percent: int | None
    url: str


_sources: list[Callable[[User], Sequence[Running]]] = []


def register_running(source: Callable[[User], Sequence[Running]]) -> None:
    """Show this work of another app among the jobs; called once for each page of them, with who looks."""
    if source not in _sources:
        _sources.append(source)


def running_elsewhere(user: User) -> list[Running]:
    """What other apps have under way that this person may know of."""
    return [one for source in _sources for one in source(user)]


def jobs_of(user: User) -> QuerySet[Job]:
    """The jobs that this person finds, newest first; those that were only shown are none."""
    found = Job.objects.exclude(state=Job.State.ASKED).select_related("actor").order_by("-id")
    return found if user.administers else found.filter(actor=user)


def job_of(user: User, uuid: uuids.UUID) -> Job | None:
    """One job that this person finds. One query."""
    return jobs_of(user).filter(uuid=uuid).first()


def refused_of(job: Job) -> list[list[str]]:
    """Uuid, name and reason of what failed, a hundred at most. One query."""
    parts = job.parts.exclude(done_at=None).order_by("number").values_list("outcome", flat=True)
    found: list[list[str]] = []
    for outcome in parts.iterator():
        found += outcome.get("refused", ())
        if len(found) >= NAMED:
            break
    return found[:NAMED]

"""Long work: the list of it, the page of one job with its bar, the bell, cancelling and taking back."""

from __future__ import annotations

import uuid as uuids

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import nouns
from crm.models import Job
from crm.selectors import jobs as reads
from crm.services import bulk_jobs, jobs
from crm.views.access import person
from crm.views.done import done

IN_BELL = 5


@require_safe
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """What is under way and what has ended lately. Queries: the jobs, and what other apps ask."""
    user = person(request)
    found = list(reads.jobs_of(user)[: reads.LISTED])
    context = {
        "heading": _("Long work"),
        "open": [job for job in found if job.is_open],
        "ended": [job for job in found if not job.is_open],
        "elsewhere": reads.running_elsewhere(user),
    }
    return render(request, "workspace/jobs.html", context)


@require_safe
@login_required
def bell(request: HttpRequest) -> HttpResponse:
    """The last jobs for the menu of the top bar."""
    user = person(request)
    found = list(reads.jobs_of(user)[:IN_BELL])
    return render(request, "workspace/_bell.html", {"jobs": found, "elsewhere": reads.running_elsewhere(user)})


@require_safe
@login_required
def page(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """How far a job is, and at its end what failed and the way back."""
    job = _job(request, uuid)
    undone = job.undone_by.first()
    noun = nouns.noun_of_key(job.noun) if job.noun else None
    may_undo = job.kind == bulk_jobs.CHANGE and not job.is_open and job.done and undone is None
    context = {
        "heading": job.title,
        "job": job,
        "noun": noun,
        "undone": undone,
        "may_undo": may_undo and noun is not None and noun.allows(person(request), "change"),
        "refused": [] if job.is_open else [(*one, _url(job, one[0])) for one in reads.refused_of(job)],
    }
    return render(request, "workspace/job.html", context)


@require_POST
@login_required
def cancel(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Stop a job; what was done stays."""
    job = _job(request, uuid)
    try:
        jobs.cancel(job)
    except ValidationError as refusal:
        messages.info(request, " ".join(refusal.messages))
        return redirect("workspace:job", uuid)
    return done(request, _("It is being cancelled; what was done so far stays."), _address(job))


@require_POST
@login_required
def undo(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Put back what a job changed, by another job."""
    job = _job(request, uuid)
    if not job.noun or not nouns.noun_of_key(job.noun).allows(person(request), "change"):
        raise Http404
    try:
        made = bulk_jobs.undo(job, actor=person(request))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("workspace:job", uuid)
    return redirect(_address(made))


def _job(request: HttpRequest, uuid: uuids.UUID) -> Job:
    job = reads.job_of(person(request), uuid)
    if job is None:
        raise Http404
    return job


def _address(job: Job) -> str:
    return reverse("workspace:job", args=(job.uuid,))


def _url(job: Job, uuid: str) -> str:
    return reverse("workspace:record", args=(job.noun, uuid))

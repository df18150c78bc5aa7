"""What the top bar tells on every page: how the sync stands, and how much long work is under way."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm import registry
from crm.models import Job
from crm.selectors import jobs
from crm.views.access import person


@require_safe
@login_required
def standing(request: HttpRequest) -> HttpResponse:
    """The lights and the number at the bell; asked for when a page is there, and each minute. Nine queries at most."""
    user = person(request)
    under_way = jobs.jobs_of(user).filter(state__in=Job.OPEN).count() + len(jobs.running_elsewhere(user))
    return render(request, "workspace/_standing.html", {"lights": registry.lights(user), "under_way": under_way})

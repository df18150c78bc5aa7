"""The first page: what is due, and the figures of the day."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm import registry
from crm.selectors.home import next_tasks
from crm.views.access import person


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The user's figures and next tasks."""
    user = person(request)
    return render(
        request, "workspace/home.html", {"tiles": registry.home_tiles(user), "tasks": next_tasks(user, limit=10)}
    )

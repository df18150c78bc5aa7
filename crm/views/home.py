"""The first page: what is due, the own pipeline, and what others have done since yesterday."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm import cells, registry
from crm.selectors import home as reads
from crm.views.access import person


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The user's day. Queries: the tiles' own, tasks, two for the pipeline, one per noun for the news."""
    user = person(request)
    heads = reads.my_pipeline(user)
    most = max((head.count for head in heads), default=0)
    context = {
        "tiles": registry.home_tiles(user),
        "tasks": reads.next_tasks(user, limit=10),
        "stages": [
            {
                "stage": head.stage,
                "count": head.count,
                "share": round(head.count * 100 / most),
                "worth": [cells.money(one.amount, one.currency) for one in head.worth],
            }
            for head in heads
        ],
        "news": reads.news(user),
    }
    return render(request, "workspace/home.html", context)

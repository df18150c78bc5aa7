"""What other apps say on top of a record's page, and the page's looking again while something is on its way."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from crm import registry
from crm.nouns import Noun
from crm.views.access import may, person, record_or_404

# One second after the page, then two, three …: two minutes in all.
MOST_LOOKS = 15


@require_safe
@may("view")
def panels(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """The panels as they stand now. `asked` in the query: how often the page has looked before."""
    record = record_or_404(request, noun, uuid)
    asked = request.GET.get("asked", "")
    looks = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    return render(request, "workspace/_panels.html", panels_of(request, noun, record, looks=looks))


def panels_of(request: HttpRequest, noun: Noun, record: Any, *, looks: int = 0) -> dict[str, Any]:
    """Context for _panels.html: the panels, and when to look again while one of them waits for something."""
    found = registry.record_panels(record, person(request))
    if looks >= MOST_LOOKS or not any(registry.WAITS in panel for panel in found):
        return {"panels": found}
    url = f"{reverse('workspace:panels', args=(noun, record.uuid))}?asked={looks + 1}"
    return {"panels": found, "again": {"url": url, "seconds": looks + 1}}

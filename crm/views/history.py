"""The history of one record: who changed what, when, and from where."""

from __future__ import annotations

import uuid as uuids

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.nouns import Noun
from crm.selectors import history
from crm.views.access import may, record_or_404

DIGITS = 18  # of the longest id


@require_safe
@may("view")
def record_history(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """All changes of a record, newest first, a stretch at a time."""
    record = record_or_404(request, noun, uuid)
    before = request.GET.get("before", "")
    told = before.isdecimal() and len(before) <= DIGITS
    entries, earlier = history.of_record(record.uuid, before=int(before) if told else None)
    page = {"noun": noun, "record": record, "entries": entries, "earlier": earlier}
    return render(request, "workspace/history.html", page)

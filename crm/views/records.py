"""The page of one record: its details, its timeline with a composer, and what stands beside it."""

from __future__ import annotations

import uuid as uuids
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import registry, related, timeline
from crm.models import Contact, Linked
from crm.nouns import Noun, url_of
from crm.selectors.merges import open_merges
from crm.views.access import may, person, record_or_404
from crm.views.composer import KINDS
from crm.views.details import sections_of
from crm.views.panels import panels_of
from crm.views.search import note_recent


@require_safe
@may("view")
def record_page(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """The record; a contact that became an account leads there."""
    record = record_or_404(request, noun, uuid)
    user = person(request)
    if isinstance(record, Contact) and record.moved_to is not None:
        messages.info(request, record.frozen_reason)
        return redirect(url_of(record.moved_to))
    note_recent(request, noun, record)
    may_change = noun.allows(user, "change")
    context = {
        "noun": noun,
        "record": record,
        **panels_of(request, noun, record),
        "sections": sections_of(noun, record),
        "boxes": list(related.boxes(record, user)),
        "merges": open_merges(record) if noun.merges else [],
        "actions": registry.record_actions(record) if may_change else [],
        "may_change": may_change,
        "can_edit": may_change and noun.editable(record),
        "can_trash": may_change and not record.frozen_reason,
        "kinds": KINDS if record._meta.model_name in Linked.LINKS and noun.allows(user, "change") else {},
        **_stretch(request, noun, record),
    }
    return render(request, "workspace/record.html", context)


@require_safe
@may("view")
def earlier(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """More of the timeline: the entries before the cursor."""
    record = record_or_404(request, noun, uuid)
    return render(request, "workspace/_timeline.html", _stretch(request, noun, record))


@require_POST
@may("change")
def trash(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Move to the trash; in Odoo it is archived."""
    return _put(request, noun, uuid, noun.archive, _("“%(name)s” is in the trash. Restore it below at any time."))


@require_POST
@may("change")
def restore(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Take out of the trash."""
    return _put(request, noun, uuid, noun.restore, _("“%(name)s” is back."))


def _put(request: HttpRequest, noun: Noun, uuid: uuids.UUID, service: Any, done: str) -> HttpResponse:
    record = record_or_404(request, noun, uuid)
    try:
        service(record, actor=person(request))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, done % {"name": record})
    return redirect(url_of(record))


def _stretch(request: HttpRequest, noun: Noun, record: Any) -> dict[str, Any]:
    found = timeline.stretch(record, person(request), cursor=request.GET.get("before", ""))
    address = reverse("workspace:timeline", args=(noun, record.uuid))
    return {"entries": found.entries, "earlier": f"{address}?before={quote(found.earlier)}" if found.earlier else ""}

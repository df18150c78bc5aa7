"""Records that are not where they were in Odoo: deleted, hidden, merged, or held back by the safety stop (rule 14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from crm import cells
from crm.admin.base import acting
from crm.admin.questions import run_each, sentences_of
from integrations.admin.base import model_words, odoo_link
from integrations.mailbox.bindings import objects_of
from integrations.models import Binding, Connection, MissingRecord, SafetyStop
from integrations.odoo.vanished import missing, stops

KIND, STATUS = MissingRecord.Kind, MissingRecord.Status
VIEW, CHANGE = "integrations.view_missingrecord", "integrations.change_missingrecord"
STOP_VIEW, STOP_CHANGE = "integrations.view_safetystop", "integrations.change_safetystop"
PER_PAGE = 50
Decision = tuple[Callable[[MissingRecord, Any], Any], Any]
# What the buttons of the deleted and hidden lists do, and how the outcome is told.
DECISIONS: dict[str, Decision] = {
    "drop": (lambda row, actor: missing.drop_here(row, actor=actor), gettext_lazy("dropped here")),
    "again": (lambda row, actor: missing.create_again(row, actor=actor), gettext_lazy("created again")),
    "look": (lambda row, actor: missing.look_again(row), gettext_lazy("asked for again")),
}


@dataclass(frozen=True)
class Line:
    """One missing record, ready to be shown."""

    pk: int
    record: SafeString | str
    model: SafeString
    odoo: SafeString | str
    owner: str
    found: SafeString | str
    links: int
    candidates: list[tuple[int, SafeString | str, str, str]]


@require_http_methods(["GET", "HEAD", "POST"])
def deleted_page(request: HttpRequest) -> HttpResponse:
    """Deleted in Odoo with changes here, and hidden from our user: a person chooses, for one or many at once."""
    kind = KIND.HIDDEN if request.GET.get("show") == KIND.HIDDEN else KIND.DELETED
    _may(request, VIEW, CHANGE)
    if request.method == "POST":
        _decide(request)
        return HttpResponseRedirect(request.get_full_path())
    return _page(request, kind, "admin/sync/deleted.html", _("Deleted and hidden in Odoo"))


@require_http_methods(["GET", "HEAD", "POST"])
def merged_page(request: HttpRequest) -> HttpResponse:
    """Merged in Odoo into one of several: a person names the survivor."""
    _may(request, VIEW, CHANGE)
    if request.method == "POST":
        _name_survivor(request)
        return HttpResponseRedirect(request.get_full_path())
    return _page(request, KIND.MERGED, "admin/sync/merged.html", _("Merged in Odoo"))


def _may(request: HttpRequest, view: str, change: str) -> None:
    if not request.user.has_perm(change if request.method == "POST" else view):
        raise PermissionDenied


def _decide(request: HttpRequest) -> None:
    decision = DECISIONS.get(request.POST.get("decision", ""))
    ids = _whole(request.POST.getlist("row"))
    if decision is None:
        messages.error(request, _("Say what is to be done with them."))
    elif not ids:
        messages.error(request, _("Choose at least one record first."))
    else:
        run, done = decision
        rows = MissingRecord.objects.filter(pk__in=ids).order_by("id")
        run_each(request, rows, lambda row: run(row, acting(request)), done=str(done))


def _name_survivor(request: HttpRequest) -> None:
    row = MissingRecord.objects.filter(pk__in=_whole([request.POST.get("row", "")])).first()
    chosen = _whole([request.POST.get("survivor", "")])
    try:
        if row is None:
            raise ValidationError(_("This record is not waiting any more."))
        if request.POST.get("decision") == "none":
            missing.was_deleted(row, actor=acting(request))
            messages.success(request, _("It was deleted, then. Say under Deleted what is to be done."))
            return
        if not chosen:
            raise ValidationError(_("Choose the record that it was merged into."))
        missing.merge_into(row, chosen[0], actor=acting(request))
        messages.success(request, _("What hung on it hangs on the survivor now."))
    except ValidationError as refusal:
        for sentence in sentences_of(refusal):
            messages.error(request, sentence)


def _whole(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19]


def _page(request: HttpRequest, kind: str, template: str, title: str) -> HttpResponse:
    rows = (
        MissingRecord.objects.filter(status=STATUS.OPEN, kind=kind)
        .select_related("connection")
        .defer("connection__secret")
        .order_by("-id")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    context = {
        **admin.site.each_context(request),
        "title": title,
        "kind": kind,
        "tabs": _tabs(kind),
        "page": page,
        "lines": _lines(found),
        "may_act": request.user.has_perm(CHANGE),
    }
    return TemplateResponse(request, template, context)


def _lines(rows: Sequence[MissingRecord]) -> list[Line]:
    objects = objects_of(rows)
    here = _known_here(rows)
    return [_line(row, objects.get(row.object_uuid), here) for row in rows]


def _line(row: MissingRecord, obj: Any, here: dict[tuple[str, int], Any]) -> Line:
    return Line(
        pk=row.pk,
        record=cells.link(obj) if obj is not None else _("(gone)"),
        model=model_words(row.remote_model),
        odoo=str(row.remote_id or cells.NOTHING),
        owner=str(getattr(obj, "email", "") or getattr(obj, "phone", "") or ""),
        found=cells.ago(row.found_at),
        links=len(row.links),
        candidates=[
            (
                one["id"],
                odoo_link(row.connection, row.remote_model, one["id"]),
                " · ".join(text for text in (one["name"], one["about"]) if text),
                cells.link(known) if (known := here.get((row.remote_model, one["id"]))) is not None else "",
            )
            for one in row.candidates
        ],
    )


def _known_here(rows: Sequence[MissingRecord]) -> dict[tuple[str, int], Any]:
    """The records here that the candidates are, by Odoo model and id. None without candidates."""
    ids = {one["id"] for row in rows for one in row.candidates}
    if not ids:
        return {}
    bindings = list(Binding.objects.filter(connection_id__in={row.connection_id for row in rows}, remote_id__in=ids))
    objects = objects_of(bindings)
    return {(one.remote_model, one.remote_id or 0): objects.get(one.object_uuid) for one in bindings}


@dataclass(frozen=True)
class Tab:
    """One part of these pages, and how much waits there."""

    title: Any
    url: str
    count: int
    active: bool


def _tabs(active: str) -> list[Tab]:
    open_rows = MissingRecord.objects.filter(status=STATUS.OPEN).order_by()
    waiting = dict(open_rows.values_list("kind").annotate(n=Count("id")))
    stopped = SafetyStop.objects.filter(status=SafetyStop.Status.OPEN).count()
    deleted = reverse("sync:deleted")
    return [
        Tab(_("Deleted"), deleted, waiting.get(KIND.DELETED, 0), active == KIND.DELETED),
        Tab(_("Hidden"), f"{deleted}?show=hidden", waiting.get(KIND.HIDDEN, 0), active == KIND.HIDDEN),
        Tab(_("Merged"), reverse("sync:merged"), waiting.get(KIND.MERGED, 0), active == KIND.MERGED),
        Tab(_("Safety stops"), reverse("sync:stops"), stopped, active == "stops"),
    ]


# --- the safety stop


@require_http_methods(["GET", "HEAD"])
def stops_page(request: HttpRequest) -> HttpResponse:
    """Where the sync stopped because too much vanished at once."""
    _may(request, STOP_VIEW, STOP_CHANGE)
    rows = SafetyStop.objects.exclude(status=SafetyStop.Status.OVER).select_related("settled_by").order_by("-id")[:20]
    context = {
        **admin.site.each_context(request),
        "title": _("Safety stops"),
        "tabs": _tabs("stops"),
        "stops": [
            (row, model_words(row.remote_model), len(row.remote_ids), stops.likely_reason(row), cells.ago(row.found_at))
            for row in rows
        ],
    }
    return TemplateResponse(request, "admin/sync/stops.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def stop_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One stop with its records; a person says whether they were deleted."""
    _may(request, STOP_VIEW, STOP_CHANGE)
    stop = get_object_or_404(SafetyStop.objects.select_related("settled_by"), pk=pk)
    if request.method == "POST":
        _answer(request, stop)
        return HttpResponseRedirect(reverse("sync:stop", args=(pk,)))
    page = Paginator(stop.remote_ids, PER_PAGE).get_page(request.GET.get("page"))
    connection = Connection.objects.defer("secret").get(pk=stop.connection_id)
    bindings = list(
        Binding.objects.filter(
            connection_id=stop.connection_id, remote_model=stop.remote_model, remote_id__in=list(page.object_list)
        ).order_by("remote_id")
    )
    objects = objects_of(bindings)
    context = {
        **admin.site.each_context(request),
        "title": _("Safety stop"),
        "tabs": _tabs("stops"),
        "stop": stop,
        "model": model_words(stop.remote_model),
        "count": len(stop.remote_ids),
        "percent": round(len(stop.remote_ids) * 100 / max(stop.bound, 1), 1),
        "reason": stops.likely_reason(stop),
        "found": cells.ago(stop.found_at),
        "page": page,
        "lines": [
            (
                cells.link(obj) if (obj := objects.get(one.object_uuid)) is not None else _("(gone)"),
                odoo_link(connection, one.remote_model, one.remote_id),
                one.get_state_display(),
            )
            for one in bindings
        ],
        "may_act": request.user.has_perm(STOP_CHANGE),
        "is_open": stop.status == SafetyStop.Status.OPEN,
        "may_confirm": stop.status in (SafetyStop.Status.OPEN, SafetyStop.Status.REFUSED),
    }
    return TemplateResponse(request, "admin/sync/stop.html", context)


def _answer(request: HttpRequest, stop: SafetyStop) -> None:
    answer = request.POST.get("answer")
    try:
        if answer == "yes":
            stops.confirm(stop, actor=acting(request))
            messages.success(request, _("Each of them is looked into now. What has changes here asks again."))
        elif answer == "no":
            stops.refuse(stop, actor=acting(request))
            messages.success(request, _("They stay here. They are in step again once Odoo shows them."))
        else:
            messages.error(request, _("Answer with yes or no."))
    except ValidationError as refusal:
        for sentence in sentences_of(refusal):
            messages.error(request, sentence)

"""The runs of the sync: what each met and what became of it, with the records behind each figure; undo with preview."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm import cells
from crm.admin.base import acting
from crm.admin.filters import ChoiceFilter
from crm.admin.questions import sentences_of
from integrations.admin.base import MODELS, LinkedAdmin, ModelFilter, StartedFilter, SyncAdmin, value, words
from integrations.models import BeforeImage, SyncRun
from integrations.odoo.mappers.values import label
from integrations.odoo.settling import undo

KIND = SyncRun.Kind
VIEW, CHANGE = "integrations.view_syncrun", "integrations.change_syncrun"
MADE_HERE = (KIND.PUSH, KIND.EDIT)
FIGURES = ("sent", "skipped", "failed", "unknown")
# What each figure means, by the direction of the run.
TITLES: dict[str, tuple[Any, Any, Any, Any]] = {
    "pull": (
        gettext_lazy("Taken over"),
        gettext_lazy("Nothing to do"),
        gettext_lazy("Refused here"),
        gettext_lazy("Unknown"),
    ),
    KIND.PUSH: (
        gettext_lazy("Sent"),
        gettext_lazy("Not sent"),
        gettext_lazy("Parked"),
        gettext_lazy("Unknown"),
    ),
    KIND.EDIT: (
        gettext_lazy("Changed"),
        gettext_lazy("Nothing to do"),
        gettext_lazy("Refused"),
        gettext_lazy("Unknown"),
    ),
    KIND.UNDO: (
        gettext_lazy("Undone"),
        gettext_lazy("Kept as it is"),
        gettext_lazy("Cannot be undone"),
        gettext_lazy("Still to do"),
    ),
}
COUNTS = {
    "created": gettext_lazy("new"),
    "updated": gettext_lazy("changed"),
    "unchanged": gettext_lazy("unchanged"),
    "conflicts": gettext_lazy("conflicts"),
    "held": gettext_lazy("to confirm"),
    "left_out": gettext_lazy("gone meanwhile"),
    "refused": gettext_lazy("refused"),
    "sent": gettext_lazy("sent"),
    "skipped": gettext_lazy("nothing to send"),
    "failed": gettext_lazy("parked"),
    "unknown": gettext_lazy("unknown"),
    "waiting": gettext_lazy("put back"),
    "fields": gettext_lazy("values written back"),
    "kept": gettext_lazy("values changed since"),
    "stopped": gettext_lazy("left when stopped"),
}


class OutcomeFilter(ChoiceFilter):
    """How a run ended."""

    title = gettext_lazy("outcome")
    parameter_name = "outcome"
    options = {
        "running": gettext_lazy("Not ended"),
        "failed": gettext_lazy("With an error"),
        "ended": gettext_lazy("Ended well"),
    }

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        lookups: dict[str, dict[str, Any]] = {
            "running": {"finished_at__isnull": True, "error": ""},
            "failed": {"error__gt": ""},
            "ended": {"finished_at__isnull": False, "error": ""},
        }
        return queryset.filter(**lookups[value])


@admin.register(SyncRun)
class SyncRunAdmin(SyncAdmin):
    list_display = ("started", "kind_column", "model_column", "outcome", "met", "figures", "took")
    list_filter = (("kind", ChoicesDropdownFilter), ModelFilter, OutcomeFilter, StartedFilter)
    ordering = ("-id",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The run's own page; nobody writes to it."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return run_page(request, int(object_id)) if object_id.isdecimal() else HttpResponseRedirect(_list_url())

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_column(self, row: SyncRun) -> str:
        return str(row.get_kind_display())

    @display(description=gettext_lazy("started"), ordering="id")
    def started(self, row: SyncRun) -> SafeString | str:
        return cells.ago(row.started_at)

    @display(description=gettext_lazy("outcome"), label={"ended": "success", "failed": "danger", "running": "warning"})
    def outcome(self, row: SyncRun) -> tuple[str, str]:
        if row.error:
            return "failed", _("Stopped") if row.stop_asked else _("Error")
        return ("ended", _("Ended")) if row.finished_at else ("running", _("Not ended"))

    @display(description=gettext_lazy("met"), ordering="total")
    def met(self, row: SyncRun) -> SafeString | str:
        return cells.number(row.total)

    @display(description=gettext_lazy("figures"))
    def figures(self, row: SyncRun) -> SafeString | str:
        shown = [f"{_figure(row.counts[name])} {title}" for name, title in COUNTS.items() if row.counts.get(name)]
        return words(", ".join(shown) or _("nothing to do"))

    @display(description=gettext_lazy("took"))
    def took(self, row: SyncRun) -> str:
        if row.finished_at is None or row.kind in (KIND.PUSH, KIND.HOOK):  # an hour of them
            return cells.NOTHING
        seconds = (row.finished_at - row.started_at).total_seconds()
        return f"{seconds:.1f} s" if seconds < 100 else _("%(minutes)d min") % {"minutes": seconds // 60}


@admin.register(BeforeImage)
class BeforeImageAdmin(LinkedAdmin):
    """What runs changed, record by record."""

    list_display = ("record_column", "model_column", "odoo_column", "changes", "run_column")
    list_display_links = ("changes",)
    list_filter = (ModelFilter,)
    search_fields = ("=remote_id",)
    search_help_text = gettext_lazy("Number in Odoo")
    ordering = ("-id",)
    joined = ("run",)
    fieldsets = ((None, {"fields": ["record_column", ("model_column", "odoo_column"), "run_column", "changes"]}),)
    readonly_fields = ("record_column", "model_column", "odoo_column", "run_column", "changes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super(SyncAdmin, self)
            .get_queryset(request)
            .select_related("run", "run__connection")
            .defer("run__connection__secret")
        )

    @display(description=gettext_lazy("record in Odoo"))
    def odoo_column(self, row: BeforeImage) -> SafeString | str:
        row.connection = row.run.connection  # type: ignore[attr-defined]
        return super().odoo_column(row)

    @display(description=gettext_lazy("before and after"))
    def changes(self, row: BeforeImage) -> SafeString | str:
        if row.turned_from:
            return _("It turned from %(noun)s.") % {"noun": row.turned_from.rpartition(".")[2].lower()}
        return words("; ".join(f"{name}: {_text(pair[0])} → {_text(pair[1])}" for name, pair in row.fields.items()))

    @display(description=gettext_lazy("run"))
    def run_column(self, row: BeforeImage) -> str:
        return str(row.run)


@dataclass(frozen=True)
class Figure:
    """One figure of a run: its words, and links to the records behind it."""

    name: str
    title: Any
    count: str
    sentence: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


@require_safe
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What a run met, and what became of it."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    run = _run(pk)
    done = run.total - run.unknown
    context = {
        **admin.site.each_context(request),
        "title": f"{run.get_kind_display()}: {_kind_of_record(run)}",
        "run": run,
        "figures": figures(run),
        "details": [(title, _figure(run.counts[name])) for name, title in COUNTS.items() if run.counts.get(name)],
        "undone_by": SyncRun.objects.filter(undoes=run).order_by("-id")[:5],
        "may_undo": request.user.has_perm(CHANGE),
        "refusal": undo.refusal(run),
        "running": run.kind == KIND.UNDO and run.finished_at is None,
        "percent": 100 if not run.total else done * 100 // run.total,
        "done": _figure(done),
        "left": _figure(run.unknown),
        "total": _figure(run.total),
        "list_url": _list_url(),
    }
    return TemplateResponse(request, "admin/sync/run.html", context)


def figures(run: SyncRun) -> list[Figure]:
    """The four figures of a run, which add up to what it met."""
    titles = TITLES.get(run.kind, TITLES["pull"])
    told = {KIND.PUSH: _of_push, KIND.EDIT: _of_edit, KIND.UNDO: _of_undo}.get(KIND(run.kind), _of_pull)(run)
    return [
        Figure(name, title, _figure(getattr(run, name)), *told[name])
        for name, title in zip(FIGURES, titles, strict=True)
    ]


Told = dict[str, tuple[str, list[tuple[str, str]]]]


def _of_pull(run: SyncRun) -> Told:
    held = _link("matchcandidate", _("Possible matches"), model=run.remote_model)
    return {
        "sent": (
            _("Made here, changed here, or looked into because Odoo does not list it any more."),
            [_mine("binding", _("New"), run), _mine("beforeimage", _("Changed"), run)],
        ),
        "skipped": (
            _("Equal on both sides, to be confirmed by a person, or gone before it could be read."),
            [held] if run.counts.get("held") else [],
        ),
        "failed": (_("Cannot be kept here; set aside with the reason."), [_mine("inboxmessage", _("Refused"), run)]),
        "unknown": (_("Read, but not applied when the run was cut off; a later run has met it again."), []),
    }


def _of_push(run: SyncRun) -> Told:
    return {
        "sent": (
            _("Odoo has it, and said so."),
            [
                _mine("outboxmessage", _("Messages"), run, outcome__exact="sent"),
                _mine("binding", _("New in Odoo"), run),
                _mine("beforeimage", _("Changed in Odoo"), run),
            ],
        ),
        "skipped": (
            _("Odoo had it already, a newer message tells it, or it was put back for a later try."),
            [
                _mine("outboxmessage", _("Nothing to send"), run, outcome__exact="skipped"),
                _mine("outboxmessage", _("Put back"), run, outcome__exact="put_back"),
            ],
        ),
        "failed": (
            _("Set aside with the reason."),
            [_mine("outboxmessage", _("Parked"), run, outcome__exact="failed")],
        ),
        "unknown": (
            _("Sent without an answer, or under way when the worker stopped; Odoo is asked before it is sent again."),
            [_mine("outboxmessage", _("Messages"), run, outcome__exact="")],
        ),
    }


def _of_edit(run: SyncRun) -> Told:
    return {
        "sent": (
            _("Changed here; what Odoo knows of it is sent like any other change."),
            [_mine("beforeimage", _("Records"), run)],
        ),
        "skipped": (_("They were so already."), []),
        "failed": (_("Somebody changed them in the same moment, or the change does not fit them."), []),
        "unknown": ("", []),
    }


def _of_undo(run: SyncRun) -> Told:
    return {
        "sent": (
            _("At least one value went back, or what was made went to the trash."),
            [_mine("beforeimage", _("Records"), run)],
        ),
        "skipped": (_("Changed by somebody since, or as it was before already."), []),
        "failed": (_("The record is gone or history, turned into another kind, or is a tag."), []),
        "unknown": (_("Not reached yet."), []),
    }


def _mine(table: str, title: str, run: SyncRun, /, **lookups: str) -> tuple[str, str]:
    return _link(table, title, run__id__exact=str(run.pk), **lookups)


def _link(table: str, title: str, /, **lookups: str) -> tuple[str, str]:
    return title, f"{reverse(f'admin:integrations_{table}_changelist')}?{urlencode(lookups)}"


# --- undo


@require_http_methods(["GET", "HEAD", "POST"])
def undo_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview what undoing a run would do; a POST begins it. For admins."""
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    run = _run(pk)
    if request.method == "POST":
        try:
            made = undo.start(run, actor=acting(request), here_only=_here_only(request, run))
        except ValidationError as refusal:
            for sentence in sentences_of(refusal):
                messages.error(request, sentence)
            return HttpResponseRedirect(_page_of(run))
        messages.success(request, _("It is being undone; you may leave this page, the work goes on."))
        return HttpResponseRedirect(_page_of(made))
    refusal_words, total = undo.refusal(run), undo.total_of(run)
    context = {
        **admin.site.each_context(request),
        "title": _("Undo: %(run)s") % {"run": f"{run.get_kind_display()}, {_kind_of_record(run)}"},
        "run": run,
        "back": _page_of(run),
        "refusal": refusal_words,
        "groups": [] if refusal_words else _groups(undo.preview(run), run),
        "looked_at": _figure(undo.PREVIEWED),
        "total": _figure(total),
        "cut": total > undo.PREVIEWED,
        "may_choose": run.kind not in MADE_HERE,
    }
    return TemplateResponse(request, "admin/sync/undo.html", context)


def _here_only(request: HttpRequest, run: SyncRun) -> bool:
    scope = request.POST.get("scope", "both")
    if scope not in ("both", "here") or (scope == "here" and run.kind in MADE_HERE):
        raise ValidationError(_("Say whether the values go back on both sides or here only."))
    return scope == "here"


@require_POST
def stop_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an undo after the records it is at."""
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    run = _run(pk)
    try:
        undo.stop(run, actor=acting(request))
        messages.success(request, _("It stops after the records it is at. What was undone stays so."))
    except ValidationError as refusal:
        for sentence in sentences_of(refusal):
            messages.error(request, sentence)
    return HttpResponseRedirect(_page_of(run))


@dataclass(frozen=True)
class Group:
    """One part of the preview."""

    name: str
    title: Any
    count: str
    rows: list[tuple[Any, list[tuple[str, Any, Any]], str]]


GROUPS = {
    "back": gettext_lazy("Values that go back"),
    "archive": gettext_lazy("Made by this run: to the trash"),
    "kept": gettext_lazy("Changed since: kept as it is"),
    "already": gettext_lazy("As before already"),
    "impossible": gettext_lazy("Cannot be undone"),
}


def _groups(found: undo.Preview, run: SyncRun) -> list[Group]:
    groups = [
        Group(name, title, _figure(getattr(found, name)), [_example(step) for step in found.examples.get(name, [])])
        for name, title in GROUPS.items()
        if getattr(found, name)
    ]
    if found.facts:
        told = _("Notes, meetings and tasks happened: they stay in Odoo.")
        groups.append(Group("facts", _("Facts and mails"), _figure(found.facts), [(told, [], "")]))
    return groups


def _example(step: undo.Step) -> tuple[Any, list[tuple[str, Any, Any]], str]:
    record = cells.link(step.obj, step.title) if step.obj is not None else _("(gone)")
    noun, changes, names = step.noun, [], []
    if noun is not None:
        told = {} if step.made else step.back
        changes = [(label(noun, one), value(step.was[one]), value(new)) for one, new in told.items()]
        names = [label(noun, noun.by_remote[name]) for name in step.kept]
    kept = _("kept: %(fields)s") % {"fields": ", ".join(names)} if names else ""
    return record, changes, step.why or kept


def _run(pk: int) -> SyncRun:
    rows = SyncRun.objects.select_related("connection", "undoes", "asked_by").defer("connection__secret")
    return get_object_or_404(rows, pk=pk)


def _kind_of_record(run: SyncRun) -> str:
    return str(MODELS.get(run.remote_model, run.remote_model))


def _page_of(run: SyncRun) -> str:
    return reverse("sync:run", args=(run.pk,))


def _list_url() -> str:
    return reverse("admin:integrations_syncrun_changelist")


def _figure(count: int) -> str:
    return number_format(count, force_grouping=True)


def _text(shown: Any) -> str:
    return str(shown) if shown not in (None, "", []) else "–"

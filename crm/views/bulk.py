"""Changing many rows of a list at once: asked for, previewed, done, and taken back."""

from __future__ import annotations

import uuid as uuids
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from crm.forms import form_of
from crm.models import Job, Stage, Tag, User
from crm.nouns import Noun
from crm.services import bulk, bulk_jobs, jobs
from crm.views.access import may, person, uuid_of
from crm.views.addresses import address, tidy

UNDO_SECONDS = 3600
NAMED = 5
MERGE = bulk.Action("merge", gettext_lazy("Merge two"), "git-merge")


@require_POST
@may("change")
def change(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Show what an action would do with the rows chosen, or with all that match; with `go` do it.

    The rows of the preview travel in the form, so that what was shown is what is done.
    """
    if request.POST.get("action") == MERGE.key and noun.merges:
        return _to_merge(request, noun)
    action = bulk.action_of(noun, request.POST.get("action", ""))
    if action is None:
        return _refuse(request, noun, _("Choose what to do with the rows."))
    if "go" in request.POST and "job" in request.POST:
        return _begin(request, noun, action)
    wanted, asked, problem = _wanted(request, noun)
    if problem:
        return _refuse(request, noun, problem)
    many = len(wanted) > bulk.NOW
    form = _form_of(noun, action, person(request), request.POST if "value" in request.POST else None)
    kept = {} if many and "all" in request.POST else {"rows": " ".join(map(str, wanted))}
    context: dict[str, Any] = {"action": action, "form": form, "count": len(wanted), **kept}
    if form is not None and not form.is_valid():
        return _panel(request, noun, context, status=422 if form.is_bound else 200)
    value = form.cleaned_data["value"] if form is not None else None
    if "go" in request.POST:
        return _begin(request, noun, action) if many else _go(request, noun, wanted, action, value)
    shown = _preview(request, noun, wanted, action, value)
    return _panel(request, noun, {**context, **shown, "missing": asked - len(wanted)})


@require_POST
@may("change")
def take_back(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Take back what the token names, where nobody saved the row since."""
    user = person(request)
    try:
        held = signing.loads(request.POST.get("undo", ""), salt=_salt(noun, user), max_age=UNDO_SECONDS)
        action = bulk.action_of(noun, held["action"])
    except signing.BadSignature:
        action = None
    if action is None:
        return _refuse(request, noun, _("This can no longer be taken back; change the records by hand."))
    back = bulk.take_back(noun, action, held["rows"], actor=user)
    words = ngettext("%(count)d put back.", "%(count)d put back.", back) % {"count": back}
    if kept := len(held["rows"]) - back:
        left = ngettext("%(count)d was changed since.", "%(count)d were changed since.", kept) % {"count": kept}
        words = f"{words} {left} {_('What was saved later stays.')}"
    return _done(request, noun, {"words": words, "good": not kept})


def _preview(
    request: HttpRequest, noun: Noun, wanted: list[uuids.UUID], action: bulk.Action, value: Any
) -> dict[str, Any]:
    """What would be done; a job is written down for what takes long, so that what was shown is what is done."""
    rows = list(noun.rows(person(request)).filter(uuid__in=wanted[: bulk.NOW]).order_by("pk"))
    plan = bulk.plan(rows, action, value)
    shown: dict[str, Any] = {"plan": plan, "named": plan.changing[:NAMED], "frozen": plan.frozen[:NAMED]}
    if len(wanted) > bulk.NOW:
        job = bulk_jobs.ask(noun, wanted, action, value, actor=person(request))
        return {**shown, "job": job, "changing": len(wanted), "more": len(wanted) - len(shown["named"])}
    more = len(plan.changing) - NAMED
    return {**shown, "changing": len(plan.changing), "more": more}


def _begin(request: HttpRequest, noun: Noun, action: bulk.Action) -> HttpResponse:
    """Begin the job that the preview showed, whatever the filter finds by now, and lead to it."""
    form = _form_of(noun, action, person(request), request.POST)
    value = form.cleaned_data["value"] if form is not None and form.is_valid() else None
    asked = uuid_of(request.POST.get("job", ""))
    mine = Job.objects.filter(uuid=asked, actor=person(request), noun=noun.key) if asked else Job.objects.none()
    job = mine.filter(parameters=bulk_jobs.kept(action, value)).first()
    if job is None:
        return _refuse(request, noun, _("This is not what was shown, or it was too long ago. Choose the rows again."))
    jobs.begin(job)
    return _lead(request, reverse("workspace:job", args=(job.uuid,)))


def _to_merge(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Two rows lead to the page where they stand side by side."""
    wanted, _asked, problem = _wanted(request, noun)
    if problem or len(wanted) != 2:
        return _refuse(request, noun, _("Select exactly two rows to merge them."))
    query = urlencode({"record": wanted}, doseq=True)
    return _lead(request, f"{reverse('workspace:merge', args=(noun,))}?{query}")


def _lead(request: HttpRequest, where: str) -> HttpResponse:
    if not _by_htmx(request):
        return redirect(where)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = where
    return answer


def actions_for(noun: Noun, *, in_trash: bool) -> list[bulk.Action]:
    """What the bar under a list offers for the rows selected."""
    found = bulk.actions_of(noun, in_trash=in_trash)
    return [*found, MERGE] if noun.merges and not in_trash else found


def _go(request: HttpRequest, noun: Noun, wanted: list[uuids.UUID], action: bulk.Action, value: Any) -> HttpResponse:
    user = person(request)
    outcome = bulk.apply(noun, wanted, action, value, actor=user)
    changed = len(outcome.undo)
    words = ngettext("%(count)d changed.", "%(count)d changed.", changed) % {"count": changed}
    if outcome.refused:
        count = len(outcome.refused)
        words += " " + ngettext("%(count)d was refused:", "%(count)d were refused:", count) % {"count": count}
    held = {"action": action.key, "rows": outcome.undo}
    undo = signing.dumps(held, salt=_salt(noun, user), compress=True) if changed else ""
    refused = outcome.refused[:NAMED]
    return _done(request, noun, {"words": words, "good": not refused, "undo": undo, "refused": refused})


def _wanted(request: HttpRequest, noun: Noun) -> tuple[list[uuids.UUID], int, str]:
    """The rows chosen that this person sees, how many were asked for, and what is wrong with the choice."""
    rows = noun.rows(person(request))
    if "all" in request.POST:
        chosen = noun.filters(tidy(request.GET), queryset=rows, request=request)
        if not chosen.is_valid():
            return [], 0, _("The filters do not fit; go back to the list and mend them.")
        rows = chosen.qs
        asked = None
    else:
        wanted = {*request.POST.getlist("row"), *request.POST.get("rows", "").split()}
        rows = rows.filter(uuid__in=list(filter(None, map(uuid_of, wanted)))[: bulk.MOST + 1])
        asked = len(wanted)
    found = list(rows.order_by("pk").values_list("uuid", flat=True)[: bulk.MOST + 1])
    if len(found) > bulk.MOST:
        most = number_format(bulk.MOST, force_grouping=True)
        return [], 0, _("At most %(most)s rows can be changed at once; narrow the filters.") % {"most": most}
    return found, len(found) if asked is None else asked, "" if found else _("Select rows first.")


def _form_of(noun: Noun, action: bulk.Action, user: User, data: Any) -> forms.Form | None:
    """The form that asks for the value; None where there is nothing to ask."""
    if not action.name:
        return None
    if action.name == "tags":
        field: Any = forms.ModelChoiceField(Tag.objects.filter(archived_at__isnull=True), label=_("Tag"))
    else:
        field = form_of(noun, [action.name], user).base_fields[action.name]
        if getattr(field, "queryset", None) is not None and field.queryset.model is User:
            field.empty_label = _("Nobody")
        if getattr(field, "queryset", None) is not None and field.queryset.model is Stage:
            field.queryset = Stage.objects.filter(archived_at__isnull=True)
    return type("ValueForm", (forms.Form,), {"value": field})(data)


def _salt(noun: Noun, user: User) -> str:
    return f"bulk-undo:{noun.key}:{user.pk}"


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _frame(request: HttpRequest, noun: Noun) -> dict[str, Any]:
    query = address(tidy(request.GET), cursor="")
    return {
        "noun": noun,
        "here": reverse("workspace:bulk", args=(noun,)) + query,
        "undo_url": reverse("workspace:bulk-undo", args=(noun,)) + query,
        "back": noun.list_url + query,
        "dialog": _by_htmx(request),
    }


def _panel(request: HttpRequest, noun: Noun, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    template = "workspace/_bulk.html" if _by_htmx(request) else "workspace/bulk.html"
    return render(request, template, {**_frame(request, noun), **context}, status=status)


def _refuse(request: HttpRequest, noun: Noun, problem: str) -> HttpResponse:
    return _panel(request, noun, {"problem": problem}, status=422)


def _done(request: HttpRequest, noun: Noun, context: dict[str, Any]) -> HttpResponse:
    template = "workspace/_bulk_done.html" if _by_htmx(request) else "workspace/bulk.html"
    return render(request, template, {**_frame(request, noun), "done": True, **context})

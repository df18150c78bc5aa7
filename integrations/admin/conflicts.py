"""The conflict inbox: fields that both sides changed, to be settled by one key, many at once, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from crm.admin.base import acting
from crm.admin.questions import CONFIRMED, Question
from integrations.admin.base import MODELS
from integrations.admin.conflict_rows import RULES, groups_of, name_of, value_in_words
from integrations.models import Conflict, Connection
from integrations.odoo.mappers import BY_MODEL, Maps, maps_of
from integrations.odoo.mappers.values import label
from integrations.odoo.settling import conflicts as service

VIEW, SETTLE = "integrations.view_conflict", "integrations.change_conflict"
RECORDS = 25
LINES = 12
COUNTED = 10_000
TABS = {
    "open": (gettext_lazy("Open"), Conflict.Status.OPEN),
    "rule": (gettext_lazy("Settled by rule"), Conflict.Status.BY_RULE),
    "people": (gettext_lazy("Settled by people"), Conflict.Status.BY_PERSON),
}
BULK_RULES = ("odoo", "here", "newest")


@require_http_methods(["GET", "HEAD", "POST"])
def conflicts(request: HttpRequest) -> HttpResponse:
    """The inbox; a POST settles one conflict or takes one back. For those who may settle, managers included."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    narrowed = narrow(request)
    tab = request.GET.get("state", "open")
    tab = tab if tab in TABS else "open"
    rows = narrowed.filter(status=TABS[tab][1])
    found, more = page_of(rows, before=whole(request.GET.get("before")))
    one_record = bool(_uuid(request.GET.get("record")))
    groups = groups_of(found, most=service.MOST_AT_ONCE if one_record else LINES)
    context = {
        **admin.site.each_context(request),
        "title": _("Conflicts"),
        "groups": groups,
        "tabs": [(key, words, _count(narrowed.filter(status=status))) for key, (words, status) in TABS.items()],
        "tab": tab,
        "kept": _kept(request),
        "models": [(key, words) for key, words in MODELS.items() if key in BY_MODEL],
        "fields": field_choices(_maps(), request.GET.get("model", "")),
        "chosen": {name: request.GET.get(name, "") for name in ("model", "field", "record")},
        "next_url": _url(request, before=str(more)) if more else "",
        "first_url": _url(request, before="") if request.GET.get("before") else "",
        "clear_url": f"{reverse('sync:conflicts')}?{urlencode({'state': tab})}",
        "record_url": f"{reverse('sync:conflicts')}?state={tab}&record=",
        "may_settle": request.user.has_perm(SETTLE),
        "bulk_rules": [(key, RULES[key]) for key in BULK_RULES],
        "last": _last(request),
    }
    return TemplateResponse(request, "admin/sync/conflicts.html", context)


def narrow(request: HttpRequest) -> QuerySet[Conflict]:
    """The conflicts that the address asks for, of all states; nonsense in it is left aside."""
    asked = request.GET
    rows = (
        Conflict.objects.exclude(connection__state=Connection.State.OFF)
        .select_related("connection", "here_by", "settled_by")
        .defer("connection__secret")
    )
    if asked.get("model") in BY_MODEL:
        rows = rows.filter(remote_model=asked["model"])
    if asked.get("field", "").isprintable() and asked.get("field"):
        rows = rows.filter(field=asked["field"])
    if record := _uuid(asked.get("record")):
        rows = rows.filter(object_uuid=record)
    return rows


def page_of(rows: QuerySet[Conflict], *, before: int | None) -> tuple[list[Conflict], int]:
    """The conflicts of the next 25 records, newest record first, and where the page after them begins, 0 for nowhere.

    Two queries.
    """
    heads = rows.order_by().values("object_uuid").annotate(last=Max("id"))
    if before:
        heads = heads.filter(last__lt=before)
    found = list(heads.order_by("-last")[: RECORDS + 1])
    shown = {one["object_uuid"]: number for number, one in enumerate(found[:RECORDS])}
    lines = sorted(rows.filter(object_uuid__in=shown).order_by("id"), key=lambda one: shown[one.object_uuid])
    return lines, found[RECORDS - 1]["last"] if len(found) > RECORDS else 0


def field_choices(maps: Maps, remote_model: str) -> list[tuple[str, str]]:
    """Odoo's name and people's name of each mapped field, of one model or of all."""
    chosen = [maps.of(remote_model)] if remote_model in maps.by_model else list(maps.two_way)
    found: dict[str, str] = {}
    for model_map in chosen:
        for noun in model_map.nouns:
            for one in noun.fields:
                found.setdefault(one.remote, label(noun, one))
    return sorted(found.items(), key=lambda pair: pair[1].casefold())


def _maps() -> Maps:
    """The maps of the live connection. One query."""
    return maps_of(Connection.live())


# --- acting


def _act(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(SETTLE):
        raise PermissionDenied
    conflict = narrow(request).filter(pk=whole(request.POST.get("id")) or 0).first()
    if conflict is None:
        messages.error(request, _("This conflict is no longer there."))
        return HttpResponseRedirect(_url(request))
    if request.POST.get("do") == "back":
        return _take_back(request, conflict)
    try:
        service.settle(
            conflict,
            winner=request.POST.get("winner", ""),
            actor=acting(request),
            seen=request.POST.get("seen", ""),
        )
    except ValidationError as refusal:
        _tell(request, refusal)
        return HttpResponseRedirect(_url(request))
    return HttpResponseRedirect(_url(request, done=str(conflict.pk)))


def _take_back(request: HttpRequest, conflict: Conflict) -> HttpResponse:
    try:
        found = service.take_back(conflict, actor=acting(request), anyway=request.POST.get("anyway", ""))
    except service.ChangedSinceError as refusal:
        return _ask_anyway(request, conflict, refusal)
    except ValidationError as refusal:
        _tell(request, refusal)
        return HttpResponseRedirect(_url(request, done=""))
    if found.status == Conflict.Status.OPEN:
        messages.success(request, _("“%(field)s” is asked again.") % {"field": name_of(found)})
    else:
        lost = found.here if found.winner == "here" else found.odoo
        words = _("“%(field)s” is “%(value)s” again, here and within seconds in Odoo.")
        messages.success(request, words % {"field": name_of(found), "value": value_in_words(found, lost)})
    return HttpResponseRedirect(_url(request, done=""))


def _ask_anyway(request: HttpRequest, conflict: Conflict, refusal: service.ChangedSinceError) -> HttpResponse:
    lost = conflict.here if conflict.winner == "odoo" else conflict.odoo
    question = Question(
        title=_("Put the old value of “%(field)s” back all the same?") % {"field": name_of(conflict)},
        sentences=[
            _("The value has been changed since this conflict was settled."),
            _("It is “%(value)s” now.") % {"value": value_in_words(conflict, refusal.now)},
            _("It would become “%(value)s”, here and in Odoo.") % {"value": value_in_words(conflict, lost)},
        ],
        button=_("Put it back"),
        icon="undo",
        back=_url(request, done=""),
        hidden=[("do", "back"), ("id", str(conflict.pk)), ("anyway", refusal.stamp)],
    )
    return ask(request, question)


@require_http_methods(["GET", "HEAD", "POST"])
def settle_many(request: HttpRequest) -> HttpResponse:
    """Settle the open conflicts that the filters leave, by one rule; says first how many go to which side."""
    if not request.user.has_perm(SETTLE):
        raise PermissionDenied
    rule, back = request.GET.get("rule", ""), f"{reverse('sync:conflicts')}?{urlencode(_kept(request))}"
    if rule not in BULK_RULES:
        messages.error(request, _("Choose a rule: Odoo wins, here wins, or the newest wins."))
        return HttpResponseRedirect(back)
    rows = service.in_bulk(narrow(request), _maps())
    if upto := whole(request.POST.get("upto")):
        rows = rows.filter(pk__lte=upto)
    chosen = list(rows[: service.MOST_AT_ONCE])
    if not chosen:
        messages.info(request, _("There is no open conflict to settle."))
        return HttpResponseRedirect(back)
    if request.method != "POST" or CONFIRMED not in request.POST:
        return ask(request, _bulk_question(chosen, rule, rows.count(), back))
    done = service.settle_many(chosen, rule=rule, actor=acting(request))
    if done.here or done.odoo:
        words = _("Settled: %(here)d for here, %(odoo)d for Odoo.")
        messages.success(request, words % {"here": done.here, "odoo": done.odoo})
    for one, sentence in done.refused[:5]:
        messages.error(request, f"{name_of(one)}: {sentence}")
    if len(done.refused) > 5:
        messages.error(request, _("%(n)d more were refused.") % {"n": len(done.refused) - 5})
    return HttpResponseRedirect(back)


def _bulk_question(chosen: Sequence[Conflict], rule: str, total: int, back: str) -> Question:
    here = sum(service.winner_of(one, rule) == "here" for one in chosen)
    count = len(chosen)
    sentences = [
        _("%(n)d keep the value here; Odoo gets it.") % {"n": here},
        _("%(n)d take Odoo's value.") % {"n": count - here},
        _("Each can be taken back afterwards, under “Settled by people”."),
    ]
    if total > count:
        sentences.append(_("The other %(n)d stay open; settle them in a further turn.") % {"n": total - count})
    if rule == "newest":
        sentences.append(_("The newest is per record on Odoo's side; within two seconds Odoo wins."))
    title = ngettext("Settle %(n)d conflict: %(rule)s?", "Settle %(n)d conflicts: %(rule)s?", count)
    return Question(
        title=title % {"n": count, "rule": RULES[rule]},
        sentences=sentences,
        button=_("Settle"),
        icon="done_all",
        back=back,
        hidden=[("upto", str(chosen[-1].pk))],
    )


def ask(request: HttpRequest, question: Question) -> HttpResponse:
    """Show a question that belongs to no model's admin."""
    context = {
        **admin.site.each_context(request),
        "title": question.title,
        "question": question,
        "form": question.form,
        "media": question.form.media if question.form is not None else "",
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/crm/question.html", context)


# --- small things


def _tell(request: HttpRequest, refusal: ValidationError) -> None:
    for words in refusal.messages:
        messages.error(request, words)


def _last(request: HttpRequest) -> dict[str, Any] | None:
    """What this person has just settled, to be taken back by one key. One query."""
    done = whole(request.GET.get("done"))
    found = Conflict.objects.filter(pk=done, status=Conflict.Status.BY_PERSON).first() if done else None
    if found is None:
        return None
    words = _("“%(field)s” is settled: %(side)s.")
    return {"pk": found.pk, "words": words % {"field": name_of(found), "side": found.get_winner_display()}}


def _kept(request: HttpRequest) -> dict[str, str]:
    """The filters, to be carried along."""
    return {name: request.GET[name] for name in ("model", "field", "record") if request.GET.get(name)}


def _url(request: HttpRequest, **changed: str) -> str:
    """The address of this page with some of its parameters changed; an empty one is left out."""
    kept = {name: value for name, value in request.GET.items() if name != "done"} | changed
    held = {name: value for name, value in kept.items() if value}
    return f"{reverse('sync:conflicts')}?{urlencode(held)}" if held else reverse("sync:conflicts")


def _count(rows: QuerySet[Conflict]) -> str:
    count = rows.order_by()[: COUNTED + 1].count()
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"


def whole(text: Any) -> int | None:
    """The whole number that a text of the address or a form holds; None for anything else."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 18 else None


def _uuid(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text)) if text else None
    except ValueError:
        return None

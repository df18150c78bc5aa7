"""Parked messages: by reason, with Odoo's own words; corrected, sent again one or many, or dropped with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.forms.models import fields_for_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from crm import cells, own_form
from crm.admin import own_widgets
from crm.admin.base import acting
from crm.admin.questions import CONFIRMED, REFUSALS, Question, run_each, sentences_of
from crm.html import to_lines
from crm.models import Note
from integrations.admin.base import MODELS, WhyForm, model_words, odoo_link
from integrations.admin.conflicts import ask, whole
from integrations.decisions import parked
from integrations.mailbox.bindings import objects_of
from integrations.models import InboxMessage, OutboxMessage
from integrations.odoo.settling.payload import Payload, correct, payload_of

VIEW, REPAIR = "integrations.view_outboxmessage", "integrations.change_outboxmessage"
REASON = OutboxMessage.Reason
INCOMING = "incoming"
SHOWN = 50
MOST_AT_ONCE = 200
# What to do next, per reason.
REMEDIES = {
    REASON.BAD_DATA: gettext_lazy("Odoo refuses a value: open the message, correct what Odoo names, send it again."),
    REASON.MISSING_RIGHT: gettext_lazy(
        "Our user in Odoo may not do this: grant the right that the doctor names, then send it again."
    ),
    REASON.CONFIGURATION: gettext_lazy(
        "The set-up does not fit, for example a field that this Odoo lacks: ask the doctor, mend it, send it again."
    ),
    REASON.EXCEEDED: gettext_lazy("It was tried too often: send it again once Odoo is less busy."),
    REASON.UNKNOWN: gettext_lazy(
        "Odoo never said whether it arrived: send it again; Odoo is asked first, so that nothing is made twice."
    ),
    REASON.DELETED: gettext_lazy(
        "The record is no longer in Odoo: say whether it goes here, too, or is made there again; or drop the message."
    ),
    REASON.INTERNAL: gettext_lazy(
        "Tandem itself failed: send it again; should it come back, tell whoever runs Tandem, with the words below."
    ),
    INCOMING: gettext_lazy(
        "A record of Odoo cannot be kept here: correct it in Odoo, or make room for it here, then read it again."
    ),
}
# Where it is done, if not here: the name of the page and its title.
PLACES: dict[str, tuple[str, Any]] = {
    REASON.MISSING_RIGHT: ("sync:doctor", gettext_lazy("Doctor")),
    REASON.CONFIGURATION: ("sync:doctor", gettext_lazy("Doctor")),
    REASON.DELETED: ("sync:deleted", gettext_lazy("Deleted in Odoo")),
}
ICONS = {
    REASON.BAD_DATA: "edit_off",
    REASON.MISSING_RIGHT: "lock",
    REASON.CONFIGURATION: "settings_alert",
    REASON.EXCEEDED: "hourglass_disabled",
    REASON.UNKNOWN: "question_mark",
    REASON.DELETED: "delete",
    REASON.INTERNAL: "bug_report",
    INCOMING: "move_to_inbox",
}


@require_http_methods(["GET", "HEAD", "POST"])
def parked_messages(request: HttpRequest) -> HttpResponse:
    """The list; a POST sends the chosen ones again or drops them. Managers look, admins act."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    counts = _counts(request)
    reason = request.GET.get("reason", "")
    reason = reason if reason in ICONS else ""
    rows = list(_rows(request, reason, whole(request.GET.get("before")))[: SHOWN + 1])
    more = len(rows) > SHOWN
    rows = rows[:SHOWN]
    objects = objects_of([row for row in rows if isinstance(row, OutboxMessage)])
    kept = {"model": request.GET["model"]} if request.GET.get("model") else {}
    context = {
        **admin.site.each_context(request),
        "title": _("Parked messages"),
        "tabs": [("", _("All"), sum(n for key, n in counts.items() if key != INCOMING))]
        + [(key, _words(key), n) for key in ICONS if (n := counts.get(key, 0)) or key == reason],
        "tab": reason,
        "incoming": reason == INCOMING,
        "groups": _grouped(rows, objects, counts),
        "total": counts.get(reason, 0) if reason else sum(n for key, n in counts.items() if key != INCOMING),
        "kept": kept,
        "models": list(MODELS.items()),
        "model": request.GET.get("model", ""),
        "clear_url": reverse("sync:parked"),
        "next_url": f"?{urlencode({**kept, 'reason': reason, 'before': rows[-1].pk})}" if more else "",
        "may_repair": request.user.has_perm(REPAIR),
    }
    return TemplateResponse(request, "admin/sync/parked.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def parked_message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: Odoo's words, what would go now, and the fields to correct. A POST corrects and sends, or drops."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    message = _messages().filter(pk=pk).first()
    if message is None or message.status != OutboxMessage.Status.PARKED:
        messages.info(request, _("This message is not parked any more."))
        return HttpResponseRedirect(reverse("sync:parked"))
    payload = payload_of(message)
    may_edit = request.user.has_perm(REPAIR) and payload is not None and _may_change(request, payload)
    form = _form(payload, request.POST if "send" in request.POST else None) if payload is not None else None
    if request.method == "POST":
        if not request.user.has_perm(REPAIR):
            raise PermissionDenied
        if "drop" in request.POST or CONFIRMED in request.POST:
            return _drop(request, _messages().filter(pk=pk), back=reverse("sync:parked-message", args=(pk,)))
        if form is not None and form.is_valid() and (may_edit or not form.changed_data):
            try:
                values = _values(payload, form) if payload is not None else {}
                again = correct(
                    message, values=values, actor=acting(request), version=whole(request.POST.get("version"))
                )
            except REFUSALS as refusal:
                for words in sentences_of(refusal):
                    messages.error(request, words)
            else:
                messages.success(request, _("It is on the way again.") if again or values else _superseded())
                return HttpResponseRedirect(reverse("sync:parked"))
    return TemplateResponse(request, "admin/sync/parked_message.html", _one(request, message, payload, form, may_edit))


def _one(
    request: HttpRequest, message: OutboxMessage, payload: Payload | None, form: forms.Form | None, may_edit: bool
) -> dict[str, Any]:
    sent = payload.sent if payload is not None else 0
    fields = list(form) if form is not None and may_edit else []
    return {
        **admin.site.each_context(request),
        "title": _("Parked: %(reason)s") % {"reason": message.get_reason_display()},
        "message": message,
        "icon": ICONS.get(message.reason, "error"),
        "remedy": REMEDIES.get(message.reason, ""),
        "place": _place(message.reason),
        "record": cells.link(payload.obj) if payload is not None else _("(gone)"),
        "kind": model_words(message.remote_model),
        "odoo": odoo_link(message.connection, message.remote_model, payload.remote_id if payload is not None else None),
        "about": cells.link(payload.about) if payload is not None and payload.about is not None else "",
        "since": cells.ago(message.settled_at or message.touched_at),
        "payload": payload,
        "form": form,
        "going": fields[:sent],
        "others": fields[sent:],
        "may_repair": request.user.has_perm(REPAIR),
        "may_edit": may_edit,
        "version": request.POST.get("version") or getattr(payload.obj if payload else None, "version", ""),
    }


# --- acting on many


def _act(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(REPAIR):
        raise PermissionDenied
    reason, back = request.GET.get("reason", ""), f"{reverse('sync:parked')}?{request.GET.urlencode()}"
    rows = _rows(request, reason if reason in ICONS else "", None)
    if "all" not in request.POST:
        chosen = [pk for pk in map(whole, request.POST.getlist("chosen")) if pk is not None]
        if not chosen:
            messages.error(request, _("Choose at least one message."))
            return HttpResponseRedirect(back)
        rows = rows.filter(pk__in=chosen)
    if reason == INCOMING:
        run_each(request, rows.order_by("id")[:MOST_AT_ONCE], parked.read_again, done=_("read again"))
        return HttpResponseRedirect(back)
    if request.POST.get("do") == "drop" or CONFIRMED in request.POST:
        return _drop(request, rows, back=back)
    run_each(request, rows.order_by("id")[:MOST_AT_ONCE], parked.send_again, done=_("on the way again"))
    return HttpResponseRedirect(back)


def _drop(request: HttpRequest, rows: QuerySet[Any], *, back: str) -> HttpResponse:
    """Ask why, then drop these; the reason is kept with each."""
    rows = rows.order_by("id")
    count = min(rows.count(), MOST_AT_ONCE)
    form = WhyForm(request.POST if CONFIRMED in request.POST else None)
    if CONFIRMED in request.POST and form.is_valid():
        run_each(
            request,
            rows[:MOST_AT_ONCE],
            lambda row: parked.drop(row, why=form.cleaned_data["why"], actor=acting(request)),
            done=_("dropped"),
        )
        return HttpResponseRedirect(reverse("sync:parked"))
    hidden = [("chosen", pk) for pk in request.POST.getlist("chosen")]
    if "all" in request.POST:
        hidden.append(("all", "1"))
    question = Question(
        title=ngettext("Drop %(n)d message?", "Drop %(n)d messages?", count) % {"n": count},
        sentences=[
            _("The record stays as it is here; Odoo is not told."),
            _("The next change of the record is sent as usual, and with it everything that still differs."),
        ],
        button=_("Drop"),
        icon="delete_forever",
        back=back,
        form=form,
        hidden=hidden,
    )
    return ask(request, question)


# --- reading


def _messages() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.select_related("connection").defer("connection__secret")


def _rows(request: HttpRequest, reason: str, before: int | None) -> QuerySet[Any]:
    """The parked ones that the address asks for, newest first."""
    rows: QuerySet[Any]
    if reason == INCOMING:
        rows = InboxMessage.objects.filter(status=InboxMessage.Status.PARKED)
        rows = rows.select_related("connection").defer("connection__secret", "body")
    else:
        rows = _messages().filter(status=OutboxMessage.Status.PARKED)
        rows = rows.filter(reason=reason) if reason else rows
    if request.GET.get("model") in MODELS:
        rows = rows.filter(remote_model=request.GET["model"])
    return rows.filter(pk__lt=before).order_by("-id") if before else rows.order_by("-id")


def _counts(request: HttpRequest) -> dict[str, int]:
    """How many of each reason; two queries."""
    out = _rows(request, "", None).order_by().values("reason").annotate(n=Count("id"))
    counts = {row["reason"]: row["n"] for row in out}
    return {**counts, INCOMING: _rows(request, INCOMING, None).count()}


def _grouped(rows: Iterable[Any], objects: dict[Any, Any], counts: dict[str, int]) -> list[dict[str, Any]]:
    """These rows by reason, in the order of the reasons."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        reason = row.reason if isinstance(row, OutboxMessage) else INCOMING
        obj = objects.get(getattr(row, "object_uuid", None))
        about = cells.link(obj) if obj is not None else _("(gone)")
        remote_id = row.remote_id if reason == INCOMING else None
        found.setdefault(reason, []).append(
            {
                "row": row,
                "about": odoo_link(row.connection, row.remote_model, remote_id) if reason == INCOMING else about,
                "kind": model_words(row.remote_model),
                "since": cells.ago(row.settled_at or getattr(row, "touched_at", None) or row.received_at),
                "url": "" if reason == INCOMING else reverse("sync:parked-message", args=(row.pk,)),
            }
        )
    order = list(ICONS)
    return [
        {
            "reason": _words(reason),
            "icon": ICONS.get(reason, "error"),
            "remedy": REMEDIES.get(reason, ""),
            "place": _place(reason),
            "count": counts.get(reason, 0),
            "rows": found[reason],
        }
        for reason in sorted(found, key=lambda one: order.index(one) if one in order else len(order))
    ]


def _place(reason: str) -> tuple[str, Any] | None:
    """The page where a reason is mended, and its title."""
    name, title = PLACES.get(reason, ("", ""))
    try:
        return (reverse(name), title) if name else None
    except NoReverseMatch:
        return None


def _words(reason: str) -> str:
    return _("From Odoo") if reason == INCOMING else str(dict(REASON.choices).get(reason, reason))


def _superseded() -> str:
    return _("A newer message of this record waits already; it tells all, so this one is done with.")


# --- the form


def _may_change(request: HttpRequest, payload: Payload) -> bool:
    opts = payload.obj._meta
    return request.user.has_perm(f"{opts.app_label}.change_{opts.model_name}")


def _form(payload: Payload, data: Any) -> forms.Form:
    """The fields that may be corrected, as the record holds them now."""
    obj = payload.obj
    fields = fields_for_model(type(obj), fields=payload.editable) | own_form.form_fields(
        payload.own, own_widgets.WIDGETS
    )
    held = own_form.initial(payload.own, obj.custom) if payload.own else {}
    form = forms.Form(data)
    for name in payload.editable:
        one = fields.get(name)
        if one is None:
            continue
        one.initial = held[name] if name in held else _shown(obj, name)
        form.fields[name] = one
    if payload.own:
        own_form.offer_held(form, payload.own, obj.custom)
    return form


def _shown(obj: Any, name: str) -> Any:
    value = getattr(obj, obj._meta.get_field(name).attname)
    return to_lines(value) if isinstance(obj, Note) and name == "body" else value


def _values(payload: Payload, form: forms.Form) -> dict[str, Any]:
    """What was changed in the form, as the record's service takes it."""
    held = {own_form.form_name(one) for one in payload.own}
    values = {name: form.cleaned_data[name] for name in form.changed_data if name not in held}
    custom = own_form.given(form, payload.own, form.changed_data)
    return {**values, "custom": custom} if custom else values


__all__ = ["parked_message", "parked_messages"]

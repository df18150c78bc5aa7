"""Writing on a record's timeline: a note, a call, a mail that was sent, a meeting, a task."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from crm.models import Activity, Linked, Task
from crm.nouns import Noun, url_of
from crm.services import activities, notes, tasks
from crm.views.access import may, person, record_or_404
from crm.views.done import done
from crm.views.forms import refuse
from crm.widgets import DayInput, MomentInput


def _text(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, required=required, widget=forms.Textarea(attrs={"rows": 3}))


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(label=label, widget=MomentInput, initial=timezone.now)


class NoteForm(forms.Form):
    body = _text(gettext_lazy("Note"))


class CallForm(forms.Form):
    subject = forms.CharField(label=gettext_lazy("What about"), max_length=255)
    outcome = forms.CharField(label=gettext_lazy("Outcome"), max_length=255, required=False)
    description = _text(gettext_lazy("What was said"), required=False)
    duration_minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=0, max_value=1440, initial=0)
    starts_at = _moment(gettext_lazy("When"))


class MailForm(forms.Form):
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=255)
    description = _text(gettext_lazy("What was written"), required=False)
    starts_at = _moment(gettext_lazy("Sent"))


class MeetingForm(forms.Form):
    subject = forms.CharField(label=gettext_lazy("What about"), max_length=255)
    starts_at = _moment(gettext_lazy("Begins"))
    duration_minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=0, max_value=10080, initial=60)
    description = _text(gettext_lazy("Agenda"), required=False)


class TaskForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("What to do"), max_length=255)
    due_on = forms.DateField(label=gettext_lazy("Due"), required=False, widget=DayInput)
    priority = forms.ChoiceField(
        label=gettext_lazy("Priority"), choices=Task.Priority.choices, initial=Task.Priority.NORMAL
    )


def _happened(kind: str) -> Callable[..., Any]:
    """Log what is over as done."""

    def log(*, actor: Any, starts_at: Any, **values: Any) -> Activity:
        done = starts_at if starts_at <= timezone.now() else None
        return activities.log_activity(actor=actor, type=kind, starts_at=starts_at, done_at=done, **values)

    return log


# What can be written: title, icon, form, service.
KINDS: dict[str, tuple[Any, str, type[forms.Form], Callable[..., Any]]] = {
    "note": (gettext_lazy("Note"), "note", NoteForm, notes.write_note),
    "call": (gettext_lazy("Call"), "phone", CallForm, _happened(Activity.Type.CALL)),
    "mail": (gettext_lazy("Mail"), "mail", MailForm, _happened(Activity.Type.EMAIL)),
    "meeting": (gettext_lazy("Meeting"), "calendar-event", MeetingForm, _happened(Activity.Type.MEETING)),
    "task": (gettext_lazy("Task"), "checkbox", TaskForm, tasks.create_task),
}


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def write(request: HttpRequest, noun: Noun, uuid: uuids.UUID, kind: str) -> HttpResponse:
    """Ask for one kind of entry, and write it; for htmx only the form."""
    record = record_or_404(request, noun, uuid)
    link = str(record._meta.model_name)
    if kind not in KINDS or link not in Linked.LINKS:
        raise Http404
    title, _icon, asked, service = KINDS[kind]
    form = asked(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service(actor=person(request), **form.cleaned_data, **{link: record})
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            return done(request, _("%(kind)s written.") % {"kind": title}, url_of(record))
    context = {"noun": noun, "record": record, "kind": kind, "title": title, "form": form}
    alone = request.headers.get("HX-Request") != "true"
    template = "workspace/write.html" if alone else "workspace/_composer.html"
    return render(request, template, context, status=422 if form.is_bound else 200)

"""The page that asks before something is done: says what will happen, takes a reason where one is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.services.records import StaleVersionError

CONFIRMED = "confirmed"
REFUSALS = (ValidationError, StaleVersionError)


@dataclass(frozen=True)
class Question:
    """What the page says: a title, sentences on what will happen, the button's words, a form, and where to go back."""

    title: str
    button: str
    back: str
    sentences: Sequence[Any] = ()
    icon: str = "help"
    form: forms.Form | None = None
    hidden: Sequence[tuple[str, str]] = field(default_factory=tuple)


def ask(request: HttpRequest, model_admin: Any, question: Question) -> HttpResponse:
    """Show the question."""
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": question.title,
        "question": question,
        "form": question.form,
        "media": model_admin.media + (question.form.media if question.form else forms.Media()),
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/crm/question.html", context)


def answer(
    request: HttpRequest,
    model_admin: Any,
    question: Question,
    run: Callable[[dict[str, Any]], str],
    *,
    then: str = "",
) -> HttpResponse:
    """Show the question, or, when it was confirmed, run it and say the sentence that `run` returns, if any.

    `run` gets the form's values. What a service refuses is shown on the page again. Only a POST does anything.
    """
    form = question.form
    if request.method != "POST" or CONFIRMED not in request.POST:
        return ask(request, model_admin, question)
    if form is not None and not form.is_valid():
        return ask(request, model_admin, question)
    try:
        sentence = run(form.cleaned_data if form is not None else {})
    except REFUSALS as refusal:
        for words in sentences_of(refusal):
            messages.error(request, words)
        return ask(request, model_admin, question)
    if sentence:
        messages.success(request, sentence)
    return HttpResponseRedirect(then or question.back)


def run_each(request: HttpRequest, records: Iterable[Any], run: Callable[[Any], Any], *, done: str) -> None:
    """Run a service on each record and tell how many went well and which were refused; `done` names the outcome."""
    count, refused = 0, []
    for record in records:
        try:
            run(record)
            count += 1
        except REFUSALS as refusal:
            refused.append(f"{record}: {' '.join(sentences_of(refusal))}")
    if count:
        messages.success(
            request, ngettext("%(n)d record: %(done)s.", "%(n)d records: %(done)s.", count) % {"n": count, "done": done}
        )
    for words in refused[:5]:
        messages.error(request, words)
    if len(refused) > 5:
        messages.error(request, _("%(n)d more were refused.") % {"n": len(refused) - 5})


def sentences_of(refusal: Exception) -> list[str]:
    """The sentences of a refusal, without field names."""
    if isinstance(refusal, ValidationError):
        return [str(words) for words in refusal.messages]
    return [str(refusal)]


def selection(request: HttpRequest, action: str) -> list[tuple[str, str]]:
    """The hidden fields that carry a list action and its chosen rows over to the question page and back."""
    fields = [("action", action), ("select_across", request.POST.get("select_across", "0")), ("index", "0")]
    return [*fields, *((ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME))]

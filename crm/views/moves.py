"""What is done to a deal on the board: moved to another stage, put back, its main details edited."""

from __future__ import annotations

import json
import uuid as uuids
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.forms import form_of
from crm.models import Stage
from crm.nouns import Noun
from crm.services import pipeline
from crm.services.pipeline import Place
from crm.services.records import StaleVersionError
from crm.views.access import may, person, record_or_404
from crm.views.board import asked, badges_of, card_of, columns, query_of
from crm.views.forms import refuse

UNDO_SECONDS = 3600
# What the card says, and can be changed on it.
EDITED = ("name", "amount", "currency", "close_date", "owner")


class MoveForm(forms.Form):
    stage = forms.ModelChoiceField(queryset=Stage.objects.all(), to_field_name="uuid")
    version = forms.IntegerField(min_value=1)


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def move(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Ask for the stage, and move there; for htmx the answer is the card, the heads of all columns and a word."""
    deal = record_or_404(request, noun, uuid)
    if request.method != "POST":
        dialog = _by_htmx(request)
        stages = Stage.objects.filter(archived_at__isnull=True)
        context = {"deal": deal, "stages": stages, "query": query_of(request), "dialog": dialog}
        return render(request, "workspace/_board_move.html" if dialog else "workspace/board_move.html", context)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _answer(request, noun, deal, _sentences(form.errors.as_data()), status=422)
    stage, version = form.cleaned_data["stage"], form.cleaned_data["version"]
    try:
        if deal.version != version:
            raise StaleVersionError(deal)
        place = Place.of(deal)
        moved = pipeline.move_to_stage(deal, actor=person(request), stage=stage, expected_version=version)
    except StaleVersionError as lost:
        return _answer(request, noun, lost.record, _who(lost.record), status=409)
    except ValidationError as refusal:
        return _answer(request, noun, deal, " ".join(refusal.messages), status=422)
    words = _("“%(name)s” is in %(stage)s now.") % {"name": moved, "stage": stage}
    return _answer(request, noun, moved, words, undo=_token(place, uuid))


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def edit(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Ask for a deal's main details and save them; a refusal comes back into the dialog with all that was typed."""
    deal = record_or_404(request, noun, uuid)
    if not _by_htmx(request) or not noun.editable(deal):
        return redirect(reverse("workspace:edit", args=(noun, deal.uuid)))
    made, lost = form_of(noun, EDITED, person(request)), ""
    form = made(request.POST or None, instance=deal)
    if request.method == "POST" and form.is_valid():
        try:
            version = forms.IntegerField(min_value=1).clean(request.POST.get("version"))
            changed = form.values(changed_only=True)
            saved = noun.update(deal, actor=person(request), expected_version=version, **changed)
        except StaleVersionError as stale:
            deal = stale.record
            lost = f"{_who(deal)} {_('What you changed stands below, all else as it is now. Save again to write it.')}"
            form = made(initial=_typed(request, form), instance=deal)
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            return _answer(request, noun, saved, _("“%(name)s” is saved.") % {"name": saved})
    context = {"deal": deal, "form": form, "lost": lost, "query": query_of(request), "begun": _begun(made, deal)}
    answer = render(request, "workspace/_board_edit.html", context)
    if request.method == "POST":
        answer.status_code = 422
        answer["HX-Retarget"], answer["HX-Reswap"] = "#board-move", "innerHTML"
    return answer


def _begun(made: Any, deal: Any) -> str:
    """What the form shows of the deal before anybody types, to tell later what was typed."""
    form = made(instance=deal)
    return json.dumps({name: _shown(form[name].value()) for name in form.fields})


def _typed(request: HttpRequest, form: Any) -> dict[str, Any]:
    """The fields that the person changed, not those that others have changed since the form was opened."""
    try:
        begun = dict(json.loads(request.POST.get("begun", "")))
    except (ValueError, TypeError):
        begun = {}
    given = {name: request.POST.get(name, "") for name in form.fields}
    return {name: value for name, value in given.items() if value != begun.get(name)}


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


@require_POST
@may("change")
def take_back(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Put a deal back where it stood before the move that the token names."""
    deal = record_or_404(request, noun, uuid)
    try:
        version = forms.IntegerField(min_value=1).clean(request.POST.get("version"))
        place = _place(request.POST.get("place", ""), uuid)
        back = pipeline.take_back_move(deal, actor=person(request), place=place, expected_version=version)
    except StaleVersionError as lost:
        return _answer(request, noun, lost.record, _who(lost.record), status=409)
    except ValidationError as refusal:
        return _answer(request, noun, deal, " ".join(refusal.messages), status=422)
    return _answer(request, noun, back, _("“%(name)s” is back in %(stage)s.") % {"name": back, "stage": back.stage})


def _answer(
    request: HttpRequest, noun: Noun, deal: Any, words: str, *, undo: str = "", status: int = 200
) -> HttpResponse:
    """The card as it stands now, gone when the filters leave it out; without htmx the board with the sentence."""
    if not _by_htmx(request):
        messages.add_message(request, messages.SUCCESS if status == 200 else messages.ERROR, words)
        return redirect(f"{reverse('workspace:board')}{query_of(request)}")
    _filters, rows = asked(request)
    shown = rows.filter(pk=deal.pk).first()
    context = {
        "deal": deal,
        "card": card_of(request, noun)(shown, badges_of([shown]).get(shown.uuid, "")) if shown else "",
        "columns": list(columns(request, rows)),
        "words": words,
        "undo": undo,
        "good": status == 200,
        "query": query_of(request),
    }
    return render(request, "workspace/_board_moved.html", context, status=status)


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _who(deal: Any) -> str:
    """Who was quicker, and where the deal stands."""
    words = {"who": deal.updated_by or _("The sync with Odoo"), "name": deal, "stage": deal.stage}
    return _("%(who)s changed “%(name)s” in the meantime. It is in %(stage)s.") % words


def _sentences(errors: Any) -> str:
    return " ".join(message for found in errors.values() for error in found for message in error.messages)


def _token(place: Place, uuid: uuids.UUID) -> str:
    """The place, signed for this deal, so that an undo needs no memory here."""
    return signing.dumps(place.kept(), salt=f"board-undo:{uuid}")


def _place(token: str, uuid: uuids.UUID) -> Place:
    """What `_token` signed. Raises ValidationError on anything else, on an old one, and when the stage is gone."""
    try:
        return Place.of_kept(signing.loads(token, salt=f"board-undo:{uuid}", max_age=UNDO_SECONDS))
    except (signing.BadSignature, Stage.DoesNotExist) as error:
        raise ValidationError(_("This move can no longer be taken back; move the card by hand.")) from error

"""Two records side by side, made one after a look at what that changes; and the way back."""

from __future__ import annotations

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import registry
from crm.custom import PREFIX
from crm.models import Merge
from crm.nouns import Noun, url_of
from crm.own_form import form_name
from crm.selectors.hanging import hanging
from crm.services import merging
from crm.services.records import StaleVersionError
from crm.views.access import may, person, uuid_of
from crm.views.details import detail_of
from crm.views.done import done

TAKE = "loser"  # what a field says whose value comes from there


@dataclass(frozen=True)
class Choice:
    """One field of both records. `differs`: a person can choose; `take`: the other's value stands now."""

    name: str
    label: str
    survivor: Any
    loser: Any
    differs: bool
    take: bool


@require_http_methods(["GET", "HEAD", "POST"])
@may("change")
def merge(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Show two records side by side with what a merge would do; posted, do it. `keep` names the survivor."""
    survivor, loser = _pair(request, noun)
    problem = merging.mergeable(noun, survivor, loser)
    if request.method == "POST" and not problem:
        try:
            made = merging.merge(
                noun,
                survivor=survivor,
                loser=loser,
                take=[name for name in merging.fields_of(noun) if request.POST.get(f"field-{name}") == TAKE],
                actor=person(request),
                versions=(_number(request, "version"), _number(request, "other-version")),
            )
        except ValidationError as refusal:
            problem = " ".join(refusal.messages)
        except StaleVersionError as lost:
            problem = str(lost)
            survivor, loser = _pair(request, noun)
        else:
            said = _("“%(loser)s” is merged into “%(survivor)s”.") % {"loser": loser, "survivor": survivor}
            return done(request, said, url_of(survivor), undo=reverse("workspace:merge-back", args=(noun, made.uuid)))
    choices = _choices(request, noun, survivor, loser)
    context = {
        "noun": noun,
        "heading": _("Merge two %(nouns)s") % {"nouns": str(noun.plural).lower()},
        "survivor": survivor,
        "loser": loser,
        "problem": problem,
        "choices": [one for one in choices if one.differs],
        "same": [one for one in choices if not one.differs],
        "hanging": hanging(loser),
        "swap": f"?record={loser.uuid}&record={survivor.uuid}&keep={loser.uuid}",
        "tags": [tag for tag in loser.tags.all() if tag not in survivor.tags.all()],
    }
    return render(request, "workspace/merge.html", context, status=422 if problem else 200)


@require_POST
@may("change")
def take_back(request: HttpRequest, noun: Noun, uuid: uuids.UUID) -> HttpResponse:
    """Take a merge back, for whom both records are to see."""
    made = get_object_or_404(Merge, uuid=uuid, noun=noun.key)
    seen = {row.uuid: row for row in noun.rows(person(request)).filter(uuid__in=(made.survivor, made.loser))}
    if len(seen) < 2:
        raise Http404
    try:
        back = merging.take_back(made, noun, actor=person(request))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(url_of(seen[made.survivor]))
    said = _("“%(loser)s” is a record of its own again.") % {"loser": seen[made.loser]}
    if back.kept:
        said += " " + _("Changed since, so left as they are: %(names)s.") % {"names": ", ".join(back.kept)}
    return done(request, said, url_of(seen[made.loser]))


def _pair(request: HttpRequest, noun: Noun) -> tuple[Any, Any]:
    """The survivor and the other, of the two records of the address. Raises Http404 unless the person sees both.

    Who survives unless `keep` says so: the older one.
    """
    asked = [uuid for uuid in map(uuid_of, request.GET.getlist("record")) if uuid is not None]
    rows = {row.uuid: row for row in noun.rows(person(request)).filter(uuid__in=asked)}
    if not noun.merges or len(asked) != 2 or not set(asked) <= rows.keys():
        raise Http404
    first, second = sorted((rows[uuid] for uuid in asked), key=lambda row: row.pk)
    return (second, first) if request.GET.get("keep") == str(second.uuid) else (first, second)


def _choices(request: HttpRequest, noun: Noun, survivor: Any, loser: Any) -> list[Choice]:
    """All fields that say something on either side, in the order of the record's page."""
    own = {f"{PREFIX}{one.key}": one for one in registry.own_fields(noun.model)}
    offered = merging.offered(noun, survivor, loser)
    found = []
    for name in merging.fields_of(noun):
        field = own.get(name)
        shown = form_name(field) if field else name
        here, there = detail_of(survivor, shown, field), detail_of(loser, shown, field)
        if here.value or there.value:
            chosen = request.POST.get(f"field-{name}")
            take = chosen == TAKE if chosen else name in offered
            found.append(Choice(name, here.label, here.value, there.value, here.value != there.value, take))
    return found


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1

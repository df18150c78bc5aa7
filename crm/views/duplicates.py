"""Records that look alike: the finder, and the word about them while somebody types a new one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import nouns
from crm.nouns import Noun
from crm.selectors import duplicates
from crm.services.merging import say_apart
from crm.views.access import may, person, plain, uuid_of
from crm.views.done import done


@require_safe
@may("view")
def finder(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Groups of records that share a key, a stretch at a time."""
    reasons = duplicates.reasons_of(noun)
    if not reasons:
        raise Http404
    reason = next((one for one in reasons if one.key == request.GET.get("by")), reasons[0])
    after = plain(request.GET.get("after", ""))
    found = duplicates.groups(noun, person(request), reason, after=after)
    user = person(request)
    context = {
        "noun": noun,
        "heading": _("Duplicates"),
        "reasons": reasons,
        "reason": reason,
        "groups": found.groups,
        "begun": bool(after),
        "next": f"?{urlencode({'by': reason.key, 'after': found.after})}" if found.after else "",
        "others": [one for one in nouns.all_nouns() if one.merges and one.allows(user, "view")],
        "may_change": noun.allows(user, "change"),
    }
    return render(request, "workspace/duplicates.html", context)


@require_POST
@may("change")
def apart(request: HttpRequest, noun: Noun) -> HttpResponse:
    """Remember that these records are not the same."""
    wanted = [uuid for uuid in map(uuid_of, request.POST.getlist("record")) if uuid is not None]
    rows = list(noun.rows(person(request)).filter(uuid__in=wanted))
    if len(rows) < 2:
        raise Http404
    say_apart(rows, actor=person(request))
    said = _("%(names)s are not duplicates; they are not shown again.")
    back = f"{reverse('workspace:duplicates', args=(noun,))}?{_kept(request)}"
    return done(request, said % {"names": ", ".join(f"“{row}”" for row in rows[:3])}, back)


@require_POST
@may("add")
def alike(request: HttpRequest, noun: Noun) -> HttpResponse:
    """What looks like the record that is being typed; nothing is kept. Posted, since addresses are logged."""
    typed = {name: plain(str(value)) for name, value in request.POST.items()}
    found = duplicates.alike(noun, person(request), typed)
    return render(request, "workspace/_alike.html", {"alike": found})


def _kept(request: HttpRequest) -> str:
    return urlencode({name: request.GET[name] for name in ("by", "after") if request.GET.get(name)})

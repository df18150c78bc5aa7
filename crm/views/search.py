"""Search over everything: a page of its own, and the command palette with what can be done and gone to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import nouns, places
from crm.nouns import Noun
from crm.selectors import search as reads
from crm.views.access import person, plain

LONGEST = 200
COMMANDS = 6
RECENT, KEPT = "recent", 8


@dataclass(frozen=True)
class Section:
    """A part of the palette: its title and lines; `all_url` leads to more of the kind."""

    title: Any
    hits: list[reads.Hit]
    all_url: str = ""


@require_safe
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """What fits the words, by noun. A query per noun, however many rows there are."""
    words = _words(request)
    groups = reads.search(person(request), words)
    context = {
        "words": words,
        "too_short": bool(words) and not reads.is_searchable(words),
        "sections": [_section(group, words) for group in groups],
    }
    return render(request, "workspace/search.html", context)


@require_safe
@login_required
def palette(request: HttpRequest) -> HttpResponse:
    """The lines of the palette for what was typed; for nothing typed, the records seen last and what can be made."""
    words, user = _words(request), person(request)
    commands = _commands(request)
    if not words:
        seen = reads.recent(user, request.session.get(RECENT, []))
        sections = [Section(_("Seen last"), seen), Section(_("Actions"), commands["actions"])]
    else:
        sections = [_section(group, words) for group in reads.search(user, words, size=5)]
        sections += [Section(_("Actions"), _fitting(commands["actions"], words))]
        sections += [Section(_("Pages"), _fitting(commands["pages"], words))]
    shown = [section for section in sections if section.hits]
    count = sum(len(section.hits) for section in shown)
    everything = f"{reverse('workspace:search')}?{urlencode({'q': words})}"
    context = {"sections": shown, "words": words, "count": count, "everything": everything}
    return render(request, "workspace/_palette.html", context)


def note_recent(request: HttpRequest, noun: Noun, record: Any) -> None:
    """Keep in the session that this record was looked at; the same one again writes nothing."""
    mine = [noun.key, str(record.uuid)]
    held = request.session.get(RECENT, [])
    if held[:1] != [mine]:
        request.session[RECENT] = [mine, *(one for one in held if one != mine)][:KEPT]


def _words(request: HttpRequest) -> str:
    return plain(request.GET.get("q", "")).strip()[:LONGEST]


def _section(group: reads.Group, words: str) -> Section:
    listed = f"{group.noun.list_url}?{urlencode({'q': words})}" if group.more else ""
    return Section(group.noun.plural, group.hits, listed)


def _commands(request: HttpRequest) -> dict[str, list[reads.Hit]]:
    """What this person can make, and the pages of the sidebar."""
    user = person(request)
    made = [noun for noun in nouns.all_nouns() if noun.allows(user, "add")]
    words = _("New %(noun)s")
    actions = [
        reads.Hit(
            words % {"noun": str(noun.title).lower()},
            f"c {noun.letter}" if noun.letter else "",
            reverse("workspace:add", args=(noun,)),
            "plus",
        )
        for noun in made
    ]
    pages = [
        reads.Hit(_("Go to %(page)s") % {"page": item["title"]}, str(group["title"]), str(item["url"]), item["icon"])
        for group in places.groups(request)
        for item in group["items"]
    ]
    return {"actions": actions, "pages": pages}


def _fitting(hits: list[reads.Hit], words: str) -> list[reads.Hit]:
    wanted = words.casefold().split()
    return [hit for hit in hits if all(word in f"{hit.title} {hit.hint}".casefold() for word in wanted)][:COMMANDS]

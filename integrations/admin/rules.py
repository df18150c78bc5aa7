"""The field rules: which side wins where both changed a field, with the effect on recent conflicts before saving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from crm import cells
from crm.admin.base import acting
from integrations.admin.base import MODELS
from integrations.admin.conflict_rows import RULES, name_of
from integrations.mailbox.bindings import objects_of
from integrations.models import Connection
from integrations.odoo.mappers import Maps, maps_of
from integrations.odoo.mappers.values import label
from integrations.odoo.settling import rules as service
from integrations.odoo.settling.conflicts import stamp_of

VIEW, CHANGE = "integrations.view_conflict", "integrations.change_connection"
SHOWN = 20
MEANINGS = {
    "odoo": gettext_lazy("Odoo's value is taken here. Ours is kept with the conflict and can be taken back."),
    "here": gettext_lazy("Our value is sent to Odoo. Odoo's is kept with the conflict and can be taken back."),
    "newest": gettext_lazy(
        "The later edit wins. Odoo keeps one time per record, not per field, so an edit of any field there makes the "
        "whole record newer. Within two seconds Odoo wins."
    ),
    "ask": gettext_lazy("Both sides stay as they are until a person chooses in the conflict inbox."),
}
OUTCOMES = {"odoo": gettext_lazy("Odoo"), "here": gettext_lazy("Here"), "ask": gettext_lazy("A person is asked")}


@dataclass(frozen=True)
class FieldRow:
    """One line of the page: the field, its rule and whether an emptying is asked about."""

    key: str
    label: str
    remote: str
    rule: str
    emptying: bool


@dataclass(frozen=True)
class ModelBox:
    """The rules of one kind of record; `default` holds for fields without a rule of their own."""

    key: str
    title: Any
    default: str
    rows: list[FieldRow]
    told: int


@dataclass(frozen=True)
class Effect:
    """One conflict that would have ended otherwise."""

    record: SafeString | str
    field: str
    when: SafeString | str
    ended: Any
    would: Any


@require_http_methods(["GET", "HEAD", "POST"])
def field_rules(request: HttpRequest) -> HttpResponse:
    """Show the rules; a POST shows their effect first, or keeps them. Managers look, admins change."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    connection = Connection.live()
    may_change = request.user.has_perm(CHANGE)
    maps = maps_of(connection)
    kept: dict[str, Any] = connection.field_rules if connection is not None else {}
    seen = stamp_of(kept)
    effects: tuple[list[Effect], int, int] | None = None
    if request.method == "POST":
        if not may_change or connection is None:
            raise PermissionDenied
        typed = {name: request.POST.get(f"rule:{name}", "") for name in _named(request)}
        emptying = request.POST.getlist("emptying")
        kept, seen = {**typed, service.EMPTYING: emptying}, request.POST.get("seen", "")
        try:
            kept = service.checked(typed, emptying=emptying, maps=maps)
            if "save" in request.POST:
                service.keep(connection, kept, actor=acting(request), seen=seen)
                messages.success(request, _("The rules are kept. They hold from the next change on."))
                return HttpResponseRedirect(reverse("sync:rules"))
            effects = _effects(connection, kept)
        except ValidationError as refusal:
            for words in refusal.messages:
                messages.error(request, words)
    context = {
        **admin.site.each_context(request),
        "title": _("Field rules"),
        "connection": connection,
        "boxes": [_box(maps, remote_model, kept) for remote_model in MODELS if remote_model in maps.by_model],
        "choices": [(rule, RULES[rule]) for rule in service.CHOICES],
        "meanings": [(RULES[rule], MEANINGS[rule]) for rule in service.CHOICES],
        "may_change": may_change and connection is not None,
        "seen": seen,
        "effects": effects,
    }
    return TemplateResponse(request, "admin/sync/rules.html", context)


def _named(request: HttpRequest) -> list[str]:
    return [name.removeprefix("rule:") for name in request.POST if name.startswith("rule:")]


def _box(maps: Maps, remote_model: str, kept: dict[str, Any]) -> ModelBox:
    emptying = kept.get(service.EMPTYING, ())
    rows = [
        FieldRow(key, label(noun, one), one.remote, str(kept.get(key, "")), key in emptying)
        for noun, one in service.ruled_fields(maps, remote_model)
        for key in [f"{remote_model}.{one.remote}"]
    ]
    told = sum(bool(row.rule) or row.emptying for row in rows)
    return ModelBox(f"{remote_model}.*", MODELS[remote_model], str(kept.get(f"{remote_model}.*", "")), rows, told)


def _effects(connection: Connection, kept: dict[str, Any]) -> tuple[list[Effect], int, int]:
    changes, looked_at = service.effect(connection, kept)
    objects = objects_of([one.conflict for one in changes[:SHOWN]])
    found = [
        Effect(
            cells.link(objects.get(one.conflict.object_uuid)),
            name_of(one.conflict),
            cells.ago(one.conflict.created_at),
            OUTCOMES[one.ended],
            OUTCOMES[one.would],
        )
        for one in changes[:SHOWN]
    ]
    return found, len(changes), looked_at

"""The map of the user's own fields: checked against the live Odoo, and kept on the connection.

A field is named as in Odoo on both sides. Every entry has a token of its own, so that a field that was taken off the
map and put on it again is read anew: what changed in between was seen by nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import eventlog
from integrations.models import Conflict, Connection
from integrations.odoo.mappers import BY_MODEL, OwnField
from integrations.odoo.mappers.custom import KINDS, read_own
from integrations.odoo.mappers.kinds import Direction
from integrations.odoo.settling.conflicts import stamp_of
from integrations.odoo.wire.clients import client_of
from integrations.odoo.wire.results import FieldInfo

MODELS = ("crm.lead", "res.partner")
# Odoo computes these from fields that are synced (rule 15), or keeps them for itself.
NEVER = frozenset(
    {"id", "display_name", "create_date", "email_normalized", "phone_sanitized", "partner_share", "company_type"}
)


@dataclass
class Wish:
    """One line as a person typed it; `errors` are sentences about it, by "name", "label", "direction" or "model"."""

    model: str
    name: str
    label: str = ""
    direction: str = Direction.BOTH.value
    errors: dict[str, str] = field(default_factory=dict)


def check(connection: Connection, wishes: Sequence[Wish]) -> list[OwnField]:
    """Hold these lines against the live Odoo and return the map; what is wrong stands in `errors` of each line.

    A line that is on the map already stays as it is when Odoo lacks the field now. One call per model with lines.
    Raises any IntegrationError.
    """
    held = {(one.model, one.name): one for one in read_own(connection.own_fields)}
    seen: set[tuple[str, str]] = set()
    for wish in wishes:
        _check_words(wish, seen)
    infos = _ask(connection, [wish for wish in wishes if not wish.errors])
    found: list[OwnField] = []
    for wish in wishes:
        if wish.errors:
            continue
        one = _own_field(wish, infos.get((wish.model, wish.name)), held.get((wish.model, wish.name)))
        if one is not None:
            found.append(one)
    return found


def _check_words(wish: Wish, seen: set[tuple[str, str]]) -> None:
    key, words = (wish.model, wish.name), {"field": wish.name, "model": wish.model}
    if wish.model not in MODELS:
        wish.errors["model"] = _("Choose contacts and companies, or leads and opportunities.")
    elif not wish.name:
        wish.errors["name"] = _("Enter the technical name of the field, such as x_studio_region.")
    elif len(wish.name) > 63 or not (wish.name.isascii() and wish.name.isidentifier()):
        wish.errors["name"] = _("“%(field)s” is no name of a field: letters, digits and _ only.") % words
    elif key in seen:
        wish.errors["name"] = _("“%(field)s” stands here twice.") % words
    elif wish.name in NEVER:
        wish.errors["name"] = _("Odoo keeps “%(field)s” for itself; it cannot be mapped.") % words
    elif wish.name in BY_MODEL[wish.model].remote_fields:
        wish.errors["name"] = _("Tandem syncs “%(field)s” already.") % words
    elif len(wish.label) > 100:
        wish.errors["label"] = _("Enter a name of at most 100 characters.")
    elif wish.direction not in (Direction.BOTH.value, Direction.IN.value):
        wish.errors["direction"] = _("Choose a direction of the list.")
    seen.add(key)


def _ask(connection: Connection, wishes: Sequence[Wish]) -> dict[tuple[str, str], FieldInfo]:
    """What Odoo says of these fields now, in the lane of a person who waits."""
    found: dict[tuple[str, str], FieldInfo] = {}
    wanted = {model: [wish.name for wish in wishes if wish.model == model] for model in MODELS}
    if not wishes:
        return found
    client = client_of(connection, work="own fields")
    try:
        for model, names in wanted.items():
            if names:
                infos = client.fields_get(model, names)
                found |= {(model, name): info for name, info in infos.items()}
    finally:
        client.close()
    return found


def _own_field(wish: Wish, info: FieldInfo | None, held: OwnField | None) -> OwnField | None:
    words = {"field": wish.name, "type": info.type if info else ""}
    direction = Direction(wish.direction)
    if info is None and held is None:
        wish.errors["name"] = _("Odoo has no field “%(field)s” there, or does not show it to our user.") % words
    elif info is None:
        return replace(held, label=wish.label or held.label, direction=direction)  # type: ignore[type-var,union-attr]
    elif info.type not in KINDS:
        wish.errors["name"] = _("“%(field)s” is of the type %(type)s, which cannot be kept here.") % words
    elif not info.store:
        wish.errors["name"] = _("Odoo computes “%(field)s” anew each time and stores it nowhere.") % words
    elif info.readonly and direction is Direction.BOTH:
        wish.errors["direction"] = _("Odoo lets nobody write “%(field)s”: choose “from Odoo only”.") % words
    else:
        same = held is not None and held.type == info.type
        return OwnField(
            model=wish.model,
            name=wish.name,
            label=wish.label or info.string or wish.name,
            type=info.type,
            direction=direction,
            token=held.token if held is not None and same else secrets.token_hex(4),
            choices=info.selection,
        )
    return None


def keep(connection: Connection, own: Iterable[OwnField], *, actor: Any, seen: str) -> list[OwnField]:
    """Store a checked map; returns the entries that are new. Work that begins from now on goes by it.

    Questions that are open about a field that leaves the map end with it. `seen` is the stamp of the map that the
    person had before them. Raises ValidationError when it is another one now.
    """
    own = list(own)
    with transaction.atomic():
        held = Connection.objects.select_for_update().defer("secret").get(pk=connection.pk)
        if seen != stamp_of(held.own_fields):
            raise ValidationError(_("Somebody else has changed the map since you opened this page. Look again."))
        before = read_own(held.own_fields)
        held.own_fields = [one.kept() for one in own]
        held.save(update_fields=["own_fields"])
        kept = {(one.model, one.name) for one in own}
        for one in before:
            if (one.model, one.name) not in kept:
                Conflict.objects.filter(
                    connection=held, remote_model=one.model, field=one.name, status=Conflict.Status.OPEN
                ).update(status=Conflict.Status.BY_PERSON, settled_by=actor)
        said = _("User %(number)s changed the map of own fields.") % {"number": getattr(actor, "pk", "–")}
        eventlog.note(held, "own fields changed", said)
    known = {one.token for one in before}
    return [one for one in own if one.token not in known]

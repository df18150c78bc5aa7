"""Field rules (rule 13): which side wins, kept on the connection; checked, and their effect told beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import eventlog
from integrations.models import Conflict, Connection
from integrations.odoo.mappers import Maps, NounMap, maps_of
from integrations.odoo.mappers.crm_lead import LeadType
from integrations.odoo.mappers.kinds import Direction, Field
from integrations.odoo.merge import ASK, HERE, NEWEST, ODOO, Rules
from integrations.odoo.settling.conflicts import stamp_of

CHOICES = (ODOO, HERE, NEWEST, ASK)
EMPTYING = "ask_before_emptying"
RECENT = 200


@dataclass(frozen=True)
class Change:
    """A conflict of the past that would have ended otherwise: "odoo", "here" or "ask" each."""

    conflict: Conflict
    ended: str
    would: str


def ruled_fields(maps: Maps, remote_model: str) -> list[tuple[NounMap, Field]]:
    """The fields of a model that may have a rule, each once, with the first noun that maps it."""
    found: dict[str, tuple[NounMap, Field]] = {}
    for noun in maps.of(remote_model).nouns:
        for one in noun.fields:
            if one.direction is not Direction.IN and not isinstance(one, LeadType):
                found.setdefault(one.remote, (noun, one))
    return list(found.values())


def rule_names(maps: Maps) -> list[str]:
    """Everything that may have a rule: "model.*" and "model.field"."""
    return [
        f"{remote_model}.{name}"
        for remote_model in maps.by_model
        for name in ("*", *(one.remote for _noun, one in ruled_fields(maps, remote_model)))
    ]


def checked(rules: Mapping[str, str], *, emptying: Iterable[str], maps: Maps) -> dict[str, Any]:
    """These rules as a connection keeps them; what says nothing is left out. Raises ValidationError on nonsense."""
    known = set(rule_names(maps))
    asked = sorted(set(emptying))
    for name in (*rules, *asked):
        if name not in known:
            raise ValidationError(_("“%(name)s” is no field that is synced.") % {"name": name})
    for name, rule in rules.items():
        if rule and rule not in CHOICES:
            raise ValidationError(
                _("“%(rule)s” is no rule for %(name)s: choose one of the list.") % {"rule": rule, "name": name}
            )
    kept: dict[str, Any] = {name: rule for name, rule in sorted(rules.items()) if rule}
    return {**kept, EMPTYING: asked} if asked else kept


def keep(connection: Connection, kept: Mapping[str, Any], *, actor: Any, seen: str = "") -> None:
    """Store checked rules; each next merge obeys them, what was settled before stays as it is.

    `seen` is the stamp of the rules that the person had before them. Raises ValidationError when they are others now.
    """
    with transaction.atomic():
        held = Connection.objects.select_for_update().defer("secret").get(pk=connection.pk)
        if seen and seen != stamp_of(held.field_rules):
            raise ValidationError(_("Somebody else has changed the rules since you opened this page. Look again."))
        if held.field_rules == dict(kept):
            return
        held.field_rules = dict(kept)
        held.save(update_fields=["field_rules"])
        said = _("User %(number)s changed the field rules.") % {"number": getattr(actor, "pk", "–")}
        eventlog.note(held, "field rules changed", said)


def effect(connection: Connection, kept: Mapping[str, Any]) -> tuple[list[Change], int]:
    """Which of the last 200 conflicts would have ended otherwise under these rules, and how many were looked at.

    Emptyings that came without a question left no conflict, so that they are not among them. One query.
    """
    rules = Rules.read(kept)
    recent = Conflict.objects.filter(connection=connection).defer("before", "trail").order_by("-id")[:RECENT]
    maps = maps_of(connection)
    changes: list[Change] = []
    looked_at = 0
    for conflict in recent:
        found = _mapped(maps, conflict)
        if found is None:
            continue
        looked_at += 1
        ended, would = _ended(conflict), _would(conflict, *found, rules)
        if ended != would:
            changes.append(Change(conflict, ended, would))
    return changes, looked_at


def _mapped(maps: Maps, conflict: Conflict) -> tuple[NounMap, Field] | None:
    content_type = ContentType.objects.get_for_id(conflict.content_type_id)
    noun = maps.noun(conflict.remote_model, f"{content_type.app_label}.{content_type.model}")
    one = noun.by_remote.get(conflict.field) if noun is not None else None
    return (noun, one) if noun is not None and one is not None else None


def _ended(conflict: Conflict) -> str:
    return _outcome(conflict, conflict.rule)


def _would(conflict: Conflict, noun: NounMap, one: Field, rules: Rules) -> str:
    emptied = one.same(conflict.odoo, one.empty_here)
    if emptied and one.same(conflict.here, conflict.base):
        return ASK if f"{noun.remote_model}.{one.remote}" in rules.ask_before_emptying else ODOO
    return _outcome(conflict, rules.of(noun, one))


def _outcome(conflict: Conflict, rule: str) -> str:
    if rule == NEWEST:
        return HERE if conflict.later_here else ODOO
    return rule or ODOO

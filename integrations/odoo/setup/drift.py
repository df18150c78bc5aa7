"""The version-drift report: what an upgrade of Odoo does to what Tandem syncs, held against the live database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from integrations.errors import ConfigError, PermanentError
from integrations.models import Connection
from integrations.odoo.mappers import ModelMap, maps_of
from integrations.odoo.setup.doctor import Finding
from integrations.odoo.setup.drift_facts import CHANGES, MEASURED, NEWEST, VALUES, Change
from integrations.odoo.wire.client import OdooClient
from integrations.odoo.wire.clients import client_of
from integrations.odoo.wire.results import FieldInfo

Fields = dict[str, dict[str, FieldInfo]]


@dataclass(frozen=True)
class Drift:
    """What is to be known before the step from one series to another; levels as the doctor's."""

    series: int
    target: int
    findings: list[Finding] = field(default_factory=list)


def targets(series: int) -> list[int]:
    """The series that one may upgrade to."""
    return list(range(series + 1, NEWEST + 1))


def report(connection: Connection, target: int | None = None) -> Drift:
    """Compare the live database with a later series; the next one when none is named. Some ten calls, no write.

    Raises any IntegrationError, and ConfigError for a series that is not a later one.
    """
    client = client_of(connection, work="drift")
    try:
        series = client.version().series
        wanted = target or series + 1
        if wanted not in targets(series):
            raise ConfigError(
                _("This Odoo is %(series)d. Name a later series, up to %(newest)d.")
                % {"series": series, "newest": NEWEST}
            )
        maps = maps_of(connection).two_way
        live = {one.remote_model: _fields(client, one.remote_model, one.remote_fields) for one in maps}
        findings = [
            *_changes(client, live, series, wanted),
            *_values(live),
            *_missing(maps, live, series),
            _trust(series, wanted),
        ]
        order = ("fail", "warn", "ok")
        return Drift(series, wanted, sorted(findings, key=lambda one: order.index(one.level)))
    finally:
        client.close()


def _fields(client: OdooClient, model: str, names: Iterable[str]) -> dict[str, FieldInfo]:
    return client.fields_get(model, [*names, *(one.field for one in CHANGES if one.model == model and one.field)])


def _changes(client: OdooClient, live: Fields, series: int, target: int) -> list[Finding]:
    """What is known to be other afterwards, and how many records of this database it meets."""
    found = []
    for change in CHANGES:
        if not series < change.series <= target:
            continue
        if change.field and change.model in live and change.field not in live[change.model]:
            continue  # gone here already
        title = f"Odoo {change.series}: {change.title}"
        sentence = " ".join([*_name(change), str(change.after), *_count(client, change)])
        found.append(Finding("ok" if change.harmless else "warn", title, sentence, str(change.todo)))
    return found


def _name(change: Change) -> list[str]:
    if not change.field:
        return []
    words = {"field": f"{change.model}.{change.field}", "new": change.replaced_by}
    return [(_("%(field)s becomes %(new)s.") if change.replaced_by else _("%(field)s is gone.")) % words]


def _count(client: OdooClient, change: Change) -> list[str]:
    """How many records hold a value that will go; nothing where nobody may say."""
    if not change.field or change.harmless:
        return []
    try:
        filled = client.call(
            change.model, "search_count", [[[change.field, "!=", False]]], context={"active_test": False}
        )
    except PermanentError:
        return []
    return [_("Records with a value in it now: %(n)d.") % {"n": filled}]


def _values(live: Fields) -> list[Finding]:
    """Values that we send and this database does not offer."""
    found = []
    for (model, name), values in VALUES.items():
        info = live[model].get(name)
        offered = {str(value) for value, _label in info.selection} if info and info.selection else None
        if lacking := [value for value in values if offered is not None and value not in offered]:
            words = {"field": f"{model}.{name}", "values": ", ".join(lacking)}
            found.append(
                Finding(
                    "fail",
                    _("Values of %(field)s") % words,
                    _("This Odoo does not offer %(values)s for %(field)s; records with it are refused.") % words,
                    _("Let somebody who knows the database say which app took the value away."),
                )
            )
    return found


def _missing(maps: Iterable[ModelMap], live: Fields, series: int) -> list[Finding]:
    """Mapped fields that this database lacks already, other than those known to be gone."""
    known = {(one.model, one.field) for one in CHANGES if one.series <= series}
    found = []
    for one in maps:
        names = [
            name
            for name in one.remote_fields
            if name not in live[one.remote_model] and (one.remote_model, name) not in known
        ]
        if names:
            words = {"model": one.remote_model, "fields": ", ".join(names)}
            found.append(
                Finding(
                    "warn",
                    _("Fields of %(model)s that are lacking now") % words,
                    _("This Odoo does not have %(fields)s, or hides them from our user. They are not synced.") % words,
                    _("If they should be there, install the app that brings them, or grant the right."),
                )
            )
    return found


def _trust(series: int, target: int) -> Finding:
    """How much of the way was measured."""
    unknown = [str(one) for one in range(series + 1, target + 1) if one not in MEASURED]
    if not unknown:
        return Finding("ok", _("What this rests on"), _("Every step up to Odoo %(n)d was measured.") % {"n": target})
    return Finding(
        "warn",
        _("What this rests on"),
        _("Odoo %(unknown)s was not measured; more may change there than is told here.")
        % {"unknown": ", ".join(unknown)},
        _("Upgrade a copy first, connect Tandem's doctor to it, and only then upgrade the real one."),
    )

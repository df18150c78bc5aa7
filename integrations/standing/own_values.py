"""The user's own fields, told to the pages and services of the CRM through its registry: it knows no Odoo."""

from __future__ import annotations

from crm import registry
from crm.custom import CustomField
from crm.models import Record
from integrations.models import Connection
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.mappers.custom import read_own


def register() -> None:
    """Join the CRM; called once when the app is ready."""
    registry.register_own_fields(own_fields)


def own_fields(model: type[Record]) -> list[CustomField]:
    """The fields that the live connection maps for this kind of record. One query."""
    kept = (
        Connection.objects.filter(system="odoo")
        .exclude(state=Connection.State.OFF)
        .values_list("own_fields", flat=True)
        .first()
    )
    label = model._meta.label
    models = {name for name, one in BY_MODEL.items() if any(noun.label == label for noun in one.nouns)}
    return [one.here for one in read_own(kept or []) if one.model in models]

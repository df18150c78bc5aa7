"""Field maps, one module per Odoo model: what maps to what, which way, and what happens where a field is lacking.

Beside them what all maps need: the rows that values point to (refs), and people's words for fields and values (values).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from integrations.models import Connection
from integrations.odoo.mappers.base import ModelMap, NounMap
from integrations.odoo.mappers.crm_lead import CRM_LEAD, LeadSource
from integrations.odoo.mappers.custom import OwnField, field_of, read_own
from integrations.odoo.mappers.kinds import Field
from integrations.odoo.mappers.res_partner import PARTNER
from integrations.odoo.mappers.tags import CRM_TAG, PARTNER_CATEGORY

# In this order they are pulled and pushed: parents before children. The same for every connection, but for the
# fields of the user's own: whoever reads or writes records asks `maps_of`.
TWO_WAY: tuple[ModelMap, ...] = (CRM_TAG, PARTNER_CATEGORY, PARTNER, CRM_LEAD)
BY_MODEL: dict[str, ModelMap] = {one.remote_model: one for one in TWO_WAY}


class Maps:
    """All maps of one connection, with the fields of the user's own and the ids of our lead sources in Odoo."""

    def __init__(self, own: tuple[OwnField, ...], source_ids: tuple[tuple[str, int], ...]) -> None:
        self.two_way = tuple(_extended(one, own, source_ids) for one in TWO_WAY)
        self.by_model = {one.remote_model: one for one in self.two_way}

    def of(self, remote_model: str) -> ModelMap:
        """The map of one Odoo model. Raises KeyError."""
        return self.by_model[remote_model]

    def noun(self, remote_model: str, label: str) -> NounMap | None:
        """The map of a noun, by Django label in any case; None when the model is no two-way one, or lacks the noun."""
        nouns = self.by_model[remote_model].nouns if remote_model in self.by_model else ()
        return next((noun for noun in nouns if noun.label.lower() == label.lower()), None)


def maps_of(connection: Connection | None) -> Maps:
    """The maps of a connection as it was read; the plain ones without one. The same map gives the same objects."""
    if connection is None:
        return _maps((), ())
    return _maps(read_own(connection.own_fields), tuple(sorted(connection.source_ids.items())))


@lru_cache(maxsize=16)
def _maps(own: tuple[OwnField, ...], source_ids: tuple[tuple[str, int], ...]) -> Maps:
    return Maps(own, source_ids)


def _extended(plain: ModelMap, own: tuple[OwnField, ...], source_ids: tuple[tuple[str, int], ...]) -> ModelMap:
    mine = [one for one in own if one.model == plain.remote_model]
    if not mine and not (source_ids and plain is CRM_LEAD):
        return plain
    more = tuple(field_of(one) for one in mine)
    nouns = [replace(noun, fields=(*(_sourced(one, source_ids) for one in noun.fields), *more)) for noun in plain.nouns]
    return replace(plain, nouns=tuple(nouns), own={one.name: one for one in mine})


def _sourced(one: Field, source_ids: tuple[tuple[str, int], ...]) -> Field:
    return replace(one, ids=source_ids) if isinstance(one, LeadSource) else one


__all__ = ["BY_MODEL", "TWO_WAY", "Maps", "ModelMap", "NounMap", "OwnField", "maps_of"]

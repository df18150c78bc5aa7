"""crm.tag and res.partner.category: a tag here may have both as counterparts."""

from __future__ import annotations

from integrations.odoo.mappers.base import ModelMap, NounMap
from integrations.odoo.mappers.kinds import Field, Text


class Colour(Field):
    """A colour number; both sides begin at 0."""

    empty_here = 0
    empty_remote = 0

    def canon(self, raw: object) -> object:
        return raw or 0


def _tag_map(remote_model: str) -> ModelMap:
    noun = NounMap(
        label="crm.Tag",
        remote_model=remote_model,
        fields=(Text(remote="name", local="name"), Colour(remote="color", local="color")),
    )
    return ModelMap(remote_model=remote_model, nouns=(noun,), label_of=lambda row: noun.label)


CRM_TAG = _tag_map("crm.tag")
PARTNER_CATEGORY = _tag_map("res.partner.category")

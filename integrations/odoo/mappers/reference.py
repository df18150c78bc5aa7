"""What only comes from Odoo: stages, lost reasons, users, countries, states; and names kept without a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReferenceMap:
    """An Odoo model that is read whole: `label` is the table here, `fields` and `domain` are Odoo's."""

    remote_model: str
    label: str
    fields: tuple[str, ...]
    domain: tuple[tuple[str, str, object], ...] = ()


# Countries before their states.
REFERENCES: tuple[ReferenceMap, ...] = (
    ReferenceMap("res.country", "crm.Country", ("code", "name")),
    ReferenceMap("res.country.state", "crm.CountryState", ("code", "name", "country_id")),
    # Colleagues only: customers with access to the portal are users too, maybe thousands.
    ReferenceMap("res.users", "crm.User", ("name", "login", "active"), (("share", "=", False),)),
    ReferenceMap("crm.stage", "crm.Stage", ("name", "sequence", "is_won", "fold")),
    ReferenceMap("crm.lost.reason", "crm.LostReason", ("name", "active")),
)
# Names alone: looked up by id on the way in, by name on the way out.
NAMES: tuple[str, ...] = ("utm.source", "utm.medium", "utm.campaign", "res.partner.industry")

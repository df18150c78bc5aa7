"""What changes from one Odoo series to the next in what Tandem uses, as measured on 16, 18 and 19."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

MEASURED = (16, 18, 19)
NEWEST = 20


@dataclass(frozen=True)
class Change:
    """Something that is other from `series` on.

    `field` is empty where it is no field; `replaced_by` names what takes its place. `harmless`: nothing has to be done.
    """

    series: int
    model: str
    field: str
    title: Any
    after: Any
    todo: Any = ""
    replaced_by: str = ""
    harmless: bool = False


CHANGES = (
    Change(
        17,
        "",
        "",
        _("Webhooks"),
        _("Odoo can send webhooks by itself from 17 on: changes then arrive here within a second."),
        _("After the upgrade, set the webhook up on the dashboard's instructions."),
        harmless=True,
    ),
    Change(
        19,
        "res.partner",
        "mobile",
        _("Second phone number of a contact"),
        _("Odoo has no such field any more. Tandem keeps its number here, callable, and no longer sends it."),
        _("Before the upgrade, decide in Odoo whether the mobile number shall become the one phone number there."),
        replaced_by="phone",
    ),
    Change(
        19,
        "crm.lead",
        "mobile",
        _("Second phone number of a lead"),
        _("Odoo has no such field any more. Tandem keeps its number here, callable, and no longer sends it."),
        _("Before the upgrade, decide in Odoo whether the mobile number shall become the one phone number there."),
        replaced_by="phone",
    ),
    Change(
        19,
        "crm.lead",
        "title",
        _("Title of a lead"),
        _("Odoo has no such field any more. Tandem never used it."),
        harmless=True,
    ),
    Change(
        19,
        "crm.stage",
        "team_id",
        _("Team of a stage"),
        _("Odoo names several teams a stage. Tandem shows all stages to every team, before and after."),
        replaced_by="team_ids",
        harmless=True,
    ),
    Change(
        19,
        "res.partner",
        "",
        _("Address of a person under a company"),
        _("Odoo then also copies a person's street and VAT number up to the company. Tandem sends neither for them."),
        harmless=True,
    ),
    Change(
        19,
        "mail.activity",
        "",
        _("Activities that are done"),
        _("Odoo keeps them archived in place of deleting them. Tandem reads both as done."),
        harmless=True,
    ),
    Change(
        19,
        "",
        "",
        _("Way of calling Odoo"),
        _("XML-RPC and JSON-RPC still work and are announced to go in 22; JSON-2 takes their place."),
        _("Leave the transport of the connection at “Automatic”: it takes JSON-2 by itself. It needs an API key."),
    ),
)
# Values that Tandem sends, by field: one that a database does not offer is refused there.
VALUES = {
    ("crm.lead", "type"): ("lead", "opportunity"),
    ("crm.lead", "priority"): ("0", "1", "2", "3"),
    ("res.partner", "type"): ("contact",),
}

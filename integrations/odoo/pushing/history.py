"""What only a lead has and its opportunity has not: the address, the UTM names, the second number.

A converted lead is read-only history here, but what was written on it before the conversion still goes to Odoo, where
both are one record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.odoo.mappers.crm_lead import LEAD
from integrations.odoo.mappers.crm_lead import OPPORTUNITY as OPPORTUNITY_MAP
from integrations.odoo.mappers.kinds import AWAITED, Field, base_pair
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.merge import of_customer
from integrations.odoo.pushing.outgoing import Line, know_name
from integrations.odoo.wire.session import Session
from leads.models import Lead

OPPORTUNITY = OPPORTUNITY_MAP.label


def lead_only(session: Session) -> list[Field]:
    """The fields of the lead's map that the opportunity's lacks."""
    lead = session.maps.of(LEAD.remote_model).noun_for(LEAD.label)
    return [one for one in lead.outgoing_fields() if one.remote not in OPPORTUNITY_MAP.by_remote]


def leads_of(objects: Sequence[Any]) -> dict[int, Lead]:
    """The leads that these opportunities were, by the opportunity's key. One query, none without opportunities."""
    keys = [obj.pk for obj in objects if obj._meta.label == OPPORTUNITY and obj.converted_at]
    if not keys:
        return {}
    return {lead.converted_opportunity_id or 0: lead for lead in Lead.objects.filter(converted_opportunity__in=keys)}


def add_all(session: Session, line: Line, lead: Lead, refs: RefIndex) -> None:
    """Add what a lead says that was converted before it ever was in Odoo."""
    present = set(session.present(LEAD.remote_model))
    for one in lead_only(session):
        here = one.read(lead)
        if set(one.reads) <= present and not one.same(here, one.empty_here):
            know_name(session, one, here, refs)
            line.put(one, here, refs)


def add_changes(session: Session, line: Line, lead: Lead, row: Mapping[str, Any], refs: RefIndex) -> None:
    """Add what was changed on the lead before its conversion and that Odoo still holds unchanged."""
    for one in lead_only(session):
        if any(name not in row for name in one.reads) or of_customer(one, row):
            continue
        here = one.read(lead)
        base_here, base_remote = base_pair(one, line.binding.base)
        if not one.same(here, base_here) and one.canon_row(row) == base_remote and base_remote is not AWAITED:
            know_name(session, one, here, refs)
            line.put(one, here, refs)

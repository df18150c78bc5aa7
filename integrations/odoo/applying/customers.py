"""A lead converted on both sides has one customer: the one that Odoo's lead names is ours, never a second (rule 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from crm.models import Account, Contact, Opportunity
from integrations.models import Binding
from integrations.odoo.mappers import crm_lead, res_partner
from integrations.odoo.wire.session import Session

LEAD, PARTNER = crm_lead.MODEL, res_partner.MODEL
MANY = 1000


def bind_customers(session: Session) -> int:
    """Tie new accounts and contacts of converted leads to the partner that Odoo's lead has; returns how many.

    Called before new partners are sent and before unknown ones are taken in. Two queries when there are none; else
    two calls more. Bound pairs have no base: equal values become it, an empty side is filled, others go to the rule.
    """
    waiting = _waiting(session)
    if not waiting:
        return 0
    leads = session.read_fields(LEAD, list(waiting), ["partner_id"])
    partner_of = {row["id"]: row["partner_id"] for row in leads if row.get("partner_id")}
    if not partner_of:
        return 0
    rows = session.read_fields(PARTNER, sorted(set(partner_of.values())), ["is_company", "parent_id"])
    partners = {row["id"]: row for row in rows}
    bound = 0
    for lead_id, partner_id in partner_of.items():
        if partner_id in partners:
            with transaction.atomic():
                bound += _bind(session, waiting[lead_id], partners[partner_id])
    return bound


def _waiting(session: Session) -> dict[int, Opportunity]:
    """Opportunities whose crm.lead is in Odoo and whose account or contact never left for Odoo, by Odoo's id."""
    new = Binding.objects.filter(
        connection=session.connection, remote_model=PARTNER, remote_id=None, state=Binding.State.PENDING
    ).values("object_uuid")
    mine = (
        Opportunity.objects.filter(converted_at__isnull=False, account__uuid__in=new)
        | Opportunity.objects.filter(converted_at__isnull=False, contact__uuid__in=new)
    ).select_related("account", "contact")
    by_uuid = {one.uuid: one for one in mine[:MANY]}
    if not by_uuid:
        return {}
    bindings = Binding.objects.filter(
        connection=session.connection, remote_model=LEAD, object_uuid__in=by_uuid, remote_id__isnull=False
    ).values_list("remote_id", "object_uuid")
    return {remote_id: by_uuid[object_uuid] for remote_id, object_uuid in bindings if remote_id is not None}


def _bind(session: Session, opportunity: Opportunity, partner: Mapping[str, Any]) -> int:
    """A company is the account; a person is the contact, and the company above the account."""
    if partner["is_company"]:
        return _tie(session, opportunity.account, partner["id"])
    bound = _tie(session, opportunity.contact, partner["id"])
    if partner.get("parent_id"):
        bound += _tie(session, opportunity.account, partner["parent_id"])
    return bound


def _tie(session: Session, obj: Account | Contact | None, remote_id: int) -> int:
    """Tie one record, unless either side is tied already."""
    mine = Binding.objects.filter(connection=session.connection, remote_model=PARTNER)
    if obj is None or mine.filter(remote_id=remote_id).exists():
        return 0
    return mine.filter(object_uuid=obj.uuid, remote_id=None, state=Binding.State.PENDING).update(
        remote_id=remote_id, state=Binding.State.BOUND
    )

"""Writes of leads. A converted lead is history: every change is refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Contact, LostReason, Tag, User
from crm.services import records
from crm.services.accounts import AddressFields
from crm.services.customers import share_with_customer
from crm.services.records import OwnValues
from leads.models import Lead


class LeadFields(AddressFields, OwnValues, total=False):
    """What a lead has besides its title; `expected_revenue` in the company's currency, `score` 0 to 100."""

    contact_name: str
    company_name: str
    email: str
    phone: str
    mobile: str
    job_title: str
    website: str
    description: str
    source: str
    stage: str
    priority: str
    budget: str
    authority: str
    need: str
    timeline: str
    score: int
    expected_revenue: Decimal
    utm_source: str
    utm_medium: str
    utm_campaign: str
    referrer: str
    consent: bool
    consent_at: datetime | None
    owner: User | None
    account: Account | None
    contact: Contact | None


class LeadChanges(LeadFields, total=False):
    """What can be changed on a lead."""

    name: str
    lost_reason: LostReason | None


def create_lead(
    *,
    actor: User | None,
    name: str,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[LeadFields],
) -> Lead:
    """Make a lead; consent without a time counts from now. Raises ValidationError on bad values."""
    lead = records.filled(Lead(name=name), **fields)
    if lead.consent and lead.consent_at is None:
        lead.consent_at = timezone.now()
    return records.insert(lead, actor=actor, tags=tags, announce=announce)


def update_lead(
    lead: Lead,
    *,
    actor: User | None,
    expected_version: int | None = None,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[LeadChanges],
) -> Lead:
    """Change a lead; returns it fresh. E-mail and phone go to its customer, too.

    Consent given now is timed now, consent withdrawn loses its time.
    Raises ValidationError on bad values and on a converted lead, StaleVersionError.
    """
    with transaction.atomic():
        values: dict[str, Any] = dict(fields)
        current = records.locked(lead)
        share_with_customer(current, values, actor=actor)
        if "consent" in values and "consent_at" not in values and values["consent"] != current.consent:
            values["consent_at"] = timezone.now() if values["consent"] else None
        return records.change(
            lead, actor=actor, expected_version=expected_version, tags=tags, announce=announce, **values
        )


def lose_lead(
    lead: Lead, *, actor: User | None, reason: LostReason | None, expected_version: int | None = None
) -> Lead:
    """Mark a lead as lost, with the reason; losing twice keeps the day. Raises ValidationError when converted."""
    with transaction.atomic():
        current = records.locked(lead)
        return records.change(
            lead,
            actor=actor,
            expected_version=expected_version,
            lost_at=current.lost_at or timezone.now(),
            lost_reason=reason,
        )


def reopen_lead(lead: Lead, *, actor: User | None, expected_version: int | None = None) -> Lead:
    """Take back that a lead was lost. Raises ValidationError when it is open, or converted."""
    with transaction.atomic():
        current = records.locked(lead)
        if current.lost_at is None and not current.frozen_reason:
            raise ValidationError(_("“%(name)s” is open already.") % {"name": current})
        return records.change(lead, actor=actor, expected_version=expected_version, lost_at=None, lost_reason=None)


def archive_lead(lead: Lead, *, actor: User | None, expected_version: int | None = None) -> Lead:
    """Move a lead to the trash. Raises ValidationError when it was converted: it belongs to its opportunity."""
    return records.archive(lead, actor=actor, expected_version=expected_version)


def restore_lead(lead: Lead, *, actor: User | None, expected_version: int | None = None) -> Lead:
    """Take a lead out of the trash."""
    return records.restore(lead, actor=actor, expected_version=expected_version)

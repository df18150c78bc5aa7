"""Turning a lead into an account, a contact and an opportunity.

In Odoo a lead and its opportunity are one record, so that the lead's binding moves to the opportunity, external id
included, in the same transaction: otherwise the deal would exist twice there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Activity, CommunicationLog, Contact, Note, Opportunity, Stage, Task, User
from crm.services import records
from crm.services.accounts import create_account, ensure_usable
from crm.services.contacts import create_contact, update_contact
from crm.services.pipeline import create_opportunity
from integrations import outbox
from integrations.mailbox.bindings import move_binding
from leads.models import Lead

HANGING = (Activity, Task, Note, CommunicationLog)


@dataclass(frozen=True)
class Conversion:
    """What became of a lead; `created` is False when it had been converted before."""

    lead: Lead
    account: Account | None
    contact: Contact | None
    opportunity: Opportunity
    created: bool


@dataclass(frozen=True)
class Plan:
    """What a conversion will do: which account and contact are used, or under which name one is made."""

    account: Account | None
    contact: Contact | None
    account_name: str
    contact_name: str
    opportunity_name: str
    amount: Decimal


def plan_conversion(lead: Lead, *, account: Account | None = None, contact: Contact | None = None) -> Plan:
    """Say what converting would do; writes nothing. Up to two queries.

    An account given wins over the contact's, that over the lead's own; else the company name makes one. A contact is
    made from the contact name, or, for a private person, from the e-mail address. Without any name there is none.
    """
    contact = contact or lead.contact
    account = account or (contact.account if contact else None) or lead.account
    account_name = "" if account else lead.company_name
    contact_name = "" if contact else lead.contact_name
    if contact is None and account is None and not account_name and not contact_name:
        contact_name = lead.email
    return Plan(account, contact, account_name, contact_name, lead.name, lead.expected_revenue)


def convert_lead(
    lead: Lead,
    *,
    actor: User | None,
    account: Account | None = None,
    contact: Contact | None = None,
    name: str = "",
    amount: Decimal | None = None,
    stage: Stage | None = None,
    close_date: date | None = None,
    owner: User | None = None,
    expected_version: int | None = None,
) -> Conversion:
    """Make an opportunity of a lead, with account and contact as `plan_conversion` says; all or nothing.

    What hangs on the lead hangs on the opportunity, too, afterwards. A second call changes nothing and returns what
    the first one made. Raises ValidationError for a lead that is lost or in the trash, for an account or contact in
    the trash, and for a contact of another account; StaleVersionError when `expected_version` is no longer true.
    """
    with transaction.atomic():
        current = records.locked(lead)
        if current.converted_at is not None:
            return _earlier(current)
        if expected_version is not None and current.version != expected_version:
            raise records.StaleVersionError(current)
        _ensure_convertible(current)
        plan = plan_conversion(current, account=account, contact=contact)
        owner = owner or current.owner
        account = plan.account or _account_of(current, plan, actor=actor, owner=owner)
        contact = plan.contact or _contact_of(current, plan, account=account, actor=actor, owner=owner)
        _ensure_fitting(account, contact)
        if contact is not None and account is not None and contact.account_id is None:
            contact = update_contact(contact, actor=actor, account=account)
        now = timezone.now()
        opportunity = _opportunity_of(
            current,
            account=account,
            contact=contact,
            actor=actor,
            name=name.strip() or plan.opportunity_name,
            amount=plan.amount if amount is None else amount,
            stage=stage,
            close_date=close_date,
            owner=owner,
        )
        opportunity.converted_at, opportunity.custom = now, current.custom
        opportunity.save(update_fields=["converted_at", "custom"])
        # Before the opportunity is announced: announcing would give it a binding, hence a second record, of its own.
        move_binding(current, opportunity, remote_model="crm.lead")
        outbox.announce(opportunity)
        current = records.change(
            current,
            actor=actor,
            announce=False,
            converted_at=now,
            converted_by=actor,
            converted_account=account,
            converted_contact=contact,
            converted_opportunity=opportunity,
        )
        _take_along(current, opportunity)
    return Conversion(current, account, contact, opportunity, created=True)


def _earlier(lead: Lead) -> Conversion:
    opportunity = lead.converted_opportunity
    if opportunity is None:
        raise ValidationError(_("“%(name)s” was converted, but its opportunity is gone.") % {"name": lead})
    return Conversion(lead, lead.converted_account, lead.converted_contact, opportunity, created=False)


def _ensure_convertible(lead: Lead) -> None:
    if lead.archived_at is not None:
        raise ValidationError(_("“%(name)s” is in the trash. Restore it first.") % {"name": lead})
    if lead.lost_at is not None:
        raise ValidationError(_("“%(name)s” is lost. Reopen it first.") % {"name": lead})


def _ensure_fitting(account: Account | None, contact: Contact | None) -> None:
    ensure_usable(account)
    if contact is None:
        return
    if contact.archived_at is not None:
        raise ValidationError({"contact": _("“%(name)s” is in the trash. Restore it first.") % {"name": contact}})
    if account is not None and contact.account_id not in (None, account.pk):
        raise ValidationError(
            {
                "contact": _("“%(contact)s” belongs to another account than “%(account)s”.")
                % {"contact": contact, "account": account}
            }
        )


def _account_of(lead: Lead, plan: Plan, *, actor: User | None, owner: User | None) -> Account | None:
    if not plan.account_name:
        return None
    alone = not plan.contact and not plan.contact_name
    return create_account(
        actor=actor,
        name=plan.account_name,
        manager=owner,
        website=lead.website,
        email=lead.email if alone else "",
        phone=lead.phone if alone else "",
        street=lead.street,
        street2=lead.street2,
        postal_code=lead.postal_code,
        city=lead.city,
        state=lead.state,
        country=lead.country,
        tags=lead.tags.all(),
    )


def _contact_of(
    lead: Lead, plan: Plan, *, account: Account | None, actor: User | None, owner: User | None
) -> Contact | None:
    if not plan.contact_name:
        return None
    return create_contact(
        actor=actor,
        name=plan.contact_name,
        account=account,
        owner=owner,
        email=lead.email,
        phone=lead.phone,
        mobile=lead.mobile,
        job_title=lead.job_title,
        website="" if account else lead.website,
        street=lead.street,
        street2=lead.street2,
        postal_code=lead.postal_code,
        city=lead.city,
        state=lead.state,
        country=lead.country,
        tags=lead.tags.all(),
    )


def _opportunity_of(
    lead: Lead,
    *,
    account: Account | None,
    contact: Contact | None,
    actor: User | None,
    name: str,
    amount: Decimal,
    stage: Stage | None,
    close_date: date | None,
    owner: User | None,
) -> Opportunity:
    return create_opportunity(
        actor=actor,
        name=name,
        stage=stage,
        account=account,
        contact=contact,
        contact_name=lead.contact_name,
        company_name=lead.company_name,
        email=lead.email,
        phone=lead.phone or lead.mobile,
        amount=amount,
        close_date=close_date,
        owner=owner,
        priority=lead.priority,
        description=lead.description,
        requirements=lead.need,
        tags=lead.tags.all(),
        announce=False,
    )


def _take_along(lead: Lead, opportunity: Opportunity) -> None:
    """Hang what hung on the lead on the opportunity, too; it is the same record in Odoo, so nothing is announced."""
    for model in HANGING:
        model.objects.filter(lead=lead, opportunity__isnull=True).update(
            opportunity=opportunity, version=F("version") + 1, updated_at=timezone.now()
        )


def adopt_conversion(lead: Lead, *, stage: Stage | None, converted_at: datetime) -> Opportunity:
    """Make the opportunity of a lead that was converted in Odoo; account and contact come with its customer.

    Announces nothing and moves no binding: the caller holds Odoo's record. Must run in a transaction that holds the
    lead's lock. Returns the earlier opportunity when the lead has one.
    """
    if lead.converted_opportunity is not None:
        return lead.converted_opportunity
    opportunity = _opportunity_of(
        lead,
        account=lead.account,
        contact=lead.contact,
        actor=None,
        name=lead.name,
        amount=lead.expected_revenue,
        stage=stage,
        close_date=None,
        owner=lead.owner,
    )
    opportunity.converted_at, opportunity.custom = converted_at, lead.custom
    opportunity.save(update_fields=["converted_at", "custom"])
    records.change(lead, actor=None, announce=False, converted_at=converted_at, converted_opportunity=opportunity)
    _take_along(lead, opportunity)
    return opportunity

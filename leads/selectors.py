"""Reads for the pages of leads."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from crm.models import Account, Contact, User
from crm.registry import HomeTile
from leads.models import Lead


def accounts_like(lead: Lead, *, user: User) -> QuerySet[Account]:
    """Accounts this user sees that may be the lead's company: its own one, and those of the same name or e-mail."""
    alike = Q(pk=lead.account_id) | Q(pk=lead.contact.account_id if lead.contact else None)
    if lead.company_name:
        alike |= Q(search_text__contains=lead.company_name.casefold())
    if lead.email:
        alike |= Q(email__iexact=lead.email)
    return Account.objects.active().visible_to(user).filter(alike)


def contacts_like(lead: Lead, *, user: User) -> QuerySet[Contact]:
    """Contacts this user sees that may be the lead's person: its own one, and those of the same name or e-mail."""
    alike = Q(pk=lead.contact_id)
    if lead.contact_name:
        alike |= Q(search_text__contains=lead.contact_name.casefold())
    if lead.email:
        alike |= Q(email__iexact=lead.email)
    return Contact.objects.active().visible_to(user).filter(alike, moved_to__isnull=True)


def home_tiles(user: User) -> list[HomeTile]:
    """The user's open leads. One query."""
    mine = Lead.objects.active().filter(owner=user, lost_at__isnull=True, converted_at__isnull=True).count()
    url = f"{reverse('workspace:list', args=('leads',))}?owner={user.pk}&state=open"
    return [HomeTile(_("My open leads"), number_format(mine, force_grouping=True), url, "person_search")]

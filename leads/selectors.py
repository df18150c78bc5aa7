"""Reads for the pages of leads."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from crm.models import Account, Contact, User
from crm.models.keys import key_of_email, key_of_name, key_of_phone
from crm.registry import HomeTile
from leads.models import Lead


def accounts_like(lead: Lead, *, user: User) -> QuerySet[Account]:
    """Accounts this user sees that may be the lead's company: its own one, those of the same name, e-mail or phone."""
    alike = Q(pk=lead.account_id) | Q(pk=lead.contact.account_id if lead.contact else None)
    if lead.company_name:
        alike |= Q(search_text__contains=lead.company_name.casefold()) | Q(name_key=key_of_name(lead.company_name))
    if lead.email:
        alike |= Q(email_key=key_of_email(lead.email))
    if lead.phone:
        alike |= Q(phone_key=key_of_phone(lead.phone))
    return Account.objects.active().visible_to(user).filter(alike)


def contacts_like(lead: Lead, *, user: User) -> QuerySet[Contact]:
    """Contacts this user sees that may be the lead's person: its own one, those of the same name, e-mail or phone."""
    alike = Q(pk=lead.contact_id)
    if lead.contact_name:
        alike |= Q(search_text__contains=lead.contact_name.casefold()) | Q(name_key=key_of_name(lead.contact_name))
    if lead.email:
        alike |= Q(email_key=key_of_email(lead.email))
    if lead.phone:
        alike |= Q(phone_key=key_of_phone(lead.phone)) | Q(mobile_key=key_of_phone(lead.phone))
    return Contact.objects.active().visible_to(user).filter(alike, moved_to__isnull=True)


def home_tiles(user: User) -> list[HomeTile]:
    """The user's open leads. One query."""
    mine = Lead.objects.active().filter(owner=user, lost_at__isnull=True, converted_at__isnull=True).count()
    url = f"{reverse('workspace:list', args=('leads',))}?owner={user.pk}&state=open"
    return [HomeTile(_("My open leads"), number_format(mine, force_grouping=True), url, "person_search")]

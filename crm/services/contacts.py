"""Writes of contacts: at most one primary contact per account, and nobody reports to themself, however indirectly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Contact, Tag, User
from crm.services import records
from crm.services.accounts import AddressFields
from crm.services.records import OwnValues
from crm.services.trees import ensure_no_circle


class ContactFields(AddressFields, OwnValues, total=False):
    """What a contact has besides the name; `time_zone` is an IANA name or empty."""

    account: Account | None
    role: str
    reports_to: Contact | None
    owner: User | None
    email: str
    phone: str
    mobile: str
    job_title: str
    website: str
    vat: str
    is_primary: bool
    time_zone: str
    do_not_call: bool
    description: str


class ContactChanges(ContactFields, total=False):
    """What can be changed on a contact."""

    name: str


def create_contact(
    *,
    actor: User | None,
    name: str,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[ContactFields],
) -> Contact:
    """Make a contact; a new primary contact takes the place of the present one. Raises ValidationError."""
    contact = records.filled(Contact(name=name), **fields)
    with transaction.atomic():
        if contact.is_primary:
            _free_primary_place(contact, account=contact.account, actor=actor, announce=announce)
        return records.insert(contact, actor=actor, tags=tags, announce=announce)


def update_contact(
    contact: Contact,
    *,
    actor: User | None,
    expected_version: int | None = None,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[ContactChanges],
) -> Contact:
    """Change a contact; returns it fresh. A primary contact that changes the account is not primary there.

    Raises ValidationError on bad values and on a circle of reports-to, StaleVersionError.
    """
    with transaction.atomic():
        if fields.get("reports_to") is not None:
            ensure_no_circle(
                contact, field="reports_to", target=fields["reports_to"], sentence=_("“%(target)s” reports to them.")
            )
        stored = Contact.objects.select_related("account").get(pk=contact.pk)
        account = fields.get("account", stored.account)
        moves = account != stored.account
        if moves and stored.is_primary:
            fields.setdefault("is_primary", False)
        if fields.get("is_primary") and (moves or not stored.is_primary):
            _free_primary_place(contact, account=account, actor=actor, announce=announce)
        return records.change(
            contact, actor=actor, expected_version=expected_version, tags=tags, announce=announce, **fields
        )


def make_primary(contact: Contact, *, actor: User | None, expected_version: int | None = None) -> Contact:
    """Make this the primary contact of its account; the present one steps back.

    Raises ValidationError when the contact has no account. Two calls at the same time leave exactly one.
    """
    return update_contact(contact, actor=actor, expected_version=expected_version, is_primary=True)


def archive_contact(contact: Contact, *, actor: User | None, expected_version: int | None = None) -> Contact:
    """Move a contact to the trash; it gives up being primary."""
    return records.archive(contact, actor=actor, expected_version=expected_version, is_primary=False)


def restore_contact(contact: Contact, *, actor: User | None, expected_version: int | None = None) -> Contact:
    """Take a contact out of the trash."""
    return records.restore(contact, actor=actor, expected_version=expected_version)


def _free_primary_place(contact: Contact, *, account: Account | None, actor: User | None, announce: bool) -> None:
    """Let the present primary contact of the account step back, under the account's lock."""
    if account is None:
        raise ValidationError({"is_primary": _("A primary contact needs an account.")})
    records.locked(account)
    for present in Contact.objects.active().filter(account=account, is_primary=True).exclude(pk=contact.pk):
        records.change(present, actor=actor, announce=announce, is_primary=False)

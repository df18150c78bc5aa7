"""A contact becomes an account, or an account a contact, when Odoo says so (is_company)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from crm import audit
from crm.models import Account, Contact

SHARED = (
    "name",
    "email",
    "phone",
    "website",
    "vat",
    "street",
    "street2",
    "postal_code",
    "city",
    "state_id",
    "country_id",
    "description",
    "custom",
    "archived_at",
    "created_at",
    "created_by_id",
    "search_text",
    "field_times",
)


def contact_becomes_account(*, contact: Contact) -> Account:
    """Make an account of a contact: it takes over uuid, history and values; the contact stays as a tombstone.

    What hung on the contact hangs on the account afterwards. Must run in a transaction; announces nothing.
    """
    account = Account(**{name: getattr(contact, name) for name in SHARED}, uuid=contact.uuid)
    account.parent_id, account.manager_id, account.version = contact.account_id, contact.owner_id, contact.version + 1
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(uuid=uuid.uuid4())
        account.save(force_insert=True)
        account.tags.set(contact.tags.all())
        _move_history(contact, "contact", {"contact": None, "account": account})
        contact.refresh_from_db()
        contact.moved_to = account
        contact.is_primary = False
        contact.archived_at = contact.archived_at or account.created_at
        contact.save(update_fields=["moved_to", "is_primary", "archived_at"])
        audit.keep(audit.turned(account, actor=None))
    return account


def hangs_on(*, account: Account) -> bool:
    """Whether contacts, child accounts or opportunities hang on the account. Three queries at most."""
    return (
        account.contacts.filter(moved_to=None).exists() or account.children.exists() or account.opportunities.exists()
    )


def account_becomes_contact(*, account: Account) -> Contact:
    """Make a contact of an account on which nothing hangs; the way back of `contact_becomes_account`.

    Must run in a transaction; announces nothing.
    """
    values: dict[str, Any] = {name: getattr(account, name) for name in SHARED}
    with transaction.atomic():
        contact = account.former_contacts.order_by("-pk").first()
        Account.objects.filter(pk=account.pk).update(uuid=uuid.uuid4())
        tags = list(account.tags.all())
        fields = {
            **values,
            "uuid": account.uuid,
            "account_id": account.parent_id,
            "owner_id": account.manager_id,
            "moved_to": None,
            "version": account.version + 1,
        }
        if contact is None:
            contact = Contact(**fields)
        else:
            for name, value in fields.items():
                setattr(contact, name, value)
        contact.save()
        contact.tags.set(tags)
        _move_history(account, "account", {"account": None, "contact": contact})
        account.delete()
        audit.keep(audit.turned(contact, actor=None))
    return contact


def _move_history(source: Any, link: str, values: dict[str, Any]) -> None:
    """Point everything that hangs on `source` by `link` to its successor instead."""
    for relation in source._meta.related_objects:
        table = relation.related_model
        names = {field.name for field in table._meta.get_fields()}
        if relation.field.name == link and relation.field.many_to_one and set(values) <= names:
            table._default_manager.filter(**{link: source}).update(**values)

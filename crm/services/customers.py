"""E-mail and phone of a lead or deal with a customer belong to the customer, here as in Odoo (rule of the sync)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.models import Record, User
from crm.services.accounts import update_account
from crm.services.contacts import update_contact

SHARED = ("email", "phone")


def share_with_customer(record: Record, values: Mapping[str, Any], *, actor: User | None) -> None:
    """Write the e-mail and phone among `values` to the customer of a lead or deal: its contact, else its account.

    Odoo copies them from there to all its leads. Nothing to do without a customer, or with one in the trash. Must run
    in the caller's transaction.
    """
    shared = {name: values[name] for name in SHARED if name in values and values[name] != getattr(record, name)}
    contact, account = getattr(record, "contact", None), getattr(record, "account", None)
    if not shared:
        return
    if contact is not None:
        if contact.archived_at is None:
            update_contact(contact, actor=actor, **shared)
    elif account is not None and account.archived_at is None:
        update_account(account, actor=actor, **shared)

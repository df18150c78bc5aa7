"""Writes of accounts. An account's parent is moved under the lock of the whole tree, so that no circle can close."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Country, CountryState, Tag, User
from crm.services import records
from crm.services.records import OwnValues
from crm.services.trees import ensure_no_circle


class AddressFields(TypedDict, total=False):
    """A postal address."""

    street: str
    street2: str
    postal_code: str
    city: str
    state: CountryState | None
    country: Country | None


class AccountFields(AddressFields, OwnValues, total=False):
    """What an account has besides its name; money in the company's currency, coordinates in degrees."""

    type: str
    parent: Account | None
    territory: str
    manager: User | None
    annual_revenue: Decimal | None
    employees: int | None
    industry: str
    website: str
    email: str
    phone: str
    vat: str
    description: str
    latitude: Decimal | None
    longitude: Decimal | None


class AccountChanges(AccountFields, total=False):
    """What can be changed on an account."""

    name: str


def create_account(
    *,
    actor: User | None,
    name: str,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[AccountFields],
) -> Account:
    """Make an account. Raises ValidationError on bad values."""
    return records.insert(records.filled(Account(name=name), **fields), actor=actor, tags=tags, announce=announce)


def update_account(
    account: Account,
    *,
    actor: User | None,
    expected_version: int | None = None,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[AccountChanges],
) -> Account:
    """Change an account; returns it fresh.

    Raises ValidationError on bad values and when a new parent stands below the account, StaleVersionError when
    `expected_version` is no longer true.
    """
    with transaction.atomic():
        if fields.get("parent") is not None:
            ensure_no_circle(
                account, field="parent", target=fields["parent"], sentence=_("“%(target)s” stands below this account.")
            )
        return records.change(
            account, actor=actor, expected_version=expected_version, tags=tags, announce=announce, **fields
        )


def move_account(
    account: Account, *, actor: User | None, parent: Account | None, expected_version: int | None = None
) -> Account:
    """Hang an account under another one, or under none.

    Raises ValidationError when the new parent stands below the account: two moves at the same time that would only
    together close a circle included.
    """
    return update_account(account, actor=actor, parent=parent, expected_version=expected_version)


def archive_account(account: Account, *, actor: User | None, expected_version: int | None = None) -> Account:
    """Move an account to the trash; its contacts and opportunities stay."""
    return records.archive(account, actor=actor, expected_version=expected_version)


def restore_account(account: Account, *, actor: User | None, expected_version: int | None = None) -> Account:
    """Take an account out of the trash."""
    return records.restore(account, actor=actor, expected_version=expected_version)


def ensure_usable(account: Account | None, *, field: str = "account") -> None:
    """Raise ValidationError for an account that is in the trash."""
    if account is not None and account.archived_at is not None:
        raise ValidationError({field: _("“%(name)s” is in the trash. Restore it first.") % {"name": account}})

"""Accounts and the tree they form."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.models import Account, User
from crm.services.accounts import (
    archive_account,
    create_account,
    ensure_usable,
    move_account,
    restore_account,
    update_account,
)
from tests.factories import AccountFactory, CountryFactory, TagFactory

pytestmark = pytest.mark.django_db


def test_create_with_all_kinds_of_fields(owner: User) -> None:
    parent = AccountFactory.create()
    account = create_account(
        actor=owner,
        name="Łódź Optik",
        parent=parent,
        manager=owner,
        annual_revenue=Decimal("1200000.50"),
        country=CountryFactory.create(),
        tags=[TagFactory.create(name="Pilot")],
    )
    account.refresh_from_db()
    assert account.parent == parent
    assert account.annual_revenue == Decimal("1200000.50")
    assert [tag.name for tag in account.tags.all()] == ["Pilot"]


def test_create_refuses_an_empty_name(owner: User) -> None:
    with pytest.raises(ValidationError):
        create_account(actor=owner, name="")


def test_update_returns_the_fresh_account(owner: User) -> None:
    account = AccountFactory.create(name="Old")
    assert update_account(account, actor=owner, name="New", expected_version=1).version == 2


def test_an_account_can_be_moved_and_set_free(owner: User) -> None:
    parent, child = AccountFactory.create_batch(2)
    assert move_account(child, actor=owner, parent=parent).parent == parent
    assert move_account(child, actor=owner, parent=None).parent is None


def test_no_account_stands_below_itself(owner: User) -> None:
    top, middle, bottom = AccountFactory.create_batch(3)
    move_account(middle, actor=owner, parent=top)
    move_account(bottom, actor=owner, parent=middle)
    for target in (top, middle, bottom):
        with pytest.raises(ValidationError, match=f"“{target}” stands below this account"):
            move_account(top, actor=owner, parent=target)
    top.refresh_from_db()
    assert top.parent is None


def test_a_circle_that_is_there_already_does_not_hang_the_check(owner: User) -> None:
    one, two, free = AccountFactory.create_batch(3)
    Account.objects.filter(pk=one.pk).update(parent=two)
    Account.objects.filter(pk=two.pk).update(parent=one)
    assert move_account(free, actor=owner, parent=one).parent == one


def test_archived_accounts_are_not_usable(owner: User) -> None:
    account = archive_account(AccountFactory.create(name="Gone"), actor=owner)
    with pytest.raises(ValidationError, match="“Gone” is in the trash"):
        ensure_usable(account)
    ensure_usable(restore_account(account, actor=owner))
    ensure_usable(None)


@pytest.mark.parametrize("values", [{"name": ""}, {"parent_id": "own"}])
def test_the_database_itself_refuses(values: dict[str, str]) -> None:
    account = AccountFactory.create()
    written = {name: account.pk if value == "own" else value for name, value in values.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**written)

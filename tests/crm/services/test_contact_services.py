"""Contacts: the primary one, and who reports to whom."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.models import Contact, User
from crm.services.contacts import archive_contact, create_contact, make_primary, restore_contact, update_contact
from tests.factories import AccountFactory, ContactFactory

pytestmark = pytest.mark.django_db


def primaries(account: object) -> list[str]:
    return list(Contact.objects.filter(account=account, is_primary=True).values_list("name", flat=True))


def test_create_refuses_bad_values(owner: User) -> None:
    for values in ({"name": " "}, {"name": "Ann", "role": "king"}):
        with pytest.raises(ValidationError):
            create_contact(actor=owner, **values)
    assert Contact.objects.count() == 0


def test_a_new_primary_contact_takes_the_place(owner: User) -> None:
    account = AccountFactory.create()
    create_contact(actor=owner, name="Ann", account=account, is_primary=True)
    create_contact(actor=owner, name="Bob", account=account, is_primary=True)
    assert primaries(account) == ["Bob"]


def test_make_primary_moves_the_place_and_touches_nobody_else(owner: User) -> None:
    account = AccountFactory.create()
    ann = ContactFactory.create(name="Ann", account=account, is_primary=True)
    bob = ContactFactory.create(name="Bob", account=account)
    cyd = ContactFactory.create(name="Cyd", account=account)
    elsewhere = ContactFactory.create(account=AccountFactory.create(), is_primary=True)
    make_primary(bob, actor=owner)
    versions = {row.name: row.version for row in Contact.objects.all()}
    assert primaries(account) == ["Bob"]
    assert versions == {ann.name: 2, bob.name: 2, cyd.name: 1, elsewhere.name: 1}


def test_making_the_primary_contact_primary_again_changes_nothing(owner: User) -> None:
    ann = ContactFactory.create(account=AccountFactory.create(), is_primary=True)
    assert make_primary(ann, actor=owner).version == 1


def test_a_primary_contact_needs_an_account(owner: User) -> None:
    with pytest.raises(ValidationError, match="needs an account"):
        make_primary(ContactFactory.create(), actor=owner)
    with pytest.raises(ValidationError, match="needs an account"):
        create_contact(actor=owner, name="Ann", is_primary=True)


def test_who_moves_to_another_account_is_not_primary_there(owner: User) -> None:
    here, there = AccountFactory.create_batch(2)
    ann = ContactFactory.create(name="Ann", account=here, is_primary=True)
    ContactFactory.create(name="Bob", account=there, is_primary=True)
    update_contact(ann, actor=owner, account=there)
    assert (primaries(here), primaries(there)) == ([], ["Bob"])


def test_who_moves_can_take_the_place_there_in_one_step(owner: User) -> None:
    here, there = AccountFactory.create_batch(2)
    ann = ContactFactory.create(name="Ann", account=here)
    ContactFactory.create(name="Bob", account=there, is_primary=True)
    update_contact(ann, actor=owner, account=there, is_primary=True)
    assert primaries(there) == ["Ann"]


def test_an_archived_contact_gives_up_the_place_and_comes_back_without_it(owner: User) -> None:
    account = AccountFactory.create()
    ann = ContactFactory.create(name="Ann", account=account, is_primary=True)
    archived = archive_contact(ann, actor=owner)
    create_contact(actor=owner, name="Bob", account=account, is_primary=True)
    assert not restore_contact(archived, actor=owner).is_primary
    assert primaries(account) == ["Bob"]


def test_nobody_reports_to_themself(owner: User) -> None:
    boss, head, clerk = ContactFactory.create_batch(3)
    update_contact(head, actor=owner, reports_to=boss)
    update_contact(clerk, actor=owner, reports_to=head)
    with pytest.raises(ValidationError, match="reports to them"):
        update_contact(boss, actor=owner, reports_to=clerk)
    with pytest.raises(ValidationError):
        update_contact(boss, actor=owner, reports_to=boss)


def test_a_contact_that_became_an_account_is_history(owner: User) -> None:
    contact = ContactFactory.create(moved_to=AccountFactory.create())
    with pytest.raises(ValidationError, match="became an account"):
        update_contact(contact, actor=owner, name="New")


def test_the_database_allows_one_primary_contact(owner: User) -> None:
    account = AccountFactory.create()
    ContactFactory.create(account=account, is_primary=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactFactory.create(account=account, is_primary=True)

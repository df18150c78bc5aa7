"""Two people at the same moment, each with a connection of their own. Runs on PostgreSQL only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from crm.models import Account, Contact, Opportunity, StageChange, Tag, User
from crm.services.accounts import move_account, update_account
from crm.services.contacts import make_primary, update_contact
from crm.services.pipeline import create_opportunity, move_to_stage
from crm.services.tags import get_or_create_tag
from crm.services.tasks import create_task
from leads.conversion import convert_lead
from tests.factories import AccountFactory, ContactFactory, LeadFactory, StageFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 8


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run these at the same moment in threads; returns what each returned or raised, in order."""
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(place: int, job: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            results[place] = job()
        except Exception as error:  # a race's loser is part of the result
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, job)) for place, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return results


def kinds(results: list[Any]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_two_moves_never_close_a_circle(owner: User) -> None:
    for _ in range(ROUNDS):
        one, two, three, four = AccountFactory.create_batch(4)
        move_account(two, actor=owner, parent=one)
        move_account(four, actor=owner, parent=three)
        # No row is written by both: only together would they make 1 → 4 → 3 → 2 → 1.
        results = together(
            lambda one=one, four=four: move_account(one, actor=owner, parent=four),
            lambda three=three, two=two: move_account(three, actor=owner, parent=two),
        )
        assert kinds(results) == ["Account", "ValidationError"]


def test_two_reports_never_close_a_circle(owner: User) -> None:
    for _ in range(ROUNDS):
        ann, bob = ContactFactory.create_batch(2)
        results = together(
            lambda ann=ann, bob=bob: update_contact(ann, actor=owner, reports_to=bob),
            lambda ann=ann, bob=bob: update_contact(bob, actor=owner, reports_to=ann),
        )
        assert kinds(results) == ["Contact", "ValidationError"]


def test_one_account_has_one_primary_contact(owner: User) -> None:
    for _ in range(ROUNDS):
        account = AccountFactory.create()
        people = ContactFactory.create_batch(3, account=account)
        results = together(*[lambda who=who: make_primary(who, actor=owner) for who in people])
        assert kinds(results) == ["Contact"] * 3
        assert Contact.objects.filter(account=account, is_primary=True).count() == 1


def test_one_of_two_savers_of_the_same_version_is_refused(owner: User) -> None:
    for _ in range(ROUNDS):
        account = AccountFactory.create()
        results = together(
            *[
                lambda name=name, account=account: update_account(account, actor=owner, expected_version=1, name=name)
                for name in ("One", "Two")
            ]
        )
        assert kinds(results) == ["Account", "StaleVersionError"]
        account.refresh_from_db()
        assert account.version == 2


def test_edits_of_different_fields_both_stay(owner: User) -> None:
    for _ in range(ROUNDS):
        account = AccountFactory.create()
        together(
            lambda account=account: update_account(account, actor=owner, name="New"),
            lambda account=account: update_account(account, actor=owner, city="Hamburg"),
        )
        account.refresh_from_db()
        assert (account.name, account.city, account.version) == ("New", "Hamburg", 3)
        assert sorted(account.field_times) == ["city", "name"]


def test_a_lead_is_converted_once(owner: User) -> None:
    StageFactory.create()
    for _ in range(ROUNDS):
        lead = LeadFactory.create()
        results = together(*[lambda lead=lead: convert_lead(lead, actor=owner) for _ in range(3)])
        assert sorted(result.created for result in results) == [False, False, True]
        assert {result.opportunity.pk for result in results} == {Opportunity.objects.latest("id").pk}
    assert (Opportunity.objects.count(), Account.objects.count()) == (ROUNDS, ROUNDS)


def test_a_tag_is_made_once(owner: User) -> None:
    for number in range(ROUNDS):
        spellings = (f"Müller {number}", f"MÜLLER {number}", f"müller {number}")
        results = together(*[lambda name=name: get_or_create_tag(actor=owner, name=name) for name in spellings])
        assert len({tag.pk for tag in results}) == 1
    assert Tag.objects.count() == ROUNDS


def test_a_barcode_taken_in_between_is_a_sentence(owner: User) -> None:
    for number in range(ROUNDS):
        results = together(
            *[lambda n=number: create_task(actor=owner, title="Job", barcode=f"T-{n}") for _ in range(2)]
        )
        refused = [result for result in results if isinstance(result, ValidationError)]
        assert [refusal.messages for refusal in refused] == [["Another task has this barcode."]]


def test_a_move_is_noted_once(owner: User) -> None:
    first, second = StageFactory.create(sequence=1), StageFactory.create(sequence=2)
    for _ in range(ROUNDS):
        deal = create_opportunity(actor=owner, name="Deal", stage=first)
        together(*[lambda deal=deal: move_to_stage(deal, actor=owner, stage=second) for _ in range(2)])
        assert StageChange.objects.filter(opportunity=deal).count() == 2

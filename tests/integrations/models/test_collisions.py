"""Transactions that met another one are tried again, a few times, and people are told when it never got through."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction

from crm.models import Team
from integrations.models import collisions
from integrations.models.collisions import TRIES, decision, try_again
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses are random and short; here they are shorter."""
    monkeypatch.setattr(collisions, "FIRST_PAUSE", 0.0001)


def collision() -> OperationalError:
    """What Django raises for a deadlock of PostgreSQL."""
    error = OperationalError("deadlock detected")
    error.__cause__ = psycopg.errors.DeadlockDetected("deadlock detected")
    return error


def met(times: int, tries: list[int], error: Callable[[], Exception] = collision) -> Callable[[], int]:
    """Work that writes something and then fails so many times."""

    def work() -> int:
        tries.append(len(tries))
        TeamFactory.create(name=f"Try {len(tries)}")
        for failure in [error()] * (len(tries) <= times):
            raise failure
        return len(tries)

    return work


def test_work_that_met_another_is_done_again_from_the_start() -> None:
    tries: list[int] = []
    between: list[str] = []
    assert try_again(met(TRIES - 1, tries), between=lambda: between.append("cleared")) == TRIES
    assert list(Team.objects.values_list("name", flat=True)) == [f"Try {TRIES}"]
    assert len(between) == TRIES - 1


def test_it_is_bounded() -> None:
    tries: list[int] = []
    with pytest.raises(OperationalError):
        try_again(met(1000, tries))
    assert (len(tries), Team.objects.count()) == (TRIES, 0)


def test_a_person_is_told_in_a_sentence_when_it_never_got_through() -> None:
    with pytest.raises(ValidationError, match="Nothing has changed; try again"):
        decision(met(1000, []))()


@pytest.mark.parametrize("error", [lambda: OperationalError("disk full"), lambda: ValidationError("No.")])
def test_other_trouble_is_not_tried_again(error: Callable[[], Exception]) -> None:
    tries: list[int] = []
    with pytest.raises((OperationalError, ValidationError)):
        decision(met(1, tries, error))()
    assert len(tries) == 1


def test_within_a_transaction_of_the_caller_it_is_the_callers_to_try_again() -> None:
    tries: list[int] = []
    with pytest.raises(OperationalError), transaction.atomic():
        decision(met(1, tries))()
    assert len(tries) == 1

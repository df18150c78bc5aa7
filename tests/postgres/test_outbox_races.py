"""Two workers and a person at once, with real threads and connections."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.db import transaction

from crm.models import Account
from integrations import outbox
from integrations.models import Connection, OutboxMessage
from tests.factories import AccountFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
PARTNER = "res.partner"


@pytest.fixture
def connection(db: None) -> Connection:
    return Connection.objects.create(url="http://127.0.0.1:1", database="none", username="nobody", secret="none")


def in_threads(count: int, work: Callable[[], list[uuid.UUID]]) -> list[list[uuid.UUID]]:
    """Start all at the same moment, each with its own connection."""
    start = threading.Barrier(count)

    def one() -> list[uuid.UUID]:
        try:
            start.wait()
            return work()
        finally:
            database.close()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return [done.result() for done in [pool.submit(one) for _ in range(count)]]


def test_workers_that_arrive_together_never_claim_the_same_message(connection: Connection) -> None:
    many = AccountFactory.create_batch(120)
    with transaction.atomic():
        outbox.announce(*many)

    def claim_all() -> list[uuid.UUID]:
        mine: list[uuid.UUID] = []
        while found := outbox.claim(connection, PARTNER, limit=7).messages:
            mine += [message.object_uuid for message in found]
        return mine

    claimed = in_threads(4, claim_all)
    together = [key for mine in claimed for key in mine]
    assert len(together) == len(set(together)) == 120


def test_edits_that_arrive_together_leave_one_waiting_message(connection: Connection) -> None:
    account = AccountFactory.create()

    def announce() -> list[uuid.UUID]:
        with transaction.atomic():
            outbox.announce(account)
        return []

    in_threads(8, announce)
    assert OutboxMessage.objects.filter(status="waiting").count() == 1


def test_an_uncommitted_edit_cannot_be_claimed_away(connection: Connection) -> None:
    """A worker that claimed now would read the old value, and the edit would never be sent."""
    account = AccountFactory.create()
    with transaction.atomic():
        outbox.announce(account)
    edited, claimed = threading.Event(), threading.Event()
    seen: list[int] = []

    def worker() -> None:
        edited.wait(10)
        seen.append(len(outbox.claim(connection, PARTNER, limit=7).messages))
        claimed.set()
        database.close()

    thread = threading.Thread(target=worker)
    thread.start()
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(phone="new")
        outbox.announce(account)
        edited.set()
        assert claimed.wait(10)
    thread.join()
    assert seen == [0]
    assert len(outbox.claim(connection, PARTNER, limit=7).messages) == 1

"""Two people settle, or take back, at once, with real threads and connections: one wins, the other is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.db import transaction

from crm.models import Account
from crm.services.accounts import update_account
from integrations.decisions.parked import drop, send_again
from integrations.models import Binding, Conflict, Connection, OutboxMessage, content_type_of
from integrations.odoo.settling import conflicts
from tests.factories import AccountFactory, UserFactory
from tests.support.conflicts import conflict_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
STATUS = Conflict.Status
TURNS = 10


def together(*works: Callable[[], object]) -> list[object]:
    """Start all at the same moment, each with its own connection; what was refused comes back as its exception."""
    start = threading.Barrier(len(works))

    def one(work: Callable[[], object]) -> object:
        try:
            start.wait()
            return work()
        except ValidationError as refusal:
            return refusal
        finally:
            database.close()

    with ThreadPoolExecutor(max_workers=len(works)) as pool:
        return [done.result() for done in [pool.submit(one, work) for work in works]]


def refused(results: list[object]) -> list[ValidationError]:
    return [one for one in results if isinstance(one, ValidationError)]


@pytest.mark.parametrize("turn", range(TURNS))
def test_of_two_people_who_settle_at_once_one_wins_and_the_other_is_told(
    connection_to_odoo: Connection, turn: int
) -> None:
    ada, bob = UserFactory.create(name="Ada"), UserFactory.create(name="Bob")
    account = AccountFactory.create(phone="here")
    conflict = conflict_of(connection_to_odoo, account, "phone", base="1", odoo="odoo")

    results = together(
        lambda: conflicts.settle(conflict, winner="here", actor=ada),
        lambda: conflicts.settle(conflict, winner="odoo", actor=bob),
    )

    (told,) = refused(results)
    conflict.refresh_from_db()
    account.refresh_from_db()
    assert (conflict.winner, account.phone) in [("here", "here"), ("odoo", "odoo")]
    assert f"by {conflict.settled_by}" in told.messages[0]
    assert len(conflict.trail) == 1
    assert OutboxMessage.objects.count() == (1 if conflict.winner == "here" else 0)


@pytest.mark.parametrize("turn", range(TURNS))
def test_of_two_people_who_take_back_at_once_one_does(connection_to_odoo: Connection, turn: int) -> None:
    ada, bob = UserFactory.create(name="Ada"), UserFactory.create(name="Bob")
    account = AccountFactory.create(phone="odoo")
    conflict = conflict_of(
        connection_to_odoo, account, "phone", base="1", here="here", odoo="odoo", status=STATUS.BY_RULE
    )

    together(
        lambda: conflicts.take_back(conflict, actor=ada),
        lambda: conflicts.take_back(conflict, actor=bob),
    )

    # The second one takes the first one's decision back, or comes too late: never both the same.
    conflict.refresh_from_db()
    account.refresh_from_db()
    expected = {1: ("here", "here"), 2: ("odoo", "odoo")}[len(conflict.trail)]
    assert (conflict.winner, account.phone) == expected


@pytest.mark.parametrize("turn", range(TURNS))
def test_an_edit_that_comes_in_between_is_not_overwritten(connection_to_odoo: Connection, turn: int) -> None:
    ada, bob = UserFactory.create(name="Ada"), UserFactory.create(name="Bob")
    account = AccountFactory.create(phone="here")
    conflict = conflict_of(connection_to_odoo, account, "phone", base="1", odoo="odoo")

    results = together(
        lambda: conflicts.settle(conflict, winner="odoo", actor=ada),
        lambda: update_account(account, actor=bob, phone="edited"),
    )

    conflict.refresh_from_db()
    account.refresh_from_db()
    assert account.phone == "edited"
    assert (conflict.status == STATUS.OPEN) == bool(refused(results))


@pytest.mark.parametrize("turn", range(TURNS))
def test_of_two_people_who_drop_and_send_one_message_one_wins(connection_to_odoo: Connection, turn: int) -> None:
    account = AccountFactory.create()
    message = OutboxMessage.objects.create(
        connection=connection_to_odoo,
        remote_model="res.partner",
        content_type=content_type_of(account),
        object_uuid=account.uuid,
        status="parked",
    )
    results = together(lambda: drop(message, why="Old", actor="Ada"), lambda: send_again(message))

    assert len(refused(results)) == 1
    message.refresh_from_db()
    assert message.status in ("dropped", "waiting")


@pytest.mark.parametrize("turn", range(2))
def test_a_decision_that_a_deadlock_has_undone_is_tried_again_by_itself(
    connection_to_odoo: Connection, turn: int
) -> None:
    """Somebody else has the record and comes for its binding; the decision has the binding and comes for the record."""
    ada = UserFactory.create(name="Ada")
    account = AccountFactory.create(phone="here")
    conflict = conflict_of(connection_to_odoo, account, "phone", base="1", odoo="odoo")
    holds_the_record = threading.Event()

    def the_other() -> None:
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=account.pk)
            holds_the_record.set()
            with database.cursor() as cursor:
                # PostgreSQL ends the one that notices first: never this one.
                cursor.execute("SET LOCAL deadlock_timeout = '60s'")
            wait_for_a_lock()
            Binding.objects.select_for_update().get(object_uuid=account.uuid)

    def decide() -> Conflict:
        holds_the_record.wait(10)
        return conflicts.settle(conflict, winner="odoo", actor=ada)

    before = deadlocks()
    results = together(the_other, decide)

    conflict.refresh_from_db()
    account.refresh_from_db()
    assert refused(results) == []
    assert (conflict.status, conflict.winner, account.phone) == (STATUS.BY_PERSON, "odoo", "odoo")
    assert deadlocks(above=before) == before + 1


def wait_for_a_lock() -> None:
    """Until another transaction of this database waits for a lock of somebody."""
    until = time.monotonic() + 10
    with database.cursor() as cursor:
        waiting = 0
        while not waiting and time.monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "WHERE NOT l.granted AND a.datname = current_database()"
            )
            (waiting,) = cursor.fetchone()
            time.sleep(0.01)


def deadlocks(*, above: int = -1) -> int:
    """How many deadlocks this database has seen; its figures come late, so wait a while until there are more."""
    until, found = time.monotonic() + 10, above
    with database.cursor() as cursor:
        while found <= above and time.monotonic() < until:
            cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            found = int(cursor.fetchone()[0])
            time.sleep(0.05)
    return found

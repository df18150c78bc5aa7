"""The outgoing mailbox: merged while waiting, claimed once, ended by its own claim only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from config.celery import app
from crm.models import Account, User
from crm.services import accounts
from integrations import outbox
from integrations.models import Binding, Connection, OutboxMessage
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
STATUS = OutboxMessage.Status
PARTNER = "res.partner"


@pytest.fixture
def connection(db: None) -> Connection:
    return Connection.objects.create(
        url="http://127.0.0.1:1", database="none", username="nobody", secret="no secret", prefix="tandem_0123abcd"
    )


@pytest.fixture
def account(connection: Connection) -> Account:
    """An account that is in nobody's mailbox yet."""
    return AccountFactory.create()


def announce(*accounts: Account) -> None:
    with transaction.atomic():
        outbox.announce(*accounts)


def only() -> OutboxMessage:
    return OutboxMessage.objects.get()


def test_a_change_is_queued_with_its_binding_and_external_id(connection: Connection, account: Account) -> None:
    announce(account)
    binding = Binding.objects.get(object_uuid=account.uuid)
    assert binding.external_id == f"tandem_0123abcd.res_partner_{account.uuid}"
    assert (binding.state, binding.remote_id) == (Binding.State.PENDING, None)
    assert (only().remote_model, only().status, only().kind) == (PARTNER, STATUS.WAITING, "state")


def test_edits_merge_while_they_wait(connection: Connection, account: Account, admin_user: User) -> None:
    for phone in ("1", "2", "3"):
        accounts.update_account(account, actor=admin_user, phone=phone)
    assert OutboxMessage.objects.count() == 1


def test_an_edit_that_changes_nothing_queues_nothing(
    connection: Connection, account: Account, admin_user: User
) -> None:
    accounts.update_account(account, actor=admin_user, phone=account.phone)
    assert not OutboxMessage.objects.exists()


def test_an_edit_that_is_rolled_back_queues_nothing(account: Account, admin_user: User) -> None:
    def edit_and_fail() -> None:
        with transaction.atomic():
            accounts.update_account(account, actor=admin_user, phone="lost")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        edit_and_fail()
    assert not OutboxMessage.objects.exists()


def test_without_a_connection_nothing_is_queued(admin_user: User) -> None:
    accounts.create_account(actor=admin_user, name="Alone")
    assert not OutboxMessage.objects.exists()
    assert not Binding.objects.exists()


def test_a_paused_connection_keeps_queueing(connection: Connection, account: Account) -> None:
    Connection.objects.update(state=Connection.State.PAUSED)
    announce(account)
    assert only().status == STATUS.WAITING


def test_announcing_many_costs_as_much_as_one(connection: Connection, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    many = AccountFactory.create_batch(40)
    announce(many[0])
    with django_assert_num_queries(5) as few:  # savepoint, connection, bindings, mailbox, end of the savepoint
        announce(many[1])
    with django_assert_num_queries(len(few)):
        announce(*many)


def test_a_claim_takes_what_is_due_oldest_first(connection: Connection) -> None:
    rows = AccountFactory.create_batch(3)
    for row in rows:
        announce(row)
    OutboxMessage.objects.filter(object_uuid=rows[0].uuid).update(due_at=timezone.now() + timedelta(hours=1))
    claim = outbox.claim(connection, PARTNER, limit=10)
    assert [message.object_uuid for message in claim.messages] == [rows[1].uuid, rows[2].uuid]
    assert not outbox.claim(connection, PARTNER, limit=10).messages


def test_an_edit_during_the_call_waits_as_a_message_of_its_own(connection: Connection, account: Account) -> None:
    announce(account)
    claim = outbox.claim(connection, PARTNER, limit=10)
    announce(account)
    outbox.settle(claim.token, claim.messages, status=STATUS.DONE)
    assert sorted(OutboxMessage.objects.values_list("status", flat=True)) == [STATUS.DONE, STATUS.WAITING]


def test_a_message_put_back_behind_a_newer_one_is_superseded(connection: Connection, account: Account) -> None:
    announce(account)
    claim = outbox.claim(connection, PARTNER, limit=10)
    announce(account)
    assert not outbox.release(claim.token, claim.messages[0], after=timedelta(0))
    assert sorted(OutboxMessage.objects.values_list("status", flat=True)) == [STATUS.SUPERSEDED, STATUS.WAITING]


def test_a_message_put_back_comes_again_and_counts_refusals(connection: Connection, account: Account) -> None:
    announce(account)
    for number in (1, 2):
        claim = outbox.claim(connection, PARTNER, limit=10)
        assert outbox.release(claim.token, claim.messages[0], after=timedelta(0), explanation="no", refused=True)
        assert (only().refusals, only().attempts, only().explanation) == (number, number, "no")


def test_only_the_claim_that_holds_a_message_may_end_it(connection: Connection, account: Account) -> None:
    announce(account)
    late = outbox.claim(connection, PARTNER, limit=10)
    OutboxMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    fresh = outbox.claim(connection, PARTNER, limit=10)
    assert outbox.settle(late.token, late.messages, status=STATUS.DONE) == 0
    assert only().status == STATUS.CLAIMED
    assert outbox.settle(fresh.token, fresh.messages, status=STATUS.DONE) == 1


def test_a_renewed_claim_outlasts_its_first_lease(connection: Connection, account: Account) -> None:
    announce(account)
    claim = outbox.claim(connection, PARTNER, limit=10)
    OutboxMessage.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
    outbox.renew(claim.token)
    assert only().lease_until > timezone.now() + timedelta(seconds=200)  # type: ignore[operator]


def test_the_next_writer_takes_over_what_a_dead_one_had_claimed(connection: Connection, account: Account) -> None:
    announce(account)
    outbox.claim(connection, PARTNER, limit=10)
    assert not outbox.claim(connection, PARTNER, limit=10).messages
    assert outbox.take_over(connection, PARTNER) == 1
    assert len(outbox.claim(connection, PARTNER, limit=10).messages) == 1


@pytest.mark.django_db(transaction=True)
def test_a_bell_rings_again_for_what_was_announced_while_the_writer_left(
    connection: Connection, account: Account
) -> None:
    with app.connection_for_write() as broker:
        bells = broker.SimpleQueue("push")
        announce(account)
        bells.clear()
        outbox.ring_for_untried(connection, PARTNER)
        assert bells.get(timeout=5).headers["task"] == "integrations.push_model"

        claim = outbox.claim(connection, PARTNER, limit=10)
        outbox.release(claim.token, claim.messages[0], after=timedelta(0))
        outbox.ring_for_untried(connection, PARTNER)
        assert bells.qsize() == 0


def test_a_drain_leaves_what_it_put_back_to_wait_for_another(connection: Connection) -> None:
    waits, other = AccountFactory.create_batch(2)
    announce(waits)
    began = timezone.now()
    claim = outbox.claim(connection, PARTNER, limit=10, since=began)
    outbox.release(claim.token, claim.messages[0], after=timedelta(0), waits_for="tag “Gold”")
    announce(other)
    assert [one.object_uuid for one in outbox.claim(connection, PARTNER, limit=9, since=began).messages] == [other.uuid]
    assert len(outbox.claim(connection, PARTNER, limit=9, since=timezone.now()).messages) == 1

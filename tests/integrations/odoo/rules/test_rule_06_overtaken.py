"""Rule 6: only fetching overlaps. What was read before another worker wrote the record is old, and wipes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.models import Account, User
from crm.services.accounts import create_account, update_account
from integrations import sync
from integrations.mailbox import steps
from integrations.mailbox.hints import leave
from integrations.mailbox.steps import Step
from integrations.models import Binding, InboxMessage
from integrations.odoo.applying.apply import Applier
from integrations.odoo.pulling import pull
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
PARTNER = "res.partner"
Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def account(synced: TwoSides, admin_user: User) -> Account:
    """An account that stands on both sides, with a phone."""
    made = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    return made


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Does something once, when the next worker has read Odoo and has written nothing yet."""

    def order(work: Callable[[], object]) -> None:
        waiting = [work]

        def listener(step: Step) -> None:
            if step is Step.READ and waiting:
                waiting.pop()()

        monkeypatch.setattr(steps, "_listener", listener)

    return order


def test_rule_06_a_reading_older_than_our_own_write_takes_back_no_edit(
    synced: TwoSides, account: Account, admin_user: User
) -> None:
    with synced.session() as session:
        applier = Applier(session, session.maps.of(PARTNER))
        rows = applier.read([synced.remote_id(account)])
        update_account(account, actor=admin_user, phone="2")
        synced.push()
        account.refresh_from_db()
        update_account(account, actor=admin_user, phone="3")
        report = applier.apply(rows)

    account.refresh_from_db()
    assert (account.phone, synced.conflicts(account)) == ("3", [])
    assert report.overtaken == [synced.remote_id(account)]
    synced.settle()
    assert synced.there(account)["phone"] == "3"
    assert synced.conflicts(account) == []


def test_rule_06_a_poll_that_was_overtaken_reads_the_record_again(
    synced: TwoSides, account: Account, meanwhile: Meanwhile
) -> None:
    remote_id = synced.remote_id(account)
    synced.end_second()
    synced.control.write(PARTNER, [remote_id], phone="2")

    def somebody_is_quicker() -> None:
        synced.end_second()
        synced.control.write(PARTNER, [remote_id], phone="3")
        leave(synced.connection, PARTNER, [remote_id])
        sync.read_back()

    meanwhile(somebody_is_quicker)
    with synced.session() as session:
        pull.pull_model(session, session.maps.of(PARTNER))

    account.refresh_from_db()
    assert account.phone == "3"
    synced.settle()
    account.refresh_from_db()
    assert (account.phone, synced.there(account)["phone"], synced.conflicts(account)) == ("3", "3", [])


def test_rule_06_a_hint_that_was_overtaken_is_looked_at_again(
    synced: TwoSides, account: Account, meanwhile: Meanwhile
) -> None:
    remote_id = synced.remote_id(account)
    synced.end_second()
    synced.control.write(PARTNER, [remote_id], phone="2")
    leave(synced.connection, PARTNER, [remote_id])

    def somebody_is_quicker() -> None:
        with synced.session() as session:
            pull.pull_model(session, session.maps.of(PARTNER))
        synced.control.write(PARTNER, [remote_id], phone="3")

    meanwhile(somebody_is_quicker)
    sync.read_back()
    account.refresh_from_db()
    assert account.phone == "2"
    hint = InboxMessage.objects.get(remote_id=remote_id)
    assert (hint.status, hint.tries) == (InboxMessage.Status.WAITING, 0)

    synced.let_wait_pass()
    sync.read_back()
    account.refresh_from_db()
    assert account.phone == "3"
    assert synced.conflicts(account) == []


def test_rule_06_a_push_that_was_overtaken_starts_again_at_the_read(
    synced: TwoSides, account: Account, admin_user: User, meanwhile: Meanwhile
) -> None:
    remote_id = synced.remote_id(account)
    update_account(account, actor=admin_user, website="https://acme.example.com")

    def somebody_is_quicker() -> None:
        synced.control.write(PARTNER, [remote_id], phone="2")
        leave(synced.connection, PARTNER, [remote_id])
        sync.read_back()
        account.refresh_from_db()
        update_account(account, actor=admin_user, phone="3")

    meanwhile(somebody_is_quicker)
    synced.push(PARTNER)
    synced.settle()
    account.refresh_from_db()
    there = synced.there(account)
    assert (account.phone, synced.conflicts(account)) == ("3", [])
    assert (there["phone"], there["website"]) == ("3", "https://acme.example.com")


def test_rule_06_a_page_of_the_first_sync_that_was_overtaken_wipes_nothing(
    connected: TwoSides, meanwhile: Meanwhile
) -> None:
    remote_id = connected.control.create(PARTNER, name="Acme", is_company=True, phone="1")

    def somebody_is_quicker() -> None:
        connected.control.write(PARTNER, [remote_id], phone="2")
        leave(connected.connection, PARTNER, [remote_id])
        sync.read_back()

    meanwhile(somebody_is_quicker)
    with connected.session() as session:
        pull.pull_model(session, session.maps.of(PARTNER))

    assert Account.objects.get(name="Acme").phone == "2"
    assert Binding.objects.filter(remote_model=PARTNER, remote_id=remote_id).count() == 1

"""What is set on the configuration page is what the next piece of work does."""

from __future__ import annotations

import pytest

from crm.models import User
from crm.services.accounts import create_account
from integrations import options, sync
from integrations.models import OutboxMessage
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db


def test_the_poll_interval_is_obeyed(synced: TwoSides) -> None:
    synced.later(50)
    synced.control.reset_counters()
    sync.poll_due()
    assert synced.calls("res.partner.search_read") == 0
    options.change({"poll_seconds": 40}, actor=None)
    sync.poll_due()
    assert synced.calls("res.partner.search_read") == 1


def test_the_batch_size_is_obeyed(synced: TwoSides, admin_user: User) -> None:
    options.change({"batch_size": 2}, actor=None)
    for number in range(5):
        create_account(actor=admin_user, name=f"Account {number}")
    synced.push("res.partner")
    assert synced.calls("res.partner.load") == 3


def test_the_page_size_is_obeyed(connected: TwoSides) -> None:
    options.change({"page_size": 50}, actor=None)
    connected.control.seed(partners=60)
    connected.control.reset_counters()
    connected.pull()
    assert connected.calls("res.partner.search_read") >= 3


def test_a_refused_change_is_set_aside_after_as_many_attempts_as_set(synced: TwoSides, admin_user: User) -> None:
    options.change({"alone_tries": 1}, actor=None)
    account = create_account(actor=admin_user, name="Refused")
    synced.control.fault("bad_row", model="res.partner", count=2, message="No")
    synced.push("res.partner")
    synced.let_wait_pass()
    synced.push("res.partner")
    assert synced.message(account).status == OutboxMessage.Status.PARKED

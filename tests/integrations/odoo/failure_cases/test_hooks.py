"""Failure cases of webhooks and echoes: lost, too early, rolled back, repeated, reordered, our own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.test import Client
from django.utils import timezone

from crm.models import Account, Contact, User
from crm.services.accounts import create_account
from integrations import sync
from integrations.mailbox.leases import lease
from integrations.models import InboxMessage, OutboxMessage, PullCursor
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.pulling import pull, readback
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

HERE = "/api/v1/integrations/odoo"
KEY = "test-key-one"
CALLER = Client()
STATUS = InboxMessage.Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = [KEY]


def hook(remote_id: int, **values: Any) -> None:
    """What Odoo's automation rule sends about a partner."""
    body = {"_action": "Send Webhook Notification(#1)", "_model": "res.partner", "_id": remote_id, "id": remote_id}
    headers = {"X-Odoo-Api-Key": KEY}
    assert CALLER.post(HERE, {**body, **values}, content_type="application/json", headers=headers).status_code == 202


def read_back(*, after: float = 0.31) -> None:
    """Let so many seconds go by for the hints, then do what the worker does."""
    for hint in InboxMessage.objects.filter(status=STATUS.WAITING):
        hint.due_at -= timedelta(seconds=after)
        hint.received_at -= timedelta(seconds=after)
        hint.save(update_fields=["due_at", "received_at"])
    sync.read_back()


def person(sides: TwoSides, name: str = "Paula") -> int:
    """A person of Odoo, known here already."""
    remote_id = sides.control.create("res.partner", name=name)
    sides.pull()
    return remote_id


@pytest.fixture
def dead_receiver(sides: TwoSides, proxy: RunningProxy) -> Iterator[None]:
    """Webhooks that are sent and arrive nowhere."""
    sides.control.settings(webhook_url=proxy.hook_url, webhook_synchronous=True)
    proxy.rule("drop_hook", count=-1)
    yield
    sides.control.settings(webhook_url="", webhook_synchronous=False)


@pytest.mark.sandbox
def test_failure_case_10_what_a_lost_webhook_would_have_told_is_found_by_the_next_poll(
    sides: TwoSides, proxy: RunningProxy, dead_receiver: None
) -> None:
    remote_id = person(sides)
    version = Contact.objects.get().version
    sides.end_second()
    sides.control.write("res.partner", [remote_id], city="Köln")
    new = sides.control.create("res.partner", name="New")
    assert proxy.struck("drop_hook") >= 2
    assert not InboxMessage.objects.exists()

    sides.pull()

    assert (Contact.objects.get(name="Paula").city, Contact.objects.get(name="Paula").version) == ("Köln", version + 1)
    assert sides.here("res.partner", new).name == "New"


def test_failure_case_10_a_webhook_that_comes_after_the_poll_changes_nothing(sides: TwoSides) -> None:
    remote_id = person(sides)
    sides.control.write("res.partner", [remote_id], city="Köln")
    sides.settle()
    before = Contact.objects.values().get()

    hook(remote_id)
    for _look in range(len(readback.DELAYS) + 1):
        read_back(after=20)

    assert Contact.objects.values().get() == before
    assert InboxMessage.objects.get().status == STATUS.DROPPED


@pytest.mark.sandbox
def test_failure_case_11_a_webhook_before_its_commit_waits_for_it(sides: TwoSides) -> None:
    remote_id = person(sides)
    transaction = sides.control.begin("res.partner", "write", [remote_id], {"city": "Köln"})
    hook(remote_id, city="from the body")

    read_back()
    read_back()
    assert Contact.objects.get().city == ""
    assert InboxMessage.objects.get().status == STATUS.WAITING
    sides.control.commit(transaction)
    read_back(after=20)

    assert Contact.objects.get().city == "Köln"
    assert InboxMessage.objects.get().status == STATUS.DONE


@pytest.mark.sandbox
def test_failure_case_11_a_webhook_whose_transaction_rolls_back_is_dropped_quietly(sides: TwoSides) -> None:
    """The records it named: one that stays as it was, and one that never came to be."""
    remote_id = person(sides)
    before = Contact.objects.values().get()
    transaction = sides.control.begin("res.partner", "write", [remote_id], {"name": "Changed"})
    hook(remote_id, name="Changed")
    hook(remote_id + 1000, name="Never made")
    sides.control.rollback(transaction)

    for _look in range(len(readback.DELAYS) + 1):
        read_back(after=20)

    assert Contact.objects.values().get() == before
    assert set(InboxMessage.objects.values_list("status", flat=True)) == {STATUS.DROPPED}
    assert not OutboxMessage.objects.exists()


@pytest.mark.sandbox
def test_failure_case_12_our_own_write_coming_back_writes_nothing_and_a_person_in_the_same_second_gets_through(
    sides: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", city="Ulm", phone="1")
    sides.push()
    remote_id = sides.remote_id(account)
    stamp = f"{sides.row('res.partner', remote_id)['write_date'][:19]}.990000"
    before = Account.objects.values().get()
    sides.control.reset_counters()

    hook(remote_id)
    read_back()
    sides.pull()

    assert Account.objects.values().get() == before
    sides.push()
    assert sides.loads() == {}
    sides.control.write("res.partner", [remote_id], city="Köln")
    sides.control.patch("res.partner", [remote_id], write_date=stamp)
    hook(remote_id)
    read_back()
    assert Account.objects.get().city == "Köln"
    sides.control.write("res.partner", [remote_id], phone="2")
    sides.control.patch("res.partner", [remote_id], write_date=stamp)
    sides.later(settings.ODOO_OVERLAP_SECONDS + 1)
    sides.pull()
    assert Account.objects.get().phone == "2"
    sides.settle()
    assert sides.loads() == {}


def test_failure_case_13_a_hundred_copies_in_any_order_are_one_change(sides: TwoSides) -> None:
    ids = [person(sides, name) for name in ("One", "Two", "Three")]
    versions = set(Contact.objects.values_list("version", flat=True))
    for remote_id in ids:
        sides.control.write("res.partner", [remote_id], city="Bonn")
        sides.control.write("res.partner", [remote_id], city="Köln")
    copies = ids * 33 + ids[:1]
    random.Random(13).shuffle(copies)
    for number, remote_id in enumerate(copies):
        hook(remote_id, city=("Bonn", "Köln")[number % 2])

    read_back()

    assert set(Contact.objects.values_list("city", "version")) == {("Köln", version + 1) for version in versions}
    assert InboxMessage.objects.filter(status=STATUS.DONE).count() == 100
    before = list(Contact.objects.order_by("id").values())
    sides.settle()
    assert list(Contact.objects.order_by("id").values()) == before


def test_failure_case_13_the_cursor_never_moves_back_and_two_pulls_of_one_model_never_overlap(sides: TwoSides) -> None:
    cursors = PullCursor.objects.filter(connection=sides.connection, remote_model="res.partner")
    new = sides.control.create("res.partner", name="New")
    ahead = timezone.now().replace(microsecond=0) + timedelta(days=1)
    cursors.update(high_water=ahead)
    with sides.session() as session, lease(f"pull:{sides.connection.pk}:res.partner") as held:
        assert held is not None
        assert pull.pull_model(session, BY_MODEL["res.partner"]).created == 0

    hook(new)
    read_back()
    sides.pull()

    assert sides.here("res.partner", new).name == "New"
    assert Contact.objects.count() == 1
    assert cursors.get().high_water == ahead

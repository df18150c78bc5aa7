"""Two senders at once, a slow subscriber beside a quick one, and nothing held open while an answer is awaited."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from crm.models import Contact, User
from crm.services import contacts
from crm.services.subscriptions import delete_subscription, make_subscription
from integrations import subscriptions, tasks
from integrations.delivering import sending
from integrations.models import Delivery, Subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
SITE = "https://crm.example.com"
STATUS = Delivery.Status


def subscribe(owner: User, url: str) -> Subscription:
    return make_subscription(owner=owner, site=SITE, name="ERP", url=url)[0]


def make(owner: User, count: int = 1) -> list[Contact]:
    return [contacts.create_contact(actor=owner, name=f"Alder {n}", owner=owner) for n in range(count)]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Start all at the same moment, each with its own connection."""
    start = threading.Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return work()
        finally:
            database.close()

    with ThreadPoolExecutor(max_workers=len(works)) as pool:
        return [done.result() for done in [pool.submit(one, work) for work in works]]


def until(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within ten seconds."""
    ends = time.monotonic() + 10
    while not true() and time.monotonic() < ends:
        time.sleep(0.05)
    return true()


def test_two_claimers_never_get_the_same(owner: User, httpserver: HTTPServer) -> None:
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    make(owner, 20)
    tokens = [uuid.uuid4() for _number in range(4)]
    got = at_once(*(lambda token=token: subscriptions.claim(subscription.pk, token, limit=10) for token in tokens))
    claimed = [row.pk for rows in got for row in rows]
    assert len(claimed) == len(set(claimed)) == Delivery.objects.filter(status=STATUS.CLAIMED).count()
    assert claimed


def test_two_senders_at_once_send_each_message_once(owner: User, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data()
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    make(owner, 12)
    sent = at_once(*(lambda: sending.deliver(subscription.pk) for _number in range(4)))
    assert (sorted(sent), len(httpserver.log)) == ([0, 0, 0, 12], 12)


def test_no_transaction_is_open_while_an_answer_is_awaited(owner: User, httpserver: HTTPServer) -> None:
    held = connections["default"]
    seen: list[bool] = []

    def look(request: Request) -> Response:
        seen.append(held.in_atomic_block)
        return Response()

    httpserver.expect_request("/hook").respond_with_handler(look)
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    make(owner)
    assert sending.deliver(subscription.pk) == 1
    assert seen == [False]


def test_a_slow_subscriber_holds_up_nobody(owner: User, httpserver: HTTPServer) -> None:
    over = threading.Event()

    def slow(request: Request) -> Response:
        over.wait(10)
        return Response()

    httpserver.expect_request("/quick").respond_with_data()
    second = subscribe(owner, httpserver.url_for("/quick"))
    with HTTPServer() as other:
        other.expect_request("/slow").respond_with_handler(slow)
        first = subscribe(owner, other.url_for("/slow"))
        make(owner)
        tasks.deliver_due()
        quick = Delivery.objects.filter(subscription=second)
        delivered = until(lambda: quick.get().status == STATUS.DELIVERED)
        meanwhile = Delivery.objects.get(subscription=first).status
        over.set()
        assert until(lambda: Delivery.objects.get(subscription=first).status == STATUS.DELIVERED)
        assert until(lambda: not Subscription.objects.exclude(busy_token=None).exists())
    assert (delivered, meanwhile) == (True, STATUS.CLAIMED)


def test_one_bell_for_one_subscription(owner: User, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data()
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    make(owner)
    tasks.deliver(subscription_id=subscription.pk)
    assert until(lambda: Delivery.objects.get().status == STATUS.DELIVERED)
    assert until(lambda: not Subscription.objects.exclude(busy_token=None).exists())


def test_what_a_sender_that_died_had_claimed_is_sent_after_its_lease(owner: User, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data()
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    make(owner, 2)
    token = subscriptions.hold(subscription.pk)
    assert token is not None
    subscriptions.claim(subscription.pk, token, limit=1)
    assert sending.deliver(subscription.pk) == 0
    assert subscriptions.with_something_due() == []
    past = subscription.created_at
    Subscription.objects.update(not_before=past)
    Delivery.objects.filter(status=STATUS.CLAIMED).update(lease_until=past)
    assert subscriptions.with_something_due() == [subscription.pk]
    assert sending.deliver(subscription.pk) == 2


def test_who_lost_the_hold_stops(owner: User, httpserver: HTTPServer) -> None:
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    make(owner)
    token = subscriptions.hold(subscription.pk)
    assert token is not None
    row = subscriptions.claim(subscription.pk, token, limit=1)[0]
    assert subscriptions.renew(row, token)
    Subscription.objects.update(busy_token=uuid.uuid4())
    assert not subscriptions.renew(row, token)


def test_a_write_beside_a_deletion_is_kept(owner: User, httpserver: HTTPServer) -> None:
    subscription = subscribe(owner, httpserver.url_for("/hook"))
    made, _deleted = at_once(lambda: make(owner, 5), lambda: delete_subscription(subscription, actor=owner))
    assert len(made) == Contact.objects.count() == 5
    assert sending.deliver(subscription.pk) == 0

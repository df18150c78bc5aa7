"""What becomes of a delivery that is not accepted, and of a webhook whose deliveries never are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from crm.models import User
from crm.services import contacts
from crm.services.subscriptions import resume_subscription, send_again
from integrations.delivering import pruning, schedule, sending
from integrations.models import Delivery, Subscription
from tests.integrations.delivering.conftest import HOOK

pytestmark = pytest.mark.django_db
Subscribe = Callable[..., Subscription]
STATUS = Delivery.Status


@pytest.fixture
def subscription(owner: User, subscribe: Subscribe) -> Subscription:
    """A webhook with one delivery that waits."""
    made = subscribe()
    contacts.create_contact(actor=owner, name="Alder", owner=owner)
    return made


def answer(httpserver: HTTPServer, status: int, **headers: str) -> None:
    httpserver.expect_request(HOOK).respond_with_data("no", status=status, headers=headers)


def rested() -> None:
    """Time has passed: whatever waits is due, and nobody rests."""
    long_ago = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(status=STATUS.WAITING).update(due_at=long_ago)
    Subscription.objects.update(not_before=long_ago)


def only() -> Delivery:
    return Delivery.objects.get()


def test_the_schedule_is_the_one_documented() -> None:
    hours = [wait.total_seconds() / 3600 for wait in schedule.AFTER[3:]]
    assert [wait.total_seconds() for wait in schedule.AFTER[:3]] == [5, 300, 1800]
    assert hours == [2, 5, 10, 14, 20, 24]


@pytest.mark.parametrize("status", [400, 404, 500, 502])
def test_what_is_refused_is_tried_again_by_the_schedule(
    subscription: Subscription, httpserver: HTTPServer, status: int
) -> None:
    answer(httpserver, status)
    for number, wait in enumerate(schedule.AFTER, start=1):
        rested()
        began = timezone.now()
        assert sending.deliver(subscription.pk) == 0
        row = only()
        assert (row.status, row.attempts, row.answer_status) == (STATUS.WAITING, number, status)
        assert wait <= row.due_at - began <= wait * (1 + schedule.JITTER) + timedelta(seconds=5)
        assert row.problem == f"It answered {status}; 200 to 299 means accepted."
    rested()
    sending.deliver(subscription.pk)
    assert (only().status, only().attempts, only().settled_at is None) == (STATUS.FAILED, 10, False)


def test_each_attempt_has_the_same_id_and_body(subscription: Subscription, httpserver: HTTPServer) -> None:
    answer(httpserver, 500)
    for _number in range(3):
        rested()
        sending.deliver(subscription.pk)
    sent = {(request.headers["webhook-id"], request.data) for request, _answer in httpserver.log}
    assert len(httpserver.log) == 3
    assert sent == {(only().message_id, only().body.encode())}


def test_one_that_failed_is_sent_again_by_a_person(
    owner: User, subscription: Subscription, httpserver: HTTPServer
) -> None:
    httpserver.expect_ordered_request(HOOK).respond_with_data(status=500)
    httpserver.expect_ordered_request(HOOK).respond_with_data(status=200)
    Delivery.objects.update(attempts=9)
    sending.deliver(subscription.pk)
    failed = Delivery.objects.select_related("subscription").get()
    assert failed.status == STATUS.FAILED
    assert send_again(failed, actor=owner)
    assert sending.deliver(subscription.pk) == 1
    assert (only().status, only().attempts, only().problem) == (STATUS.DELIVERED, 1, "")
    assert len({request.headers["webhook-id"] for request, _answer in httpserver.log}) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(subscription: Subscription, httpserver: HTTPServer, status: int) -> None:
    answer(httpserver, status, **{"Retry-After": "7200"})
    began = timezone.now()
    sending.deliver(subscription.pk)
    rests = Subscription.objects.get().not_before
    assert only().due_at - began >= timedelta(seconds=7200)
    assert rests - began >= timedelta(seconds=7199)


@pytest.mark.parametrize(("status", "asked"), [(500, "7200"), (429, "soon"), (429, "0")])
def test_else_the_schedule_holds(subscription: Subscription, httpserver: HTTPServer, status: int, asked: str) -> None:
    answer(httpserver, status, **{"Retry-After": asked})
    sending.deliver(subscription.pk)
    assert timedelta(0) < only().due_at - timezone.now() < timedelta(seconds=10)


def test_nobody_can_ask_for_more_than_a_day() -> None:
    assert schedule.next_attempt(1, asked=10**9) == timedelta(hours=24)
    assert schedule.rest(1, asked=10**9) == timedelta(hours=24)


def test_gone_switches_it_off(subscription: Subscription, httpserver: HTTPServer) -> None:
    answer(httpserver, 410)
    sending.deliver(subscription.pk)
    now = Subscription.objects.get()
    assert (now.state, now.state_reason, only().status) == ("paused", "gone", STATUS.FAILED)
    rested()
    sending.deliver(subscription.pk)
    assert len(httpserver.log) == 1


def test_a_redirect_is_not_followed(subscription: Subscription, httpserver: HTTPServer) -> None:
    answer(httpserver, 307, Location=httpserver.url_for("/other"))
    httpserver.expect_request("/other").respond_with_data()
    sending.deliver(subscription.pk)
    assert [request.path for request, _answer in httpserver.log] == [HOOK]
    assert (only().status, only().answer_status) == (STATUS.WAITING, 307)
    assert "Redirects are not followed" in only().problem


def test_an_answer_that_does_not_come_is_not_waited_for(
    subscription: Subscription, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def late(request: Request) -> Response:
        over.wait(10)
        return Response()

    httpserver.expect_request(HOOK).respond_with_handler(late)
    monkeypatch.setattr(sending, "TIME_OUT", 0.3)
    sending.deliver(subscription.pk)
    over.set()
    row = only()
    assert (row.status, row.attempts, row.answer_status) == (STATUS.WAITING, 1, None)
    assert "gave no whole answer" in row.problem
    assert row.answer_ms is not None
    assert 250 < row.answer_ms < 5000


def test_the_time_out_is_the_one_documented() -> None:
    assert sending.TIME_OUT == 15


def test_an_endless_answer_is_cut(subscription: Subscription, httpserver: HTTPServer) -> None:
    httpserver.expect_request(HOOK).respond_with_data("x" * (sending.LARGEST_ANSWER + 1))
    sending.deliver(subscription.pk)
    assert "it is larger than 65,536 bytes" in only().problem


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://10.0.0.7/hook", "which is not public"),
        ("https://192.168.1.1/hook", "which is not public"),
        ("https://[fd00::1]/hook", "which is not public"),
        ("https://169.254.169.254/latest", "cloud metadata"),
        ("http://192.0.2.1/hook", "is not public"),
    ],
)
def test_a_private_address_is_refused(subscription: Subscription, url: str, sentence: str) -> None:
    Subscription.objects.update(url=url)
    sending.deliver(subscription.pk)
    assert sentence in only().problem
    assert only().answer_status is None


def test_this_machine_is_refused_when_the_operator_does_not_list_it(
    subscription: Subscription, httpserver: HTTPServer, settings: object
) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["hooks.internal"]  # type: ignore[attr-defined]
    answer(httpserver, 200)
    sending.deliver(subscription.pk)
    assert "which is not public" in only().problem
    assert httpserver.log == []


def test_after_a_failure_the_others_wait_a_little(
    owner: User, subscription: Subscription, httpserver: HTTPServer
) -> None:
    contacts.create_contact(actor=owner, name="Birch", owner=owner)
    answer(httpserver, 500)
    sending.deliver(subscription.pk)
    assert sending.deliver(subscription.pk) == 0
    assert len(httpserver.log) == 1
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 1]
    assert set(Delivery.objects.values_list("status", flat=True)) == {STATUS.WAITING}
    rests = [schedule.rest(number).total_seconds() for number in (1, 2, 3, 9, 50)]
    assert rests == [1, 2, 4, 256, 300]


def test_five_days_of_failures_alone_pause_it(owner: User, subscription: Subscription, httpserver: HTTPServer) -> None:
    answer(httpserver, 500)
    sending.deliver(subscription.pk)
    began = Subscription.objects.get().failing_since
    assert began is not None
    Subscription.objects.update(failing_since=began - timedelta(days=5, seconds=1))
    rested()
    sending.deliver(subscription.pk)
    now = Subscription.objects.get()
    assert (now.state, now.state_reason, now.failures) == ("paused", "failing", 2)
    assert resume_subscription(now, actor=owner)
    assert Subscription.objects.get().failing_since is None


def test_one_success_ends_the_count(subscription: Subscription, httpserver: HTTPServer) -> None:
    Subscription.objects.update(failures=7, failing_since=timezone.now() - timedelta(days=6))
    answer(httpserver, 202)
    assert sending.deliver(subscription.pk) == 1
    now = Subscription.objects.get()
    assert (now.failures, now.failing_since, now.state) == (0, None, "active")


def test_who_left_hears_nothing_more(owner: User, subscription: Subscription, httpserver: HTTPServer) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    sending.deliver(subscription.pk)
    now = Subscription.objects.get()
    assert (now.state, now.state_reason, httpserver.log) == ("paused", "owner", [])


def test_what_is_old_goes_and_what_waits_stays(owner: User, subscription: Subscription, subscribe: Subscribe) -> None:
    old = timezone.now() - pruning.KEEP - timedelta(hours=1)
    paused, gone = subscribe(), subscribe()
    Subscription.objects.filter(pk=paused.pk).update(state="paused")
    Subscription.objects.filter(pk=gone.pk).update(state="deleted", deleted_at=old)
    stays = [only().pk]
    Delivery.objects.update(created_at=old)
    for status, settled, where in (
        (STATUS.DELIVERED, old, subscription),
        (STATUS.FAILED, old, subscription),
        (STATUS.WAITING, None, paused),
        (STATUS.WAITING, None, gone),
    ):
        Delivery.objects.create(
            subscription=where, type="lead.made", body="{}", status=status, settled_at=settled, created_at=old
        )
    fresh = Delivery.objects.create(
        subscription=subscription, type="lead.made", body="{}", status=STATUS.FAILED, settled_at=timezone.now()
    )
    assert pruning.prune(1) == 5
    assert list(Delivery.objects.order_by("pk").values_list("pk", flat=True)) == [*stays, fresh.pk]
    assert set(Subscription.objects.values_list("pk", flat=True)) == {subscription.pk, paused.pk}

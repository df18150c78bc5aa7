"""The pages of one's own webhooks: made and shown once, paused, deleted, sent again, and nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import User
from crm.services.subscriptions import make_subscription
from integrations.models import Delivery, Subscription

pytestmark = pytest.mark.django_db
HERE = "/webhooks/"
ADDRESS = "https://erp.example.com/hook"
SECRET = re.compile(r'id="secret" value="(whsec_[^"]+)"')
STATUS = Delivery.Status
PAGES = ("webhook", "webhook-edit", "webhook-secret", "webhook-delete")
ACTS = ("edit", "pause", "resume", "secret", "delete", "test")


@pytest.fixture
def me(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def subscription(owner: User) -> Subscription:
    return make_subscription(owner=owner, site="https://crm.example.com", name="Their own", url=ADDRESS)[0]


def at(name: str, subscription: Subscription, *more: Any) -> str:
    return reverse(f"workspace:{name}", args=(subscription.uuid, *more))


def delivery(subscription: Subscription, **values: Any) -> Delivery:
    wanted = {"type": "account.made", "body": "{}", "tried_at": timezone.now(), "attempts": 1, **values}
    return Delivery.objects.create(subscription=subscription, **wanted)


def text(answer: Any) -> str:
    return answer.content.decode()


def test_without_any_the_page_says_what_they_are_for(me: Client) -> None:
    assert "Make the first one" in text(me.get(HERE))


def test_a_webhook_is_made_and_its_secret_shown_once(me: Client, owner: User) -> None:
    made = me.post(f"{HERE}new/", {"name": "ERP", "url": ADDRESS, "events": ["lead.made"], "skip_own": "on"})
    found = SECRET.search(text(made))
    subscription = Subscription.objects.get()
    assert found is not None
    assert found[1] == subscription.secret
    assert (subscription.owner, subscription.events, subscription.skip_own) == (owner, ["lead.made"], True)
    assert subscription.site == "http://testserver"
    assert "no-store" in made["Cache-Control"]
    assert subscription.secret not in text(me.get(at("webhook", subscription)))
    assert ADDRESS in text(me.get(HERE))


def test_the_form_sent_twice_makes_one(me: Client) -> None:
    once = re.search(r'name="uuid" value="([^"]+)"', text(me.get(f"{HERE}new/")))
    assert once is not None
    sent = {"name": "ERP", "url": ADDRESS, "uuid": once[1]}
    me.post(f"{HERE}new/", sent)
    again = me.post(f"{HERE}new/", sent, follow=True)
    assert Subscription.objects.count() == 1
    assert "was made already" in text(again)


BAD = [
    ({"name": ""}, "This field is required."),
    ({"name": "x" * 61}, "at most 60"),
    ({"url": ""}, "This field is required."),
    ({"url": "erp"}, "must begin with https://"),
    ({"url": "http://erp.example.com/"}, "must begin with https://"),
    ({"url": "ftp://erp.example.com/"}, "must begin with https://"),
    ({"url": "https://ann:pw@erp.example.com/"}, "must not contain a user name"),
    ({"url": "https://"}, "names no server"),
    ({"url": "https://[::1/"}, "is not a web address"),
    ({"url": "https://10.0.0.7/"}, "which is not public"),
    ({"url": "https://169.254.169.254/latest"}, "cloud metadata"),
    ({"url": "https://x.example.com/" + "y" * 500}, "at most 500"),
    ({"events": ["lead.sold"]}, "lead.sold is not one of the available choices"),
]


@pytest.mark.parametrize(("values", "sentence"), BAD)
def test_bad_input_is_told_beside_its_field(me: Client, values: dict[str, Any], sentence: str) -> None:
    answer = me.post(f"{HERE}new/", {"name": "ERP", "url": ADDRESS, **values})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not Subscription.objects.exists()


def test_too_many_are_refused(me: Client, owner: User) -> None:
    for number in range(20):
        make_subscription(owner=owner, site="", name=f"No. {number}", url=ADDRESS)
    assert "You have 20 webhooks." in text(me.post(f"{HERE}new/", {"name": "ERP", "url": ADDRESS}))


def test_it_is_changed(me: Client, subscription: Subscription) -> None:
    shown = text(me.get(at("webhook-edit", subscription)))
    assert ADDRESS in shown
    other = {"name": "Shop", "url": "https://shop.example.com/", "events": ["contact.made", "account.turned"]}
    me.post(at("webhook-edit", subscription), other)
    subscription.refresh_from_db()
    assert (subscription.name, subscription.events) == ("Shop", ["account.turned", "contact.made"])
    assert (subscription.url, subscription.skip_own) == ("https://shop.example.com/", False)
    bad = me.post(at("webhook-edit", subscription), {**other, "url": "http://shop.example.com/"})
    assert (bad.status_code, "must begin with https://" in text(bad)) == (422, True)


def test_it_is_paused_with_the_reason_and_resumed(me: Client, subscription: Subscription) -> None:
    paused = text(me.post(at("webhook-pause", subscription), follow=True))
    assert "Paused by a person." in paused
    Subscription.objects.update(failures=3, failing_since=timezone.now())
    me.post(at("webhook-resume", subscription))
    subscription.refresh_from_db()
    assert (subscription.state, subscription.state_reason, subscription.failures) == ("active", "", 0)
    assert subscription.failing_since is None


@pytest.mark.parametrize("reason", ["gone", "failing", "owner"])
def test_why_it_was_paused_is_said(me: Client, subscription: Subscription, reason: str) -> None:
    Subscription.objects.update(state="paused", state_reason=reason)
    assert str(Subscription.Reason(reason).label).partition("'")[0] in text(me.get(at("webhook", subscription)))


def test_a_new_secret_signs_beside_the_old_one(me: Client, subscription: Subscription) -> None:
    mark = re.search(r'name="mark" value="([^"]+)"', text(me.get(at("webhook-secret", subscription))))
    assert mark is not None
    found = SECRET.search(text(me.post(at("webhook-secret", subscription), {"mark": mark[1]})))
    now = Subscription.objects.get()
    assert found is not None
    assert now.secrets == [found[1], subscription.secret]
    again = me.post(at("webhook-secret", subscription), {"mark": mark[1]}, follow=True)
    assert "was changed already" in text(again)
    assert Subscription.objects.get().secrets == now.secrets


def test_deleting_asks_first_and_takes_all_along(me: Client, subscription: Subscription) -> None:
    delivery(subscription)
    assert "This cannot be taken back." in text(me.get(at("webhook-delete", subscription)))
    me.post(at("webhook-delete", subscription))
    left = Subscription.objects.get()
    assert (left.state, left.secret, left.old_secret, left.url) == ("deleted", "", "", "")
    assert not Delivery.objects.exists()
    assert "Make the first one" in text(me.get(HERE))
    assert me.get(at("webhook", subscription)).status_code == 404


def test_a_test_is_queued(
    me: Client, subscription: Subscription, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as rings:
        answer = me.post(at("webhook-test", subscription), follow=True)
    queued = Delivery.objects.get()
    assert (queued.type, queued.status, len(rings)) == ("test", STATUS.WAITING, 1)
    assert "A test is on its way" in text(answer)
    assert queued.message_id in text(answer)


def test_a_paused_one_sends_no_test(me: Client, subscription: Subscription) -> None:
    Subscription.objects.update(state="paused")
    assert "resume it first" in text(me.post(at("webhook-test", subscription), follow=True))
    assert not Delivery.objects.exists()


def test_what_failed_is_sent_again_under_the_same_id(me: Client, subscription: Subscription) -> None:
    row = delivery(
        subscription, status=STATUS.FAILED, attempts=10, settled_at=timezone.now(), problem="It answered 500."
    )
    page = text(me.get(at("webhook", subscription)))
    assert ("Failed" in page, "It answered 500." in page, row.message_id in page) == (True, True, True)
    assert "on its way again" in text(me.post(at("webhook-again", subscription, row.uuid), follow=True))
    now = Delivery.objects.get()
    assert (now.status, now.attempts, now.settled_at, now.uuid) == (STATUS.WAITING, 0, None, row.uuid)
    assert "waits to be sent already" in text(me.post(at("webhook-again", subscription, row.uuid), follow=True))


def test_a_paused_one_sends_nothing_again(me: Client, subscription: Subscription) -> None:
    row = delivery(subscription, status=STATUS.FAILED, settled_at=timezone.now())
    Subscription.objects.update(state="paused")
    assert "resume it first" in text(me.post(at("webhook-again", subscription, row.uuid), follow=True))


def test_what_was_never_tried_is_not_shown(me: Client, subscription: Subscription) -> None:
    row = delivery(subscription, tried_at=None, attempts=0)
    assert row.message_id not in text(me.get(at("webhook", subscription)))
    assert me.post(at("webhook-again", subscription, row.uuid)).status_code == 404


def test_deliveries_come_a_stretch_at_a_time(
    me: Client, subscription: Subscription, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _number in range(51):
        delivery(subscription)
    with django_assert_num_queries(6):  # session, user, rights (two), webhook, deliveries
        page = text(me.get(at("webhook", subscription)))
    earlier = re.search(r'href="\?before=(\d+)"', page)
    assert earlier is not None
    rest = text(me.get(at("webhook", subscription), {"before": earlier[1]}))
    assert (page.count("msg_"), rest.count("<code"), "before=" in rest) == (50, 1, False)
    assert me.get(at("webhook", subscription), {"before": "9" * 40}).status_code == 200


def test_the_list_costs_as_many_queries_however_long(
    me: Client, owner: User, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(12):
        make_subscription(owner=owner, site="", name=f"No. {number}", url=ADDRESS)
    with django_assert_num_queries(5):  # session, user, rights (two), webhooks
        page = text(me.get(HERE))
    assert page.count(ADDRESS) == 12


@pytest.mark.parametrize("who", ["team_mate", "stranger", "admin_user", "reader"])
def test_nobody_reaches_anothers(client: Client, subscription: Subscription, who: str, request: Any) -> None:
    row = delivery(subscription, status=STATUS.FAILED, settled_at=timezone.now())
    client.force_login(request.getfixturevalue(who))
    assert "Their own" not in text(client.get(HERE))
    codes = [client.get(at(name, subscription)).status_code for name in PAGES]
    codes += [client.post(at(f"webhook-{name}", subscription)).status_code for name in ACTS]
    codes += [client.post(at("webhook-again", subscription, row.uuid)).status_code]
    assert set(codes) == {404}
    assert (Subscription.objects.get().state, Delivery.objects.get().status) == ("active", STATUS.FAILED)


def test_strangers_sign_in_first(client: Client, subscription: Subscription) -> None:
    addresses = [HERE, f"{HERE}new/", *(at(name, subscription) for name in PAGES)]
    answers = [client.get(one) for one in addresses]
    answers += [client.post(at(f"webhook-{name}", subscription)) for name in ACTS]
    assert {(one.status_code, "/login/" in one["Location"]) for one in answers} == {(302, True)}


def test_the_menu_leads_there(me: Client) -> None:
    assert f'href="{HERE}"' in text(me.get("/"))


def test_an_administrator_sees_all_without_secrets_and_pauses_them(
    client: Client, admin_user: User, subscription: Subscription
) -> None:
    row = delivery(subscription, status=STATUS.FAILED, settled_at=timezone.now(), problem="It answered 500.")
    client.force_login(admin_user)
    here = reverse("admin:integrations_subscription_changelist")
    pages = [
        here,
        reverse("admin:integrations_subscription_change", args=(subscription.pk,)),
        reverse("admin:integrations_delivery_changelist"),
        reverse("admin:integrations_delivery_change", args=(row.pk,)),
    ]
    shown = [text(client.get(page)) for page in pages]
    assert [("erp.example.com" in page, "/hook" in page) for page in shown[:2]] == [(True, False)] * 2
    assert [row.message_id in page for page in shown[2:]] == [True, True]
    assert not [page for page in shown if subscription.secret in page]
    client.post(here, {"action": "pause_selected", "_selected_action": [subscription.pk]})
    assert Subscription.objects.get().state_reason == "person"

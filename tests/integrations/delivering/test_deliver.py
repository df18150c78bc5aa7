"""From a write to what the subscriber hears."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_httpserver import HTTPServer

from crm import audit
from crm.models import Contact, Origin, User
from crm.services import contacts, notes, records
from crm.services.subscriptions import mark_of, rotate_secret
from integrations.delivering import sending
from integrations.models import Delivery, Subscription
from tests.factories import ContactFactory
from tests.integrations.delivering.conftest import HOOK

pytestmark = pytest.mark.django_db
Subscribe = Callable[..., Subscription]


@pytest.fixture(autouse=True)
def _answers(httpserver: HTTPServer) -> None:
    httpserver.expect_request(HOOK, method="POST").respond_with_data(status=204)


def heard(httpserver: HTTPServer) -> list[dict[str, Any]]:
    """The payloads that arrived, in order."""
    return [json.loads(request.data) for request, _answer in httpserver.log]


def make(owner: User, *, actor: User | None = None) -> Contact:
    return contacts.create_contact(actor=actor or owner, name="Alder", owner=owner)


def test_a_write_is_told_with_what_changed_but_no_value(
    owner: User, httpserver: HTTPServer, subscribe: Subscribe
) -> None:
    subscription = subscribe()
    contact = make(owner)
    contacts.update_contact(contact, actor=owner, phone="12", job_title="Head")

    assert sending.deliver(subscription.pk) == 2

    made, changed = heard(httpserver)
    assert made["type"] == "contact.made"
    assert changed["type"] == "contact.changed"
    assert changed["data"] == {
        "noun": "contacts",
        "id": str(contact.uuid),
        "url": f"https://crm.example.com/api/v1/contacts/{contact.uuid}/",
        "version": 2,
        "changed": ["job_title", "phone"],
        "origin": "program",
    }
    assert {one.status for one in Delivery.objects.all()} == {Delivery.Status.DELIVERED}


def test_the_address_told_is_the_one_of_the_api(
    owner: User, httpserver: HTTPServer, subscribe: Subscribe, signed_in: Callable[[User], Any]
) -> None:
    subscription = subscribe(site="")
    contact = make(owner)
    sending.deliver(subscription.pk)
    data = heard(httpserver)[0]["data"]
    answer = signed_in(owner).get(data["url"]).json()
    assert (answer["id"], answer["version"]) == (str(contact.uuid), data["version"])


def test_trash_and_restore_have_types_of_their_own(owner: User, httpserver: HTTPServer, subscribe: Subscribe) -> None:
    subscription = subscribe(events=["contact.trashed", "contact.restored"])
    contact = make(owner)
    contact = contacts.archive_contact(contact, actor=owner)
    contacts.restore_contact(contact, actor=owner)
    sending.deliver(subscription.pk)
    assert [one["type"] for one in heard(httpserver)] == ["contact.trashed", "contact.restored"]


def test_the_signature_is_the_one_that_the_standard_computes(
    owner: User, httpserver: HTTPServer, subscribe: Subscribe
) -> None:
    subscription = subscribe()
    make(owner)
    sending.deliver(subscription.pk)

    request = httpserver.log[0][0]
    assert request.headers["webhook-signature"] == computed(subscription.secret, request)
    assert request.headers["content-type"] == "application/json"
    assert len(base64.b64decode(subscription.secret.removeprefix("whsec_"))) >= 24


def test_both_secrets_sign_while_one_is_changed(owner: User, httpserver: HTTPServer, subscribe: Subscribe) -> None:
    subscription = subscribe()
    new = rotate_secret(subscription, actor=owner, mark=mark_of(subscription))
    make(owner)
    sending.deliver(subscription.pk)
    request = httpserver.log[0][0]
    both = [computed(new, request), computed(subscription.secret, request)]
    assert request.headers["webhook-signature"].split(" ") == both

    Subscription.objects.update(old_until=subscription.created_at)
    make(owner)
    sending.deliver(subscription.pk)
    later = httpserver.log[1][0]
    assert later.headers["webhook-signature"] == computed(new, later)


def computed(secret: str, request: Any) -> str:
    """The signature as the standard describes it, without the code under test."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    parts = [request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.data]
    return "v1," + base64.b64encode(hmac.new(key, b".".join(parts), hashlib.sha256).digest()).decode()


def test_a_write_that_is_rolled_back_leaves_nothing(owner: User, subscribe: Subscribe) -> None:
    subscribe()
    with transaction.atomic():
        make(owner)
        assert Delivery.objects.exists()
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_the_ring_comes_after_commit(
    owner: User, subscribe: Subscribe, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as before:
        make(owner)
    subscribe()
    with django_capture_on_commit_callbacks() as after:
        make(owner)
    assert len(after) == len(before) + 1


def test_own_changes_through_the_api_are_skipped(owner: User, team_mate: User, subscribe: Subscribe) -> None:
    subscribe()
    with audit.coming_from(Origin.API):
        make(owner)
        assert not Delivery.objects.exists()
        make(owner, actor=team_mate)
    with audit.coming_from(Origin.PAGE):
        make(owner)
    assert Delivery.objects.count() == 2


def test_own_changes_through_the_api_are_told_to_who_wants_them(owner: User, subscribe: Subscribe) -> None:
    subscribe(skip_own=False)
    with audit.coming_from(Origin.API):
        make(owner)
    assert Delivery.objects.count() == 1


def test_only_what_the_owner_may_see_is_told(
    owner: User, stranger: User, httpserver: HTTPServer, subscribe: Subscribe
) -> None:
    theirs, mine = subscribe(owner=stranger), subscribe()
    make(owner)
    assert (sending.deliver(theirs.pk), sending.deliver(mine.pk)) == (0, 1)
    assert len(heard(httpserver)) == 1
    assert not Delivery.objects.filter(subscription=theirs).exists()


def test_who_may_see_it_is_asked_when_it_is_sent(owner: User, stranger: User, subscribe: Subscribe) -> None:
    subscription = subscribe()
    contact = make(owner)
    Contact.objects.filter(pk=contact.pk).update(owner=stranger)
    assert sending.deliver(subscription.pk) == 0
    assert not Delivery.objects.exists()


def test_many_rows_cost_as_many_looks_as_one(owner: User, stranger: User, subscribe: Subscribe) -> None:
    subscription = subscribe()
    records.insert_many([ContactFactory.build(owner=stranger) for _number in range(40)], actor=stranger)
    with CaptureQueriesContext(connection) as asked:
        sending.deliver(subscription.pk)
    looks = [one["sql"] for one in asked if "crm_contact" in one["sql"]]
    assert (len(looks), Delivery.objects.count()) == (1, 0)


def test_nobody_listening_costs_one_query(owner: User) -> None:
    with CaptureQueriesContext(connection) as asked:
        records.insert_many([ContactFactory.build(owner=owner) for _number in range(50)], actor=owner)
    ours = [one["sql"] for one in asked if "integrations_subscription" in one["sql"]]
    assert len(ours) == 1


def test_many_rows_are_queued_in_few_statements(owner: User, subscribe: Subscribe) -> None:
    subscribe()
    with CaptureQueriesContext(connection) as asked:
        records.insert_many([ContactFactory.build(owner=owner) for _number in range(300)], actor=owner)
    ours = [one["sql"] for one in asked if "integrations_delivery" in one["sql"]]
    assert Delivery.objects.count() == 300
    # SQLite takes 999 parameters a statement.
    assert len(ours) <= 7


def test_a_paused_subscription_queues_nothing(owner: User, subscribe: Subscribe) -> None:
    subscription = subscribe()
    Subscription.objects.update(state=Subscription.State.PAUSED)
    make(owner)
    assert not Delivery.objects.exists()
    assert sending.deliver(subscription.pk) == 0


def test_notes_are_not_told_of(owner: User, subscribe: Subscribe) -> None:
    contact = make(owner)
    subscribe()
    notes.write_note(actor=owner, contact=contact, body="Called")
    assert not Delivery.objects.exists()


def test_a_kind_of_record_that_is_no_more_stops_nothing(
    owner: User, httpserver: HTTPServer, subscribe: Subscribe
) -> None:
    subscription = subscribe()
    make(owner)
    make(owner)
    first = Delivery.objects.order_by("id")[0]
    Delivery.objects.filter(pk=first.pk).update(noun="quotes")
    assert sending.deliver(subscription.pk) == 1
    assert Delivery.objects.count() == 1

"""From a write to what the subscriber hears."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from pytest_httpserver import HTTPServer

from crm.models import Account, User
from crm.services import accounts
from integrations.delivering import sending
from integrations.models import Delivery, Subscription
from tests.integrations.delivering.conftest import HOOK

pytestmark = pytest.mark.django_db


def test_a_write_is_told_to_the_subscriber(
    owner: User, httpserver: HTTPServer, subscribe: Callable[..., Subscription]
) -> None:
    httpserver.expect_request(HOOK, method="POST").respond_with_data(status=204)
    subscription = subscribe()
    account = accounts.create_account(actor=owner, name="Alder", owner=owner)
    accounts.update_account(account, actor=owner, phone="12", website="https://alder.example")

    assert sending.deliver(subscription.pk) == 2

    requests = [request for request, _answer in httpserver.log]
    made, changed = [json.loads(request.data) for request in requests]
    assert made["type"] == "account.made"
    assert changed["type"] == "account.changed"
    assert changed["data"] == {
        "noun": "accounts",
        "id": str(account.uuid),
        "url": f"https://crm.example.com/api/v1/accounts/{account.uuid}/",
        "version": 2,
        "changed": ["phone", "website"],
        "origin": "program",
    }
    assert {one.status for one in Delivery.objects.all()} == {Delivery.Status.DELIVERED}
    assert Account.objects.count() == 1


def test_the_signature_is_the_one_that_the_standard_computes(
    owner: User, httpserver: HTTPServer, subscribe: Callable[..., Subscription]
) -> None:
    httpserver.expect_request(HOOK).respond_with_data()
    subscription = subscribe()
    accounts.create_account(actor=owner, name="Alder", owner=owner)
    sending.deliver(subscription.pk)

    request = httpserver.log[0][0]
    key = base64.b64decode(subscription.secret.split("_", 1)[1])
    signed = b".".join(
        [request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.data]
    )
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{wanted}"
    assert request.headers["content-type"] == "application/json"
    assert len(key) >= 24

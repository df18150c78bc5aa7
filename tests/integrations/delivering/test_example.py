"""The example of docs/webhooks.md takes what is sent, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_httpserver import HTTPServer

from crm.models import User
from crm.services.subscriptions import mark_of, rotate_secret, send_test
from integrations.delivering import sending
from integrations.models import Subscription
from tests.integrations.delivering.conftest import HOOK

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def is_from_tandem() -> Callable[..., bool]:
    page = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
    code = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(code) == 1
    names: dict[str, Any] = {}
    exec(code[0], names)
    return names["is_from_tandem"]


def test_the_example_takes_what_is_sent_and_nothing_else(
    owner: User, httpserver: HTTPServer, subscribe: Callable[..., Subscription], is_from_tandem: Callable[..., bool]
) -> None:
    httpserver.expect_request(HOOK).respond_with_data()
    subscription = subscribe()
    old = subscription.secret
    new = rotate_secret(subscription, actor=owner, mark=mark_of(subscription))
    send_test(subscription, actor=owner)
    assert sending.deliver(subscription.pk) == 1
    request = httpserver.log[0][0]
    headers, body = {name.lower(): value for name, value in request.headers.items()}, request.data
    late = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
    assert is_from_tandem(new, headers, body)
    assert is_from_tandem(old, headers, body)
    assert not is_from_tandem(new, headers, body + b" ")
    assert not is_from_tandem("whsec_" + "A" * 44, headers, body)
    assert not is_from_tandem(new, late, body)

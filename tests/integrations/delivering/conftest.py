"""A subscriber: a real HTTP server on this machine, and a webhook of the owner that points to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from crm.models import User
from crm.services.subscriptions import make_subscription
from integrations.models import Subscription

SITE = "https://crm.example.com"
HOOK = "/hook"


@pytest.fixture
def subscribe(owner: User, httpserver: HTTPServer) -> Callable[..., Subscription]:
    """Makes a webhook of the owner, or of whom is named."""

    def make(**values: Any) -> Subscription:
        wanted = {"owner": owner, "site": SITE, "name": "ERP", "url": httpserver.url_for(HOOK), **values}
        return make_subscription(**wanted)[0]

    return make

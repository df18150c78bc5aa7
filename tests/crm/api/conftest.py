"""What the tests of the API share: a client of each person, and how a record of each kind is made and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from crm.models import User
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    TaskFactory,
)

MADE: dict[str, Any] = {
    "accounts": (AccountFactory, "manager"),
    "contacts": (ContactFactory, "owner"),
    "leads": (LeadFactory, "owner"),
    "opportunities": (OpportunityFactory, "owner"),
    "activities": (ActivityFactory, "owner"),
    "tasks": (TaskFactory, "assignee"),
}
KEYS = tuple(MADE)
NEW: dict[str, dict[str, Any]] = {
    "accounts": {"name": "Acme"},
    "contacts": {"name": "Ann"},
    "leads": {"name": "Wants a pump"},
    "opportunities": {"name": "Pump"},
    "activities": {"type": "call", "subject": "Ring up"},
    "tasks": {"title": "Send the offer"},
}
NAMED = {"activities": "subject", "tasks": "title"}


@pytest.fixture(autouse=True)
def _no_requests_yet() -> None:
    """The count of requests is kept per user id in the cache, which another test's user may have had."""
    cache.clear()


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """A client that speaks for this user."""

    def client_of(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return client_of

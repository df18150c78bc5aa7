"""Schemathesis sends what the description of the API allows, and what it does not, to every operation in it.

No answer may be a fault of ours, and none may be one that the description does not know. The examples are the same in
every run; `API_EXAMPLES` asks for more of them per operation.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis import Case, HookContext
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi import from_dict

from crm.models import Stage, User
from tests import factories

FEW = 5
EXAMPLES = int(os.environ.get("API_EXAMPLES") or FEW)
MADE: dict[str, Any] = {
    "accounts": factories.AccountFactory,
    "contacts": factories.ContactFactory,
    "leads": factories.LeadFactory,
    "opportunities": factories.OpportunityFactory,
    "activities": factories.ActivityFactory,
    "tasks": factories.TaskFactory,
    "notes": factories.NoteFactory,
    "tags": factories.TagFactory,
    "stages": factories.StageFactory,
    "lost-reasons": factories.LostReasonFactory,
    "users": factories.UserFactory,
    "countries": factories.CountryFactory,
    "states": factories.CountryStateFactory,
}
THERE = {noun: str(uuid.uuid5(uuid.NAMESPACE_URL, noun)) for noun in MADE}
load_all_checks()
# Whether a value is taken is for the services: a description cannot say that an account stands below itself.
LEFT_OUT = {"negative_data_rejection", "positive_data_acceptance"}
CHECKED = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]

schemathesis.openapi.format("uuid", st.sampled_from(sorted(THERE.values())) | st.uuids().map(str))
# Boundary values of every field, one by one, are some hundred requests per operation: in the long run only.
PHASES = {"coverage": {"enabled": EXAMPLES > FEW}}
API = from_dict(
    SchemaGenerator().get_schema(request=None, public=True), config=SchemathesisConfig.from_dict({"phases": PHASES})
)
API.app = get_wsgi_application()


@API.hook
def map_path_parameters(context: HookContext, values: dict[str, Any] | None) -> dict[str, Any]:
    """Where a uuid of the records below was drawn, take that of the operation's own noun."""
    noun = context.operation.path.split("/")[3]
    return {
        name: THERE.get(noun, value) if value in THERE.values() else value for name, value in (values or {}).items()
    }


@pytest.fixture
def one_transaction() -> Iterator[None]:
    """Leave the connection of the test open between requests, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def access(owner: User, stages: dict[str, Stage], settings: Any, one_transaction: None) -> str:
    """The access token of a sales user, in a house with a row of every kind."""
    settings.API_REQUESTS_PER_MINUTE = settings.API_SIGN_INS_PER_MINUTE = 1_000_000
    for noun, factory in MADE.items():
        factory.create(uuid=THERE[noun])
    return str(AccessToken.for_user(owner))


@API.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_is_a_fault_or_a_surprise(case: Case, access: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {access}"}, checks=CHECKED)

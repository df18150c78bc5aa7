"""Personal tokens: they speak for one person, within their scopes, until they end; only a digest is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from crm.models import Account, PersonalToken, User
from crm.services.personal_tokens import MOST, make_token, revoke_token
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db


def token_of(user: User, *scopes: str, **values: Any) -> str:
    return make_token(owner=user, name="ERP", scopes=scopes, **values)[1]


def ask(secret: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {secret}"}
    return getattr(APIClient(), method)(f"/api/v1/{path}", body, format="json", headers=headers)


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("accounts:read", "get", "accounts/", 200),
        ("accounts:read", "post", "accounts/", 403),
        ("accounts:write", "get", "accounts/", 200),
        ("accounts:write", "post", "accounts/", 201),
        ("accounts:write", "get", "contacts/", 403),
        ("*:read", "get", "contacts/", 200),
        ("*:read", "get", "dashboard/", 200),
        ("*:read", "post", "accounts/", 403),
        ("*:write", "post", "accounts/", 201),
        ("accounts:read", "get", "stages/", 200),
        ("accounts:read", "get", "dashboard/", 403),
    ],
)
def test_a_token_does_what_its_scopes_include(owner: User, scope: str, method: str, path: str, status: int) -> None:
    answer = ask(token_of(owner, scope), method, path, {"name": "Acme"} if method == "post" else None)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "forbidden"
        assert path.split("/")[0] in answer.json()["detail"]


def test_it_sees_and_may_no_more_than_its_person(owner: User, stranger: User) -> None:
    AccountFactory.create(name="Mine", manager=owner)
    theirs = AccountFactory.create(name="Theirs", manager=stranger)
    secret = token_of(owner, "*:write")
    assert [row["name"] for row in ask(secret, "get", "accounts/").json()["results"]] == ["Mine"]
    assert ask(secret, "get", f"accounts/{theirs.uuid}/").status_code == 404
    reader = UserFactory.create(role=User.Role.READ_ONLY)
    assert ask(token_of(reader, "*:write"), "post", "accounts/", {"name": "Acme"}).status_code == 403


def test_what_is_written_is_the_persons(owner: User) -> None:
    ask(token_of(owner, "accounts:write"), "post", "accounts/", {"name": "Acme"})
    assert Account.objects.get().created_by == owner


@pytest.mark.parametrize("how", ["unknown", "revoked", "past", "switched off"])
def test_a_token_that_does_not_hold_gets_401(owner: User, how: str) -> None:
    secret = token_of(owner, "*:read", expires_at=timezone.now() + timedelta(days=1))
    assert ask(secret, "get", "accounts/").status_code == 200
    if how == "unknown":
        secret += "x"
    if how == "revoked":
        revoke_token(PersonalToken.objects.get(), actor=owner)
    if how == "switched off":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    with time_machine.travel(timezone.now() + timedelta(days=2 if how == "past" else 0)):
        answer = ask(secret, "get", "accounts/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_secret_is_kept_nowhere_and_the_use_is_noted_once_an_hour(owner: User) -> None:
    secret = token_of(owner, "*:read")
    assert secret not in str(PersonalToken.objects.values().get())

    def writes() -> int:
        with CaptureQueriesContext(connection) as found:
            ask(secret, "get", "accounts/")
        return sum(one["sql"].startswith("UPDATE") for one in found)

    assert (writes(), writes()) == (1, 0)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert writes() == 1


def test_what_is_refused(owner: User, stranger: User) -> None:
    with pytest.raises(ValidationError, match="Choose what"):
        token_of(owner)
    with pytest.raises(ValidationError, match="past"):
        token_of(owner, "*:read", expires_at=timezone.now())
    with pytest.raises(ValidationError, match="name"):
        make_token(owner=owner, name=" ", scopes=["*:read"])
    for _number in range(MOST):
        token_of(owner, "*:read")
    with pytest.raises(ValidationError, match="50 tokens"):
        token_of(owner, "*:read")
    with pytest.raises(PermissionDenied):
        revoke_token(PersonalToken.objects.all()[0], actor=stranger)


@pytest.mark.parametrize(
    "header", ["Bearer tandem_pat_", "Bearer tandem_pat_é", "bearer  tandem_pat_x", "tandem_pat_x"]
)
def test_rubbish_gets_401(header: str) -> None:
    answer = APIClient().get("/api/v1/accounts/", headers={"Authorization": header})
    assert answer.status_code == 401

"""Signing in over the API: tokens last a while, are exchanged once, and end with the password or the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from crm.api import jwt
from crm.models import User
from tests.factories import PASSWORD

HERE = "/api/v1/token/"


def sign_in(user: User) -> dict[str, str]:
    answer = APIClient().post(HERE, {"email": user.email.upper(), "password": PASSWORD}, format="json")
    assert answer.status_code == 200
    pair: dict[str, str] = answer.json()
    return pair


def read(access: str) -> Any:
    return APIClient().get("/api/v1/tags/", headers={"Authorization": f"Bearer {access}"})


def refresh(token: str, end: str = "refresh/") -> Any:
    return APIClient().post(f"{HERE}{end}", {"refresh": token}, format="json")


def test_email_and_password_give_tokens_that_read_and_write(owner: User) -> None:
    access = sign_in(owner)["access"]
    headers = {"Authorization": f"Bearer {access}"}
    made = APIClient().post("/api/v1/accounts/", {"name": "Acme"}, format="json", headers=headers)
    assert (read(access).status_code, made.status_code) == (200, 201)


@pytest.mark.parametrize("body", [{"email": "owner@example.com", "password": "wrong"}, {"email": "x", "password": "y"}])
def test_a_wrong_password_gets_401_in_the_one_shape(body: dict[str, str], owner: User) -> None:
    answer = APIClient().post(HERE, body, format="json")
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (401, "not_authenticated", {})
    assert answer.json()["detail"]


def test_what_is_missing_is_named(db: None) -> None:
    answer = APIClient().post(HERE, {}, format="json")
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"email", "password"})


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é"])
def test_a_token_that_is_none_gets_401(token: str, db: None) -> None:
    assert read(token).status_code == 401
    assert set(read(token).json()) == {"code", "detail", "errors"}


def test_an_access_token_runs_out(owner: User) -> None:
    access = sign_in(owner)["access"]
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert read(access).status_code == 401


def test_a_refresh_token_works_once(owner: User) -> None:
    first = sign_in(owner)["refresh"]
    pair = refresh(first).json()

    assert read(pair["access"]).status_code == 200
    assert refresh(first).status_code == 401
    assert refresh(pair["refresh"]).status_code == 200


def test_a_revoked_refresh_token_is_none_any_more(owner: User) -> None:
    token = sign_in(owner)["refresh"]
    assert refresh(token, "revoke/").status_code == 200
    assert refresh(token).status_code == 401


def test_a_refresh_token_reads_nothing(owner: User) -> None:
    assert read(sign_in(owner)["refresh"]).status_code == 401


def test_a_new_password_ends_all_tokens(owner: User) -> None:
    pair = sign_in(owner)
    owner.set_password("another horse battery staple")
    owner.save()
    assert [read(pair["access"]).status_code, refresh(pair["refresh"]).status_code] == [401, 401]


def test_a_person_who_was_switched_off_gets_nothing(owner: User) -> None:
    pair = sign_in(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    codes = [read(pair["access"]).status_code, refresh(pair["refresh"]).status_code]
    again = APIClient().post(HERE, {"email": owner.email, "password": PASSWORD}, format="json")
    assert [*codes, again.status_code] == [401, 401, 401]


def test_attempts_to_sign_in_are_counted(owner: User, settings: Any) -> None:
    settings.API_SIGN_INS_PER_MINUTE = 2
    body = {"email": owner.email, "password": "wrong"}
    answers = [APIClient().post(HERE, body, format="json") for _time in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_refresh_tokens_that_ran_out_are_forgotten(owner: User) -> None:
    sign_in(owner)
    assert jwt.prune(100) == 0
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert jwt.prune(100) >= 1

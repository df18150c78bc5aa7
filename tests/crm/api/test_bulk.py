"""Many records in one request: each is done or refused on its own, and all of them once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from crm.models import Account, User
from tests.crm.api.conftest import KEYS, MADE, NAMED, NEW
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]


def send(client: APIClient, records: Any, **headers: str) -> Any:
    return client.post("/api/v1/accounts/bulk/", {"records": records}, format="json", headers=headers)


@pytest.mark.parametrize("key", KEYS)
def test_records_of_every_kind_are_made_and_changed(key: str, owner: User, api: Api) -> None:
    factory, who = MADE[key]
    held, name = factory.create(**{who: owner}), NAMED.get(key, "name")
    body = {"records": [NEW[key], {"id": str(held.uuid), name: "Renamed", "version": held.version}]}

    answer = api(owner).post(f"/api/v1/{key}/bulk/", body, format="json")

    made, changed = answer.json()["results"]
    assert (answer.status_code, made["status"], changed["status"]) == (200, 201, 200)
    held.refresh_from_db()
    assert (getattr(held, name), held.version, changed["version"]) == ("Renamed", 2, 2)
    assert type(held).objects.filter(uuid=made["id"]).get().created_by == owner


def test_what_is_refused_leaves_the_others_alone_and_says_why(owner: User, stranger: User, api: Api) -> None:
    held, theirs = AccountFactory.create(manager=owner), AccountFactory.create(manager=stranger)
    records = [
        {"name": ""},
        {"name": "Good"},
        {"id": str(held.uuid), "version": 7, "phone": "1"},
        {"id": str(theirs.uuid), "phone": "1"},
        {"id": str(uuid4()), "phone": "1"},
        {"id": "rubbish", "phone": "1"},
        {"name": "Good too", "employees": "many"},
        {"id": str(held.uuid), "phone": "2"},
    ]

    results = send(api(owner), records).json()["results"]

    assert [one["status"] for one in results] == [400, 201, 412, 404, 404, 400, 400, 200]
    assert [one.get("code") for one in results] == [
        "invalid",
        None,
        "stale",
        "not_found",
        "not_found",
        "invalid",
        "invalid",
        None,
    ]
    assert set(results[6]["errors"]) == {"employees"}
    held.refresh_from_db()
    assert (held.phone, Account.objects.filter(name__startswith="Good").count()) == ("2", 1)


def test_records_go_to_the_trash_and_come_back(owner: User, api: Api) -> None:
    held = AccountFactory.create(manager=owner)
    for trash in (True, False):
        (one,) = send(api(owner), [{"id": str(held.uuid), "trash": trash}]).json()["results"]
        held.refresh_from_db()
        assert (one["status"], held.archived_at is not None) == (200, trash)


@pytest.mark.parametrize("records", [[], [{"name": "Acme"}] * 201, "rubbish", [1], None])
def test_a_body_that_is_none_is_refused_whole(records: Any, owner: User, api: Api) -> None:
    answer = send(api(owner), records)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Account.objects.exists()


def test_sent_again_with_its_key_nothing_is_done_twice(owner: User, api: Api) -> None:
    first, again = (send(api(owner), [{"name": "Acme"}, {"name": ""}], **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.json(), again["Idempotent-Replayed"]) == (again.json(), "true")
    assert Account.objects.count() == 1


def test_who_only_reads_may_not(api: Api, db: None) -> None:
    assert send(api(UserFactory.create(role=User.Role.READ_ONLY)), [{"name": "Acme"}]).status_code == 403

"""`Idempotency-Key`: sent again, answered again, done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from crm.api import idempotency
from crm.models import Account, KeptAnswer, Stage, Task, User
from tests.factories import LeadFactory, TaskFactory

Api = Callable[[User], APIClient]
HERE = "/api/v1/accounts/"


def post(client: APIClient, body: Any, key: str = "k-1", address: str = HERE) -> Any:
    return client.post(address, body, format="json", headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(owner: User, api: Api) -> None:
    first, again = post(api(owner), {"name": "Acme"}), post(api(owner), {"name": "Acme"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json(), first["Location"], first["ETag"]) == (again.json(), again["Location"], again["ETag"])
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert Account.objects.count() == 1


@pytest.mark.parametrize(("body", "address"), [({"name": "Other"}, HERE), ({"name": "Acme"}, "/api/v1/contacts/")])
def test_the_key_of_another_request_is_refused(body: Any, address: str, owner: User, api: Api) -> None:
    post(api(owner), {"name": "Acme"})
    answer = post(api(owner), body, address=address)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_used")
    assert Account.objects.count() == 1


def test_each_user_has_keys_of_their_own(owner: User, stranger: User, api: Api) -> None:
    answers = [post(api(user), {"name": "Acme"}) for user in (owner, stranger)]
    assert len({answer.json()["id"] for answer in answers}) == 2


def test_a_refusal_is_not_kept(owner: User, api: Api) -> None:
    assert post(api(owner), {"name": ""}).status_code == 400
    assert post(api(owner), {"name": "Acme"}).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(key: str, owner: User, api: Api) -> None:
    answer = post(api(owner), {"name": "Acme"}, key=key)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])
    assert not Account.objects.exists()


def claim(owner: User, api: Api, age: timedelta) -> None:
    """What a request leaves that was begun so long ago and has not ended."""
    post(api(owner), {"name": "Acme"})
    Account.objects.all().delete()
    KeptAnswer.objects.update(status=None, answer=None, claimed_at=timezone.now() - age)


def test_a_request_under_way_keeps_the_second_out(owner: User, api: Api) -> None:
    claim(owner, api, timedelta(seconds=5))
    answer = post(api(owner), {"name": "Acme"})
    assert (answer.status_code, answer.json()["code"]) == (409, "under_way")
    assert not Account.objects.exists()


def test_a_request_that_died_is_done_by_the_next_one(owner: User, api: Api) -> None:
    claim(owner, api, timedelta(hours=1))
    assert [post(api(owner), {"name": "Acme"}).status_code for _time in range(2)] == [201, 201]
    assert Account.objects.count() == 1


def test_actions_are_done_once_too(owner: User, api: Api, stages: dict[str, Stage]) -> None:
    task, lead = TaskFactory.create(assignee=owner), LeadFactory.create(owner=owner)
    done = [post(api(owner), {}, "k-2", f"/api/v1/tasks/{task.uuid}/complete/") for _time in range(2)]
    converted = [post(api(owner), {}, "k-3", f"/api/v1/leads/{lead.uuid}/convert/") for _time in range(2)]

    assert [answer.status_code for answer in done + converted] == [200, 200, 201, 201]
    assert Task.objects.get().version == 2


def test_old_answers_are_forgotten(owner: User, api: Api) -> None:
    post(api(owner), {"name": "Acme"}, key="old")
    KeptAnswer.objects.update(created_at=timezone.now() - idempotency.KEEP - timedelta(minutes=1))
    post(api(owner), {"name": "Acme"}, key="new")

    assert idempotency.prune(100) == 1
    assert KeptAnswer.objects.get().key == "new"

"""`ETag`, `If-Match` and `If-None-Match`: nobody overwrites what they have not read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from crm.models import Stage, User
from crm.services.accounts import update_account
from tests.crm.api.conftest import KEYS, MADE
from tests.factories import AccountFactory

Api = Callable[[User], APIClient]


@pytest.mark.parametrize("key", KEYS)
def test_a_record_carries_its_tag_and_is_not_sent_again(
    key: str, owner: User, api: Api, stages: dict[str, Stage]
) -> None:
    here = f"/api/v1/{key}/{MADE[key][0].create().uuid}/"
    first = api(owner).get(here)
    again = api(owner).get(here, headers={"If-None-Match": first["ETag"]})

    assert first["ETag"] == again["ETag"] == f'"{first.json()["version"]}"'
    assert (again.status_code, again.content) == (304, b"")


def test_a_change_of_the_version_that_was_read_is_written(owner: User, api: Api) -> None:
    here = f"/api/v1/accounts/{AccountFactory.create().uuid}/"
    tag = api(owner).get(here)["ETag"]

    answer = api(owner).patch(here, {"name": "New"}, format="json", headers={"If-Match": tag})

    assert (answer.status_code, answer.json()["name"], answer["ETag"]) == (200, "New", '"2"')


@pytest.mark.parametrize("method", ["patch", "delete"])
@pytest.mark.parametrize("tag", ['"1"', '"99"', "nonsense", 'W/"1"'])
def test_a_change_of_another_version_is_refused_and_says_who_saved(
    method: str, tag: str, owner: User, team_mate: User, api: Api
) -> None:
    account = AccountFactory.create(manager=owner)
    update_account(account, actor=team_mate, name="Theirs")

    answer = getattr(api(owner), method)(
        f"/api/v1/accounts/{account.uuid}/", {"name": "Mine"}, format="json", headers={"If-Match": tag}
    )

    assert (answer.status_code, answer.json()["code"], answer["ETag"]) == (412, "stale", '"2"')
    assert team_mate.name in answer.json()["detail"]
    account.refresh_from_db()
    assert (account.name, account.archived_at) == ("Theirs", None)


def test_a_star_matches_whatever_stands_there(owner: User, api: Api) -> None:
    here = f"/api/v1/accounts/{AccountFactory.create().uuid}/"
    assert api(owner).patch(here, {"name": "New"}, format="json", headers={"If-Match": "*"}).status_code == 200

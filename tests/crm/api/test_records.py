"""Every noun over the API: who sees, makes, changes and trashes what, and what a list costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from crm.models import Stage, User
from tests.crm.api.conftest import KEYS, MADE, NAMED, NEW
from tests.factories import AccountFactory, ContactFactory, TagFactory, UserFactory

LINKS: dict[str, dict[str, str]] = {
    "accounts": {"parent": "accounts"},
    "contacts": {"account": "accounts"},
    "leads": {"account": "accounts", "contact": "contacts"},
    "opportunities": {"account": "accounts", "contact": "contacts"},
    "activities": {"lead": "leads", "opportunity": "opportunities"},
    "tasks": {"account": "accounts", "lead": "leads"},
}

Api = Callable[[User], APIClient]


def made(key: str, owner: User, **values: Any) -> Any:
    factory, field = MADE[key]
    return factory.create(**{field: owner}, **values)


def of(key: str, row: Any, end: str = "") -> str:
    return f"/api/v1/{key}/{row.uuid}/{end}"


@pytest.fixture
def everybody(owner: User, team_mate: User, reader: User, stranger: User) -> list[User]:
    """In the order of the answers below: owner, team mate, read-only, stranger."""
    return [owner, team_mate, reader, stranger]


@pytest.mark.parametrize("key", KEYS)
def test_a_list_shows_rows_to_owner_team_mate_and_reader_but_to_no_stranger(
    key: str, everybody: list[User], api: Api, stages: dict[str, Stage]
) -> None:
    row = made(key, everybody[0])

    answers = [api(user).get(f"/api/v1/{key}/").json()["results"] for user in everybody]

    assert [[one["id"] for one in rows] for rows in answers] == [[str(row.uuid)]] * 3 + [[]]


@pytest.mark.parametrize("key", KEYS)
def test_a_record_is_read_by_owner_team_mate_and_reader_and_unknown_to_a_stranger(
    key: str, everybody: list[User], api: Api, stages: dict[str, Stage]
) -> None:
    row = made(key, everybody[0])
    assert [api(user).get(of(key, row)).status_code for user in everybody] == [200, 200, 200, 404]


@pytest.mark.parametrize("key", KEYS)
def test_all_but_readers_make_records(key: str, everybody: list[User], api: Api, stages: dict[str, Stage]) -> None:
    answers = [api(user).post(f"/api/v1/{key}/", NEW[key], format="json") for user in everybody]

    assert [answer.status_code for answer in answers] == [201, 201, 403, 201]
    assert answers[0]["Location"].endswith(f"/api/v1/{key}/{answers[0].json()['id']}/")
    assert MADE[key][0]._meta.model.objects.get(uuid=answers[0].json()["id"]).created_by == everybody[0]


@pytest.mark.parametrize("key", KEYS)
def test_a_record_is_changed_by_owner_and_team_mate_only(
    key: str, everybody: list[User], api: Api, stages: dict[str, Stage]
) -> None:
    row, name = made(key, everybody[0]), NAMED.get(key, "name")

    answers = [api(user).patch(of(key, row), {name: f"By {user.pk}"}, format="json") for user in everybody]

    assert [answer.status_code for answer in answers] == [200, 200, 403, 404]
    row.refresh_from_db()
    assert (getattr(row, name), row.version) == (f"By {everybody[1].pk}", 3)


@pytest.mark.parametrize("key", KEYS)
def test_a_record_is_trashed_and_restored_by_owner_and_team_mate_only(
    key: str, everybody: list[User], api: Api, stages: dict[str, Stage]
) -> None:
    row = made(key, everybody[0])
    assert [api(user).delete(of(key, row)).status_code for user in reversed(everybody)] == [404, 403, 204, 204]

    client = api(everybody[0])
    assert client.get(f"/api/v1/{key}/").json()["results"] == []
    assert [one["id"] for one in client.get(f"/api/v1/{key}/?trash=true").json()["results"]] == [str(row.uuid)]
    assert client.get(of(key, row)).json()["archived_at"] is not None

    codes = [api(user).post(of(key, row, "restore/")).status_code for user in reversed(everybody)]
    assert codes == [404, 403, 200, 200]
    assert client.get(of(key, row)).json()["archived_at"] is None


@pytest.mark.parametrize("key", [*KEYS, "notes", "tags", "stages", "users", "lost-reasons", "countries", "states"])
def test_somebody_who_has_not_signed_in_gets_401(key: str, db: None) -> None:
    answer = APIClient().get(f"/api/v1/{key}/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"]


def queries_of(client: APIClient, address: str) -> int:
    with CaptureQueriesContext(connection) as spent:
        assert client.get(address).status_code == 200
    return len(spent)


@pytest.mark.parametrize("key", KEYS)
def test_a_list_of_fifty_costs_the_queries_of_a_list_of_one(
    key: str, owner: User, api: Api, stages: dict[str, Stage]
) -> None:
    address, again = f"/api/v1/{key}/", User.objects.get(pk=owner.pk)
    links = {name: made(kind, owner) for name, kind in LINKS[key].items()}
    made(key, owner, **links)
    spent_on_one = queries_of(api(owner), address)
    for _number in range(49):
        made(key, owner, **{name: made(kind, owner) for name, kind in LINKS[key].items()})

    assert queries_of(api(again), address) == spent_on_one <= 4  # two of them for rights of the user's own
    assert len(api(again).get(address).json()["results"]) == 50


def test_relations_are_named_by_uuid(owner: User, api: Api) -> None:
    account, tag = AccountFactory.create(manager=owner), TagFactory.create()
    body = {"name": "Ann", "account": str(account.uuid), "owner": str(owner.uuid), "tags": [str(tag.uuid)]}

    answer = api(owner).post("/api/v1/contacts/", body, format="json")

    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in body} == body


def test_what_a_person_may_not_see_cannot_be_referred_to(owner: User, stranger: User, api: Api) -> None:
    account = AccountFactory.create(manager=owner)
    body = {"name": "Ann", "account": str(account.uuid)}

    answer = api(stranger).post("/api/v1/contacts/", body, format="json")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["account"]


def test_a_new_primary_contact_takes_the_place_of_the_present_one(owner: User, api: Api) -> None:
    account = AccountFactory.create(manager=owner)
    first = ContactFactory.create(owner=owner, account=account, is_primary=True)
    body = {"name": "Ann", "account": str(account.uuid), "is_primary": True}

    assert api(owner).post("/api/v1/contacts/", body, format="json").status_code == 201
    first.refresh_from_db()
    assert not first.is_primary


def test_filters_name_people_and_tags_by_uuid(owner: User, api: Api) -> None:
    other, tag = UserFactory.create(team=owner.team), TagFactory.create()
    mine, _theirs = made("leads", owner, tags=[tag]), made("leads", other)
    client = api(owner)

    by_owner = client.get(f"/api/v1/leads/?owner={owner.uuid}").json()["results"]
    by_tag = client.get(f"/api/v1/leads/?tag={tag.uuid}").json()["results"]

    assert [one["id"] for one in by_owner] == [one["id"] for one in by_tag] == [str(mine.uuid)]


def test_opportunities_are_filtered_by_several_stages(owner: User, api: Api, stages: dict[str, Stage]) -> None:
    chosen = list(stages.values())[:2]
    rows = [made("opportunities", owner, stage=stage) for stage in stages.values()]
    asked = "&".join(f"stage={stage.uuid}" for stage in chosen)

    results = api(owner).get(f"/api/v1/opportunities/?{asked}").json()["results"]

    assert {one["id"] for one in results} == {str(row.uuid) for row in rows[:2]}


@pytest.mark.parametrize("word", ["q", "search"])
def test_words_are_searched(word: str, owner: User, api: Api) -> None:
    row = made("accounts", owner, name="Müller Pumps")
    made("accounts", owner, name="Other")

    results = api(owner).get("/api/v1/accounts/", {word: "MÜLLER"}).json()["results"]

    assert [one["id"] for one in results] == [str(row.uuid)]


def test_pages_lead_through_all_rows_and_back(owner: User, api: Api) -> None:
    for number in range(5):
        made("accounts", owner, name=f"A{number}")
    client, seen, address = api(owner), [], "/api/v1/accounts/?ordering=-name&page_size=2"
    pages = []
    while address:
        pages.append(client.get(address).json())
        seen += [one["name"] for one in pages[-1]["results"]]
        address = pages[-1]["next"]

    assert seen == ["A4", "A3", "A2", "A1", "A0"]
    assert pages[0]["previous"] is None
    assert client.get(pages[2]["previous"]).json()["results"] == pages[1]["results"]


def test_a_page_too_large_is_cut(owner: User, api: Api) -> None:
    for _number in range(201):
        made("tasks", owner)
    assert len(api(owner).get("/api/v1/tasks/?page_size=100000").json()["results"]) == 200

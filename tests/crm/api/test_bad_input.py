"""Whatever is sent, the answer is a refusal in the one shape, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from crm.models import Account, Stage, User
from tests.crm.api.conftest import KEYS, MADE, NEW
from tests.factories import AccountFactory, LeadFactory

Api = Callable[[User], APIClient]


def refusal(answer: Any) -> tuple[int, str]:
    """The number and the word of a refusal, whose shape is looked at on the way."""
    body = answer.json()
    assert set(body) == {"code", "detail", "errors"}
    assert body["detail"]
    return answer.status_code, body["code"]


@pytest.mark.parametrize("key", KEYS)
def test_a_body_that_is_no_json_gets_400(key: str, owner: User, api: Api) -> None:
    answer = api(owner).post(f"/api/v1/{key}/", "{oops", content_type="application/json")
    assert refusal(answer) == (400, "not_json")


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "7"])
def test_a_body_that_is_no_object_gets_400(body: str, owner: User, api: Api) -> None:
    answer = api(owner).post("/api/v1/accounts/", body, content_type="application/json")
    assert refusal(answer) == (400, "invalid")


def test_a_form_gets_415(owner: User, api: Api) -> None:
    answer = api(owner).post("/api/v1/accounts/", "name=Acme", content_type="application/x-www-form-urlencoded")
    assert refusal(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_object_names_what_is_missing(key: str, owner: User, api: Api) -> None:
    answer = api(owner).post(f"/api/v1/{key}/", {}, format="json")
    assert refusal(answer) == (400, "invalid")
    assert set(answer.json()["errors"]) == set(NEW[key])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "x" * 256),
        ("name", "a\x00b"),
        ("name", {"a": 1}),
        ("name", None),
        ("type", "enemy"),
        ("employees", -1),
        ("employees", 10**30),
        ("annual_revenue", "much"),
        ("annual_revenue", "1e30"),
        ("annual_revenue", -5),
        ("parent", "no-uuid"),
        ("parent", "00000000-0000-0000-0000-000000000000"),
        ("parent", 7),
        ("tags", "x"),
        ("tags", ["x"]),
        ("tags", None),
        ("latitude", 91),
        ("custom", [1]),
        ("custom", {"x_unknown": 1}),
    ],
)
def test_a_bad_value_is_refused_beside_its_field(field: str, value: Any, owner: User, api: Api) -> None:
    answer = api(owner).post("/api/v1/accounts/", {"name": "Acme", field: value}, format="json")

    assert refusal(answer) == (400, "invalid")
    assert [name.split(".")[0].split(":")[0] for name in answer.json()["errors"]] == [field]
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "ordering=city",
        "ordering=-",
        "cursor=nonsense",
        "cursor=WyJuIiwgIngiLCAieSJd",
        "page_size=many",
        "page_size=0",
        "page_size=-1",
        "manager=7",
        "manager=00000000-0000-0000-0000-000000000000",
        "tag=no-uuid",
        "type=enemy",
        "updated_after=yesterday",
        "trash_=true",
        "q=%00",
    ],
)
def test_a_bad_word_in_a_list_s_address_is_named(query: str, owner: User, api: Api) -> None:
    answer = api(owner).get(f"/api/v1/accounts/?{query}")
    assert refusal(answer) == (400, "invalid")
    assert list(answer.json()["errors"]) == [query.split("=")[0]]


@pytest.mark.parametrize("key", KEYS)
def test_what_is_not_there_gets_404(key: str, owner: User, api: Api) -> None:
    here = f"/api/v1/{key}/00000000-0000-0000-0000-000000000000/"
    client = api(owner)
    answers = [
        client.get(here),
        client.patch(here, {}, format="json"),
        client.delete(here),
        client.post(f"{here}restore/"),
    ]
    assert {refusal(answer) for answer in answers} == {(404, "not_found")}


@pytest.mark.parametrize("address", ["", "accounts", "accounts/7/", "nothing/", "accounts/x/restore/"])
def test_what_is_no_address_gets_404_in_the_same_shape(address: str, db: None) -> None:
    assert refusal(APIClient().get(f"/api/v1/{address}")) == (404, "not_found")


@pytest.mark.parametrize("key", KEYS)
def test_a_wrong_method_gets_405(key: str, owner: User, reader: User, api: Api, stages: dict[str, Stage]) -> None:
    row = MADE[key][0].create()
    answers = [
        client.generic(method, address)
        for client in (api(owner), api(reader))
        for method, address in (("PUT", f"/api/v1/{key}/{row.uuid}/"), ("DELETE", f"/api/v1/{key}/"))
    ]
    assert {refusal(answer) for answer in answers} == {(405, "method_not_allowed")}


def test_a_converted_lead_is_history(owner: User, api: Api, stages: dict[str, Stage]) -> None:
    lead = LeadFactory.create(owner=owner)
    here, client = f"/api/v1/leads/{lead.uuid}/", api(owner)
    assert client.post(f"{here}convert/").status_code == 201

    answers = [client.patch(here, {"name": "New"}, format="json"), client.delete(here)]

    assert {refusal(answer) for answer in answers} == {(409, "conflict")}
    lead.refresh_from_db()
    assert lead.name != "New"


def test_a_circle_of_accounts_is_refused_beside_the_parent(owner: User, api: Api) -> None:
    top = AccountFactory.create(manager=owner)
    below = AccountFactory.create(manager=owner, parent=top)

    answer = api(owner).patch(f"/api/v1/accounts/{top.uuid}/", {"parent": str(below.uuid)}, format="json")

    assert refusal(answer) == (400, "invalid")
    assert list(answer.json()["errors"]) == ["parent"]


def test_too_many_requests_get_429(owner: User, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    client = APIClient()
    client.force_login(owner)

    answers = [client.get("/api/v1/tags/") for _number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert refusal(answers[2]) == (429, "too_many_requests")
    assert int(answers[2]["Retry-After"]) > 0

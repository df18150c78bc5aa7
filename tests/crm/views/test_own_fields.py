"""The user's own fields in the workspace: asked for with the others, changed where they stand, kept by their kind."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Account, User
from integrations.models import Connection
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
HTMX: Any = {"HTTP_HX_REQUEST": "true"}
KINDS = {"x_number": "char", "x_visits": "integer", "x_rate": "float", "x_key": "boolean", "x_since": "date"}
CHOICES = [["gold", "Gold"], ["tin", "Tin"]]


def entry(name: str, type: str, *, direction: str = "both", choices: Any = ()) -> dict[str, Any]:
    words = name.removeprefix("x_").title()
    return {
        "model": "res.partner",
        "name": name,
        "label": words,
        "type": type,
        "direction": direction,
        "token": name,
        "choices": choices,
    }


@pytest.fixture
def account(admin_user: User, client: Client, connection_to_odoo: Connection) -> Account:
    """An account with an own field of every kind, one of which only Odoo changes."""
    entries = [entry(name, type) for name, type in KINDS.items()]
    entries += [
        entry("x_level", "selection", choices=CHOICES),
        entry("x_at", "datetime"),
        entry("x_score", "integer", direction="in"),
    ]
    Connection.objects.update(own_fields=entries)
    client.force_login(admin_user)
    return AccountFactory.create(name="Alder", manager=admin_user, custom={"x_number": "K-1", "x_score": 7})


def held(account: Account) -> dict[str, Any]:
    return Account.objects.get(pk=account.pk).custom


def place(account: Account, key: str) -> str:
    return reverse("workspace:field", args=("accounts", account.uuid, f"custom.{key}"))


def test_the_form_asks_for_them_and_keeps_each_by_its_kind(client: Client, account: Account) -> None:
    here = f"/accounts/{account.uuid}/edit/"
    asked = client.get(here)
    assert 'value="K-1"' in asked.content.decode()
    sent = {
        "name": "Alder",
        "type": account.type,
        "manager": account.manager_id,
        "city": account.city,
        "version": account.version,
        "custom.x_number": "K-2",
        "custom.x_visits": "3",
        "custom.x_rate": "1.5",
        "custom.x_key": "on",
        "custom.x_since": "2026-01-31",
        "custom.x_level": "gold",
        "custom.x_at": "2026-01-31T08:00:05",
        "custom.x_score": "99",
    }

    answer = client.post(here, sent)

    assert answer.status_code == 302, answer.content.decode()
    assert held(account) == {
        "x_number": "K-2",
        "x_visits": 3,
        "x_rate": "1.5",
        "x_key": True,
        "x_since": "2026-01-31",
        "x_level": "gold",
        "x_at": "2026-01-31 08:00:05",
        "x_score": 7,
    }


def test_a_new_record_has_them_from_the_start(client: Client, account: Account) -> None:
    answer = client.post("/accounts/new/", {"name": "Birch", "type": "customer", "custom.x_visits": "4"})
    assert answer.status_code == 302
    assert Account.objects.get(name="Birch").custom == {"x_visits": 4}


def test_one_is_changed_where_it_stands(client: Client, account: Account) -> None:
    page = client.get(f"/accounts/{account.uuid}/").content.decode()
    assert (place(account, "x_visits") in page, place(account, "x_score") in page) == (True, False)

    saved = client.post(place(account, "x_number"), {"begun": "K-1", "custom.x_number": "K-2"}, **HTMX)

    assert (saved.status_code, "K-2" in saved.content.decode()) == (200, True)
    assert held(account) == {"x_number": "K-2", "x_score": 7}
    again = client.post(place(account, "x_number"), {"begun": "K-1", "custom.x_number": "K-3"}, **HTMX)
    assert (again.status_code, held(account)["x_number"]) == (422, "K-2")
    assert "changed this to “K-2”" in again.content.decode()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("x_visits", "many", "Enter a whole number."),
        ("x_visits", "3000000000", "less than or equal to 2147483647"),
        ("x_level", "lead", "Select a valid choice."),
        ("x_since", "yesterday", "Enter a valid date."),
    ],
)
def test_what_does_not_fit_is_refused_beside_the_field(
    client: Client, account: Account, key: str, value: str, sentence: str
) -> None:
    answer = client.post(place(account, key), {"begun": "None", f"custom.{key}": value}, **HTMX)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert held(account) == {"x_number": "K-1", "x_score": 7}


def test_what_odoo_alone_changes_is_shown_and_no_place_to_write(client: Client, account: Account) -> None:
    assert client.post(place(account, "x_score"), {"begun": "7", "custom.x_score": "9"}, **HTMX).status_code == 404
    assert client.get(place(account, "x_nothing"), **HTMX).status_code == 404
    assert "Comes from Odoo and is changed there." in client.get(f"/accounts/{account.uuid}/edit/").content.decode()
    assert held(account)["x_score"] == 7

"""One detail is changed where it stands; nobody writes over another unseen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Account, User
from crm.nouns import all_nouns
from crm.services.accounts import archive_account, update_account
from tests.access.world import NOUNS
from tests.factories import AccountFactory, TagFactory

pytestmark = pytest.mark.django_db
HTMX: Any = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def account(admin_user: User, client: Client) -> Account:
    client.force_login(admin_user)
    return AccountFactory.create(name="Alder", website="https://alder.example", employees=5, manager=admin_user)


def address(account: Account, name: str) -> str:
    return reverse("workspace:field", args=("accounts", account.uuid, name))


def fresh(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def test_a_field_is_asked_for_and_saved(client: Client, account: Account) -> None:
    asked = client.get(address(account, "employees"), **HTMX)
    assert 'name="begun" value="5"' in asked.content.decode()

    saved = client.post(address(account, "employees"), {"begun": "5", "employees": "12", "draft": "abc"}, **HTMX)

    assert (saved.status_code, fresh(account).employees, fresh(account).version) == (200, 12, account.version + 1)
    assert (">12<" in saved.content.decode(), "Saved" in saved.content.decode()) == (True, True)
    assert saved.cookies["saved-draft"].value == "abc"


def test_what_others_saved_in_another_field_is_no_obstacle(client: Client, account: Account, owner: User) -> None:
    update_account(account, actor=owner, website="https://new.example")

    client.post(address(account, "employees"), {"begun": "5", "employees": "12"}, **HTMX)

    assert (fresh(account).employees, fresh(account).website) == (12, "https://new.example")


def test_who_changed_the_same_field_is_named_before_it_is_written_over(
    client: Client, account: Account, owner: User
) -> None:
    update_account(account, actor=owner, employees=7)

    answer = client.post(address(account, "employees"), {"begun": "5", "employees": "12"}, **HTMX)

    page = answer.content.decode()
    assert (answer.status_code, fresh(account).employees) == (422, 7)
    assert "In the meantime Olga Owner changed this to “7”." in page
    assert ('value="12"' in page, 'name="begun" value="7"' in page) == (True, True)
    client.post(address(account, "employees"), {"begun": "7", "employees": "12"}, **HTMX)
    assert fresh(account).employees == 12


def test_what_is_refused_stays_in_the_field(client: Client, account: Account) -> None:
    for name, value, sentence in [
        ("employees", "many", "Enter a whole number."),
        ("name", "", "This field is required."),
        ("parent", "Nobody Inc", "There is none so."),
    ]:
        begun = {"employees": "5", "name": "Alder"}.get(name, "")
        answer = client.post(address(account, name), {"begun": begun, name: value}, **HTMX)
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True), name
        assert value in answer.content.decode()
    assert fresh(account).version == account.version


def test_what_lies_in_the_trash_is_not_changed(client: Client, account: Account) -> None:
    archive_account(account, actor=None)
    assert "Save" not in client.get(address(account, "employees"), **HTMX).content.decode()

    answer = client.post(address(account, "employees"), {"begun": "5", "employees": "12"}, **HTMX)

    assert (answer.status_code, fresh(account).employees) == (422, 5)
    assert "restore it to change it" in answer.content.decode()


def test_tags_are_changed_and_their_order_is_no_change(client: Client, account: Account) -> None:
    first, second = TagFactory.create(), TagFactory.create()
    update_account(account, actor=None, tags=[second, first])
    begun = ",".join(sorted([str(first.pk), str(second.pk)]))

    client.post(address(account, "tags"), {"begun": begun, "tags": [first.pk]}, **HTMX)

    assert list(fresh(account).tags.all()) == [first]


def test_without_htmx_it_leads_to_the_form_and_back_to_the_record(client: Client, account: Account) -> None:
    asked = client.get(address(account, "employees"))
    assert asked.headers["Location"] == f"/accounts/{account.uuid}/edit/#id_employees"
    saved = client.post(address(account, "employees"), {"begun": "5", "employees": "12"})
    assert (saved.headers["Location"], fresh(account).employees) == (f"/accounts/{account.uuid}/", 12)


def test_what_is_no_detail_is_not_found(client: Client, account: Account) -> None:
    for name in ("version", "search_text", "created_by", "nothing"):
        assert client.get(address(account, name), **HTMX).status_code == 404


@pytest.mark.parametrize("noun", all_nouns(), ids=lambda noun: noun.key)
def test_every_detail_of_every_noun_can_be_asked_for_and_saved_as_it_is(
    noun: Any, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    factory, owner, _name = NOUNS[noun.key]
    record = factory(**{owner: admin_user})
    for name in noun.detail_fields:
        here = reverse("workspace:field", args=(noun, record.uuid, name))
        asked = client.get(here, **HTMX)
        assert asked.status_code == 200, name
        field = asked.context["field"]
        held = field.value()
        sent = {"begun": asked.context["begun"], name: "" if held is None else held}
        if held is False:
            del sent[name]
        answer = client.post(here, sent, **HTMX)
        assert answer.status_code == 200, (name, answer.content.decode())
        assert type(record).objects.get(pk=record.pk).version == record.version, name


def test_in_a_list_every_answer_is_the_row_in_the_columns_that_stand_there(client: Client, account: Account) -> None:
    here = f"{address(account, 'employees')}?row"
    listed = {**HTMX, "HTTP_HX_CURRENT_URL": "http://testserver/accounts/?columns=name,employees"}

    asked = client.get(here, **listed).content.decode()
    refused = client.post(here, {"begun": "5", "employees": "many"}, **listed)
    saved = client.post(here, {"begun": "5", "employees": "12"}, **listed).content.decode()
    left = client.get(f"{here}&show", **listed).content.decode()

    row = f'<tr data-row data-at="/accounts/{account.uuid}/">'
    assert all(text.startswith(row) for text in (asked, refused.content.decode(), saved, left))
    assert 'data-title="Employees" class="tandem-end" data-edit="employees"' in left
    assert "Annual revenue" not in left
    assert ('name="begun" value="5"' in asked, 'for="cell_employees"' in asked) == (True, True)
    assert (refused.status_code, "Enter a whole number." in refused.content.decode()) == (422, True)
    assert ("12" in saved, "Saved" in saved, "<form" in saved) == (True, True, False)
    assert ("Saved" in left, "<form" in left, fresh(account).employees) == (False, False, 12)


def test_in_a_list_only_simple_fields_are_changed(client: Client, account: Account, reader: User) -> None:
    page = client.get("/accounts/").content.decode()
    assert re.findall(r'data-edit="(\w+)"', page) == ["type", "manager", "city", "phone"]
    client.force_login(reader)
    assert "data-edit" not in client.get("/accounts/").content.decode()

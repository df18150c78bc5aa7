"""The page of own fields: checked against the live Odoo, every mistake a sentence beside its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.models import User
from crm.services.accounts import create_account
from integrations.models import Connection, PullCursor
from tests.factories import UserFactory
from tests.support.sandbox import RunningSandbox, free_port

SignIn = Callable[[User], Client]
HERE = "/admin/sync/settings/fields/"
COMPUTED, NO_CHOICE = "is_automated_probability", "Select a valid choice. %s is not one of the available choices."


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def given(client: Client, *lines: dict[str, str]) -> dict[str, str]:
    """What a browser sends: the page's stamp, and these lines."""
    page = client.get(HERE).context
    data = {"seen": page["seen"], "line-TOTAL_FORMS": str(len(lines)), "line-INITIAL_FORMS": str(len(lines) - 1)}
    for number, line in enumerate(lines):
        values = {"model": "crm.lead", "name": "", "label": "", "direction": "both", **line}
        data |= {f"line-{number}-{name}": value for name, value in values.items()}
    return data


def kept() -> list[tuple[Any, ...]]:
    """The map as it stands in the database."""
    return [
        (one["model"], one["name"], one["label"], one["type"], one["direction"])
        for one in Connection.objects.get().own_fields
    ]


def test_a_field_is_checked_and_kept_with_odoos_own_name_for_it(admin_client: Client, live: Connection) -> None:
    answer = admin_client.post(HERE, given(admin_client, {"name": "x_download_source"}), follow=True)
    assert "All records are now read once for 1 new field" in answer.content.decode()
    assert kept() == [("crm.lead", "x_download_source", "Download Source", "char", "both")]

    lines = (
        {"name": "x_download_source", "label": "Paper"},
        {"model": "res.partner", "name": "ref", "direction": "in"},
    )
    admin_client.post(HERE, given(admin_client, *lines))
    assert kept() == [
        ("crm.lead", "x_download_source", "Paper", "char", "both"),
        ("res.partner", "ref", "Reference", "char", "in"),
    ]

    admin_client.post(HERE, given(admin_client, {**lines[0], "remove": "on"}, lines[1], {}))
    assert kept() == [("res.partner", "ref", "Reference", "char", "in")]


@pytest.mark.parametrize(
    ("line", "field", "sentence"),
    [
        ({"name": "x_nothing"}, "name", "Odoo has no field “x_nothing” there, or does not show it to our user."),
        ({"name": "email_from"}, "name", "Tandem syncs “email_from” already."),
        ({"name": "write_date"}, "name", "Tandem syncs “write_date” already."),
        ({"name": "phone_sanitized"}, "name", "Odoo keeps “phone_sanitized” for itself; it cannot be mapped."),
        ({"name": "team_id"}, "name", "“team_id” is of the type many2one, which cannot be kept here."),
        ({"name": "tag_ids"}, "name", "Tandem syncs “tag_ids” already."),
        ({"name": COMPUTED}, "name", f"Odoo computes “{COMPUTED}” anew each time and stores it nowhere."),
        ({"name": "day_open"}, "direction", "Odoo lets nobody write “day_open”: choose “from Odoo only”."),
        ({"name": "x lead"}, "name", "“x lead” is no name of a field: letters, digits and _ only."),
        ({"label": "Score"}, "name", "Enter the technical name of the field, such as x_studio_region."),
        ({"name": "x_lead_score", "label": "x" * 101}, "label", "Enter a name of at most 100 characters."),
        ({"name": "x_size", "direction": "out"}, "direction", NO_CHOICE % "out"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_beside_its_line_and_nothing_is_kept(
    line: dict[str, str], field: str, sentence: str, admin_client: Client, live: Connection
) -> None:
    answer = admin_client.post(HERE, given(admin_client, {"name": "x_download_source"}, line))
    assert answer.status_code == 200
    assert answer.context["lines"].forms[1].errors == {field: [sentence]}
    assert sentence in answer.content.decode().replace("&quot;", '"')
    assert kept() == []


def test_a_field_twice_is_told_at_the_second_line(admin_client: Client, live: Connection) -> None:
    twice = ({"name": "x_lead_score"}, {"name": "x_lead_score"})
    lines = admin_client.post(HERE, given(admin_client, *twice)).context["lines"]
    assert [form.errors for form in lines.forms] == [{}, {"name": ["“x_lead_score” stands here twice."]}]


def test_the_map_of_somebody_else_is_not_overwritten(admin_client: Client, live: Connection) -> None:
    earlier = given(admin_client, {"name": "x_lead_score"})
    admin_client.post(HERE, given(admin_client, {"name": "x_download_source"}))
    page = admin_client.post(HERE, earlier).content.decode()
    assert "Somebody else has changed the map since you opened this page." in page
    assert [one[1] for one in kept()] == ["x_download_source"]


def test_an_odoo_that_does_not_answer_is_a_sentence(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(url=f"http://127.0.0.1:{free_port()}")
    page = admin_client.post(HERE, given(admin_client, {"name": "x_lead_score"})).content.decode()
    assert "Nothing was saved." in page
    assert 'value="x_lead_score"' in page
    assert kept() == []


def test_a_field_that_odoo_lacks_stands_on_this_page_and_the_sync_page(
    admin_client: Client, connection_to_odoo: Connection
) -> None:
    entry = {"model": "crm.lead", "name": "x_gone", "label": "Gone", "type": "char", "direction": "both", "token": "a1"}
    Connection.objects.update(own_fields=[entry])
    PullCursor.objects.create(connection=connection_to_odoo, remote_model="crm.lead", own_lacking=["x_gone"])
    assert "Odoo does not have this field any more" in admin_client.get(HERE).content.decode()
    assert "Odoo has “x_gone” no more as it was mapped." in admin_client.get("/admin/sync/").content.decode()


def test_record_pages_show_own_fields_and_save_them_by_the_service(
    admin_client: Client, admin_user: User, connection_to_odoo: Connection
) -> None:
    common = {"model": "res.partner", "label": "Own", "direction": "both", "token": "a1"}
    entries = [
        {**common, "name": "x_region", "type": "selection", "choices": [["n", "North"]]},
        {**common, "name": "x_since", "type": "date"},
        {**common, "name": "x_size", "type": "float", "direction": "in"},
    ]
    Connection.objects.update(own_fields=entries)
    account = create_account(actor=admin_user, name="Acme", custom={"x_size": "2.5"})
    address = f"/admin/crm/account/{account.pk}/change/"
    form = admin_client.get(address).context["adminform"].form
    assert {"custom.x_region", "custom.x_since", "custom.x_size"} <= set(form.fields)
    shown = {name: form.get_initial_for_field(one, name) for name, one in form.fields.items()}
    data = {name: "" if value in (None, False) else value for name, value in shown.items() if name != "tags"}

    sent = {**data, "custom.x_region": "n", "custom.x_since": "2026-02-31", "custom.x_size": "9"}
    refused = admin_client.post(address, sent)
    assert refused.context["adminform"].form.errors == {"custom.x_since": ["Enter a valid date."]}

    assert admin_client.post(address, {**sent, "custom.x_since": "2026-02-01"}).status_code == 302
    account.refresh_from_db()
    assert account.custom == {"x_region": "n", "x_since": "2026-02-01", "x_size": "2.5"}
    assert {"custom.x_region", "custom.x_since"} <= set(account.field_times)


@pytest.mark.parametrize(
    ("role", "status"), [("super_admin", 200), ("admin", 200), ("sales_manager", 403), ("sales_user", 403)]
)
def test_only_admins_see_it(role: str, status: int, signed_in: SignIn, db: None) -> None:
    assert signed_in(UserFactory.create(role=role)).get(HERE).status_code == status


def test_no_key_stands_on_the_page(admin_client: Client, live: Connection, odoo: RunningSandbox) -> None:
    assert odoo.api_key not in admin_client.get(HERE).content.decode()

"""The configuration page: each value with its effect and where it comes from; bad input is told at its field."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from crm.models import User
from integrations import options
from integrations.models import Connection, SyncOption
from integrations.options import OPTIONS
from tests.factories import UserFactory
from tests.support.sandbox import RunningSandbox, free_port

SignIn = Callable[[User], Client]
HERE = "/admin/sync/settings/"


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def given(**values: str) -> dict[str, str]:
    """What a browser sends: both switches on, all other fields empty, and these."""
    return {"sync_on": "on", "push_enabled": "on", **{option.name: "" for option in OPTIONS}, **values}


def in_force(client: Client, name: str) -> str:
    return str(client.get(HERE).context["form"].fields[name].in_force)


@pytest.mark.parametrize("address", ["/admin/sync/settings", HERE])
def test_every_setting_states_its_effect(address: str, admin_client: Client, connection_to_odoo: Connection) -> None:
    page = admin_client.get(address).content.decode()
    assert all(str(option.effect) in page for option in OPTIONS)
    assert in_force(admin_client, "poll_seconds") == "In force: 60, the default."


def test_a_saved_value_wins_over_the_environment_and_says_so(
    admin_client: Client, connection_to_odoo: Connection, settings: LazySettings
) -> None:
    settings.ODOO_POLL_SECONDS = 90
    assert in_force(admin_client, "poll_seconds") == "In force: 90, from ODOO_POLL_SECONDS in the environment."
    assert admin_client.post(HERE, given(poll_seconds="20")).status_code == 302
    assert in_force(admin_client, "poll_seconds") == "In force: 20, from this page."
    assert options.read().poll_seconds == 20

    admin_client.post(HERE, given())

    assert options.read().poll_seconds == 90
    assert not SyncOption.objects.exists()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("poll_seconds", "soon", "Enter a whole number from 5 to 3600."),
        ("poll_seconds", "4", "Enter a whole number from 5 to 3600."),
        ("batch_size", "1001", "Enter a whole number from 1 to 1000."),
        ("batch_size", "-1", "Enter a whole number from 1 to 1000."),
        ("page_size", "1e3", "Enter a whole number from 50 to 5000."),
        ("alert_rate", "80 %", "Enter a whole number from 0 to 100."),
        ("alert_recipients", "boss@example.com, nobody", "“nobody” is no e-mail address."),
        ("alert_recipients", "a\x00b@example.com", "Null characters are not allowed."),
    ],
)
def test_bad_input_is_a_sentence_at_its_field_and_nothing_is_kept(
    name: str, value: str, sentence: str, admin_client: Client, connection_to_odoo: Connection
) -> None:
    answer = admin_client.post(HERE, given(**{"overlap_seconds": "400", name: value}))
    assert answer.status_code == 200
    assert answer.context["form"].errors == {name: [sentence]}
    assert answer.context["form"][name].value() == value
    assert not SyncOption.objects.exists()


def test_the_sync_is_switched_off_and_on(admin_client: Client, connection_to_odoo: Connection) -> None:
    off = {name: value for name, value in given().items() if name != "sync_on"}
    admin_client.post(HERE, off)
    assert Connection.objects.get().state_reason == "Paused by Ada."
    admin_client.post(HERE, given())
    assert Connection.objects.get().state == Connection.State.ACTIVE
    admin_client.post(HERE, {name: value for name, value in given().items() if name != "push_enabled"})
    assert not Connection.objects.get().push_enabled


def test_the_connection_is_tried_without_saving(admin_client: Client, live: Connection, odoo: RunningSandbox) -> None:
    page = admin_client.post(HERE, {"test": "1", **given(poll_seconds="20")}, follow=True).content.decode()
    assert "and accepts integration@example.com." in page
    assert odoo.api_key not in page
    assert not SyncOption.objects.exists()


def test_a_failed_try_is_a_sentence(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(url=f"http://127.0.0.1:{free_port()}")
    page = admin_client.post(HERE, {"test": "1"}, follow=True).content.decode()
    assert "The test failed: " in page
    assert "Traceback" not in page


def test_without_a_connection_the_options_can_be_set(admin_client: Client, db: None) -> None:
    assert admin_client.post(HERE, given(page_size="500")).status_code == 302
    assert options.read().page_size == 500
    page = admin_client.post(HERE, {"test": "1"}, follow=True).content.decode()
    assert "No Odoo is connected yet." in page


def test_keys_that_cannot_be_decrypted_are_a_sentence(
    admin_client: Client, live: Connection, settings: LazySettings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="]
    assert admin_client.get(HERE).status_code == 200
    assert admin_client.post(HERE, {"test": "1"}, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [("super_admin", 200), ("admin", 200), ("sales_manager", 403), ("sales_user", 403)]
)
def test_only_admins_see_and_change_it(role: str, status: int, signed_in: SignIn, db: None) -> None:
    client = signed_in(UserFactory.create(role=role))
    assert client.get(HERE).status_code == status
    client.post(HERE, given(page_size="500"))
    assert SyncOption.objects.exists() == (status == 200)

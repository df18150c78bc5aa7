"""The doctor's page: for admins, in words, never a traceback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from crm.models import User
from integrations.models import Connection
from tests.factories import UserFactory
from tests.support.sandbox import RunningSandbox, free_port

SignIn = Callable[[User], Client]
HERE = "/admin/sync/doctor/"


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def lines(client: Client) -> list[tuple[str, str]]:
    """Run it: word and title of each line."""
    answer = client.post(HERE)
    assert answer.status_code == 200
    assert b"Traceback" not in answer.content
    return [(str(word), finding.title) for _icon, _tone, word, finding in answer.context["lines"]]


@pytest.mark.parametrize("address", ["/admin/sync/doctor", HERE])
def test_the_page_is_there_with_and_without_slash_and_asks_nothing_yet(
    address: str, admin_client: Client, live: Connection, odoo: RunningSandbox
) -> None:
    odoo.control.reset_counters()
    shown = admin_client.get(address)
    assert shown.status_code == 200
    assert shown.context["lines"] is None
    assert b">Run<" in shown.content
    assert odoo.control.counters()["calls"] == {}


def test_a_healthy_connection_is_well_in_icon_and_word(admin_client: Client, live: Connection) -> None:
    answer = admin_client.post(HERE)
    page = answer.content.decode()
    assert "Odoo accepts integration@example.com in database sandbox." in page
    assert 'data-level="fail"' not in page
    assert ">check_circle</span>Good" in page
    assert "sandbox-integration-key" not in page


def test_the_one_right_that_lacks_is_named_with_its_remedy(
    admin_client: Client, live: Connection, odoo: RunningSandbox
) -> None:
    odoo.control.settings(revoked=["integration:crm.lead:create"])
    page = admin_client.post(HERE).content.decode()
    assert "The connection needs attention: 1 to mend." in page
    assert "the right “Sales / User: All Documents” is missing." in page
    assert "In Odoo: Settings, Users, integration@example.com: grant" in page


def test_without_a_connection_it_says_how_to_make_one(admin_client: Client, db: None) -> None:
    shown = admin_client.get(HERE).content.decode()
    assert "No Odoo is connected yet." in shown
    assert "/admin/integrations/connection/add/" in shown
    assert lines(admin_client) == [("Must be mended", "Connection")]


def test_odoo_down_is_a_line(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(url=f"http://127.0.0.1:{free_port()}")
    assert ("Must be mended", "Address") in lines(admin_client)


def test_a_wrong_key_is_a_line_and_pauses_nothing(admin_client: Client, live: Connection) -> None:
    live.secret = "wrong"
    live.save()
    assert lines(admin_client)[-1] == ("Must be mended", "User and key")
    assert Connection.objects.get().state == Connection.State.ACTIVE


def test_no_key_at_all_is_a_line(admin_client: Client, live: Connection) -> None:
    live.secret = ""
    live.save()
    assert lines(admin_client) == [("Must be mended", "API key")]


def test_a_key_that_cannot_be_decrypted_is_a_line(
    admin_client: Client, live: Connection, settings: LazySettings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="]
    assert lines(admin_client) == [("Must be mended", "API key")]


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (User.Role.SUPER_ADMIN, 200),
        (User.Role.ADMIN, 200),
        (User.Role.SALES_MANAGER, 403),
        (User.Role.SALES_USER, 403),
        (User.Role.READ_ONLY, 403),
    ],
)
def test_only_admins_may_run_it_and_see_its_link(role: str, status: int, signed_in: SignIn, db: None) -> None:
    client = signed_in(UserFactory.create(role=role))
    assert [client.get(HERE).status_code, client.post(HERE).status_code] == [status, status]
    linked = HERE in client.get("/admin/").content.decode()
    assert linked == (status == 200)


def test_strangers_are_sent_to_the_sign_in(db: None) -> None:
    for answer in (Client().get(HERE), Client().post(HERE)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_it_is_run_by_a_form_of_this_site_only(admin_user: User, db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(HERE).status_code == 403

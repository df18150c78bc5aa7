"""What admins do on the pages of the sync: connect, switch, pause, settle matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.celery import app
from crm.models import User
from integrations.models import Binding, Connection, MatchCandidate, OutboxMessage, content_type_of
from tests.factories import ContactFactory, UserFactory
from tests.support.sandbox import RunningSandbox

SignIn = Callable[[User], Client]
STATUS = OutboxMessage.Status
YES = {"confirmed": "1"}


@pytest.fixture
def client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def action(row: Any, name: str) -> str:
    return (
        f"{reverse(f'admin:integrations_{row._meta.model_name}_change', args=(row.pk,)).removesuffix('change/')}{name}/"
    )


def said(client: Client, url: str, values: dict[str, Any]) -> str:
    """The page after a confirmed action."""
    answer = client.post(url, {**YES, **values}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def on_list(client: Client, model: str, name: str, rows: list[Any], **values: Any) -> str:
    data = {"action": name, "_selected_action": [row.pk for row in rows], **values}
    answer = client.post(reverse(f"admin:integrations_{model}_changelist"), data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# --- connections


def address(odoo: RunningSandbox, **values: str) -> dict[str, str]:
    held = {"url": odoo.url, "database": odoo.database, "username": odoo.username, "secret": odoo.api_key}
    return {**held, "transport": "auto", "public_url": "", **values}


def test_an_odoo_is_connected_on_a_page(client: Client, odoo: RunningSandbox) -> None:
    url = reverse("admin:integrations_connection_add")
    assert client.get(url).status_code == 200
    shown = said(client, url, address(odoo, url=f"{odoo.url}/odoo"))
    assert "Connected to Odoo 18, database sandbox, as integration@example.com." in shown
    made = Connection.objects.get()
    assert (made.url, made.secret, made.state) == (odoo.url, odoo.api_key, "active")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"secret": "wrong"}, "Odoo does not accept this user with this key."),
        ({"secret": ""}, "Enter the API key of this user."),
        ({"database": "nonsense"}, "database"),
        ({"url": "http://192.0.2.1"}, "https"),
        ({"url": ""}, "This field is required."),
    ],
)
def test_what_odoo_refuses_is_told_and_not_kept(
    values: dict[str, str], words: str, client: Client, odoo: RunningSandbox
) -> None:
    shown = said(client, reverse("admin:integrations_connection_add"), address(odoo, **values))
    assert words in shown
    assert odoo.api_key not in shown
    assert not Connection.objects.exists()


def test_the_key_is_never_shown(client: Client, live: Connection) -> None:
    pages = [
        reverse("admin:integrations_connection_changelist"),
        reverse("admin:integrations_connection_change", args=(live.pk,)),
        action(live, "address"),
    ]
    for url in pages:
        shown = client.get(url).content.decode()
        assert live.secret not in shown
        assert "enc1:" not in shown
    assert "•••••••• (set, never shown)" in client.get(pages[1]).content.decode()


def test_an_empty_key_keeps_the_one_that_is_set(client: Client, live: Connection, odoo: RunningSandbox) -> None:
    said(client, action(live, "address"), address(odoo, secret="", public_url="https://odoo.example.com"))
    live.refresh_from_db()
    assert (live.secret, live.public_url) == (odoo.api_key, "https://odoo.example.com")


@pytest.mark.parametrize("change", ["url", "database", "username"])
def test_the_key_that_is_set_travels_to_no_other_address(
    change: str, client: Client, live: Connection, odoo: RunningSandbox
) -> None:
    """Else whoever may edit a connection could have the key sent to a server of their own."""
    other = {"url": "https://elsewhere.example.com", "database": "other", "username": "other@example.com"}[change]
    shown = said(client, action(live, "address"), address(odoo, secret="", **{change: other}))
    assert "Enter the API key of this user." in shown
    assert Connection.objects.count() == 1


def test_switches_are_saved_without_touching_the_key(client: Client, live: Connection) -> None:
    url = reverse("admin:integrations_connection_change", args=(live.pk,))
    assert "Loud writes do both, and take about three times as long." in client.get(url).content.decode()
    client.post(url, {"name": "Our Odoo", "public_url": "", "push_enabled": "on"})
    secret = live.secret
    live.refresh_from_db()
    assert (live.name, live.quiet, live.push_enabled, live.secret) == ("Our Odoo", False, True, secret)


def test_pause_and_resume(client: Client, live: Connection) -> None:
    said(client, action(live, "pause"), {})
    live.refresh_from_db()
    assert (live.state, live.state_reason) == ("paused", "Paused by Ada.")
    assert client.get(action(live, "pause")).status_code == 403
    said(client, action(live, "resume"), {})
    live.refresh_from_db()
    assert (live.state, live.state_reason) == ("active", "")


def test_looking_at_a_question_does_nothing(client: Client, live: Connection) -> None:
    assert client.get(action(live, "pause")).status_code == 200
    live.refresh_from_db()
    assert live.state == "active"


def test_sync_now_rings_and_asks_odoo_nothing_itself(client: Client, live: Connection, odoo: RunningSandbox) -> None:
    odoo.control.reset_counters()
    with app.connection_for_write() as broker:
        queues = {name: broker.SimpleQueue(name) for name in ("push", "pull", "hooks")}
        for queue in queues.values():
            queue.clear()
        assert "The workers are on it." in said(client, action(live, "sync-now"), {})
        rung = {name: queue.get(timeout=5).headers["task"] for name, queue in queues.items()}
    assert rung == {
        "push": "integrations.push_due",
        "pull": "integrations.poll_due",
        "hooks": "integrations.read_back",
    }
    assert odoo.control.counters()["calls"] == {}


def test_a_sales_manager_looks_and_changes_nothing(live: Connection, signed_in: SignIn) -> None:
    manager = signed_in(UserFactory.create(role=User.Role.SALES_MANAGER))
    assert manager.get(reverse("admin:integrations_connection_change", args=(live.pk,))).status_code == 200
    for name in ("address", "pause", "sync-now", "doctor"):
        assert manager.post(action(live, name), YES).status_code == 403
    assert manager.get(reverse("admin:integrations_connection_add")).status_code == 403
    live.refresh_from_db()
    assert live.state == "active"


# --- possible matches


@pytest.fixture
def candidates(connection_to_odoo: Connection) -> list[MatchCandidate]:
    made = []
    for number in (1, 2):
        contact = ContactFactory.create()
        link = {
            "connection": connection_to_odoo,
            "remote_model": "res.partner",
            "content_type": content_type_of(contact),
            "object_uuid": contact.uuid,
        }
        Binding.objects.create(**link, external_name=f"x{number}", state=Binding.State.HELD)
        made.append(MatchCandidate.objects.create(**link, remote_id=number, remote_name="P", reason="same name"))
    return made


@pytest.mark.parametrize("role", [User.Role.ADMIN, User.Role.SALES_MANAGER])
def test_matches_are_settled_in_bulk(role: str, candidates: list[MatchCandidate], signed_in: SignIn) -> None:
    settler = signed_in(UserFactory.create(role=role))
    assert "2 records: the same." in on_list(settler, "matchcandidate", "same_selected", candidates)
    assert Binding.objects.filter(state="bound", remote_id__isnull=False).count() == 2
    assert "P ?" not in on_list(settler, "matchcandidate", "", [])


def test_matches_are_refused_in_bulk(client: Client, candidates: list[MatchCandidate]) -> None:
    assert "2 records: not the same." in on_list(client, "matchcandidate", "different_selected", candidates)
    assert Binding.objects.filter(state="pending").count() == 2
    assert OutboxMessage.objects.filter(status=STATUS.WAITING).count() == 2


@pytest.mark.parametrize(("name", "state"), [("same", "bound"), ("different", "pending")])
def test_one_match_is_settled_on_its_page(
    name: str, state: str, client: Client, candidates: list[MatchCandidate]
) -> None:
    said(client, action(candidates[0], name), {})
    assert Binding.objects.get(object_uuid=candidates[0].object_uuid).state == state
    assert client.get(action(candidates[0], name)).status_code == 403

"""The pages on calls, key, webhooks, language and company: who may, what they say, bad input in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from crm.models import User
from integrations.counting import hookwatch
from integrations.models import BatchSize, Budget, CallMinute, Connection, HookDay, KeyRotation, Lane
from integrations.network import budget
from tests.factories import UserFactory
from tests.support.sandbox import RunningSandbox, free_port

SignIn = Callable[[User], Client]
BUDGET, KEY, HOOKS, CONTEXT = (f"/admin/sync/{name}/" for name in ("budget", "key", "webhooks", "context"))
SEEN_BY_MANAGERS = (BUDGET, HOOKS)


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def said(answer: Any) -> str:
    """The page that came, never a traceback."""
    assert answer.status_code == 200
    page: str = answer.content.decode()
    assert "Traceback" not in page
    return page


# --- who may ---


@pytest.mark.parametrize("address", [BUDGET, KEY, HOOKS, CONTEXT])
@pytest.mark.parametrize(
    ("role", "sees", "acts"),
    [
        (User.Role.SUPER_ADMIN, True, True),
        (User.Role.ADMIN, True, True),
        (User.Role.SALES_MANAGER, None, False),
        (User.Role.SALES_USER, False, False),
        (User.Role.READ_ONLY, False, False),
    ],
)
def test_admins_act_managers_look_others_do_not_come_in(
    address: str, role: str, sees: bool | None, acts: bool, signed_in: SignIn, live: Connection
) -> None:
    client = signed_in(UserFactory.create(role=role))
    shown = client.get(address)
    expected = address in SEEN_BY_MANAGERS if sees is None else sees
    assert shown.status_code == (200 if expected else 403)
    assert client.post(address, {}).status_code == (200 if acts else 403)
    linked = address in client.get("/admin/").content.decode()
    assert linked == expected


@pytest.mark.parametrize("address", [BUDGET, KEY, HOOKS, CONTEXT])
def test_strangers_are_sent_to_the_sign_in_and_slashes_do_not_matter(
    address: str, admin_client: Client, live: Connection
) -> None:
    assert Client().get(address)["Location"].startswith("/admin/login/")
    assert admin_client.get(address.rstrip("/")).status_code == 200


@pytest.mark.parametrize("address", [BUDGET, KEY, HOOKS, CONTEXT])
def test_without_a_connection_each_page_says_how_to_make_one(address: str, admin_client: Client, db: None) -> None:
    for answer in (admin_client.get(address), admin_client.post(address, {"step": "make", "do": "set_up"})):
        assert "No Odoo is connected yet." in said(answer)


@pytest.mark.parametrize("address", [KEY, HOOKS])
def test_it_is_done_by_a_form_of_this_site_only(address: str, admin_user: User, live: Connection) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(address, {"step": "forget"}).status_code == 403


# --- calls ---


def test_the_budget_page_shows_who_asked_and_how_much_is_left(admin_client: Client, live: Connection) -> None:
    for _call in range(3):
        budget.take(live.pk, Lane.SYNC, "push")
    budget.take(live.pk, Lane.INTERACTIVE, "connect")
    page = said(admin_client.get(BUDGET))
    assert "Sending to Odoo" in page
    assert "Connection test" in page
    assert "3 <small>of 600 a minute</small>" in page
    assert "Odoo takes and gives full batches of every kind." in page


def test_smaller_batches_are_shown_with_their_reason_for_reads_as_for_writes(
    admin_client: Client, live: Connection
) -> None:
    for kind, size in (("read", 125), ("write", 25)):
        words = f"A {kind} was slow."
        BatchSize.objects.create(connection=live, remote_model="res.partner", kind=kind, size=size, reason=words)
    page = " ".join(said(admin_client.get(BUDGET)).split())
    for kind, size in (("Read", 125), ("Write", 25)):
        assert f'<td data-label="Call">{kind}</td> <td class="tandem-right" data-label="Now">{size}</td>' in page
        assert f"A {kind.lower()} was slow." in page


def test_an_empty_hour_is_said_in_words(admin_client: Client, connection_to_odoo: Connection) -> None:
    assert "Odoo was not called in the last hour." in said(admin_client.get(BUDGET))


def test_the_open_circuit_is_told_and_a_person_may_close_it(admin_client: Client, live: Connection) -> None:
    now = timezone.now()
    later = now + timedelta(seconds=200)
    Budget.objects.create(connection=live, failures=7, opened_at=now, open_until=later, pause_seconds=200)
    page = said(admin_client.get(BUDGET))
    assert "Odoo has not answered 7 times in a row" in page
    assert "Odoo has not answered 7 times" in said(admin_client.get("/admin/sync/"))
    said(admin_client.post(BUDGET, {"again": "1"}, follow=True))
    assert Budget.objects.get().opened_at is None


def test_limits_are_changed_and_bad_ones_refused_beside_the_field(admin_client: Client, live: Connection) -> None:
    for values in ({"sync_per_minute": "0"}, {"sync_per_minute": "many", "interactive_per_minute": ""}, {}):
        page = said(admin_client.post(BUDGET, values))
        assert 'class="errorlist' in page or "required" in page
    assert Connection.objects.get().sync_per_minute == 600
    said(admin_client.post(BUDGET, {"sync_per_minute": "300", "interactive_per_minute": "60"}, follow=True))
    live.refresh_from_db()
    assert (live.sync_per_minute, live.interactive_per_minute) == (300, 60)


def test_the_pages_cost_the_same_for_one_row_and_fifty(
    admin_client: Client, live: Connection, django_assert_max_num_queries: Any
) -> None:
    today = timezone.now()
    for number in range(50):
        minute = today.replace(second=0, microsecond=0) - timedelta(minutes=number)
        CallMinute.objects.create(connection=live, minute=minute, lane="sync", work=f"work {number}", calls=number)
        BatchSize.objects.create(connection=live, remote_model=f"model.{number}", size=5)
        HookDay.objects.create(connection=live, day=today.date(), remote_model=f"model.{number}", received=number)
    for address in (BUDGET, HOOKS, KEY):
        with django_assert_max_num_queries(14):
            said(admin_client.get(address))


# --- the key ---


def test_the_key_is_changed_step_by_step_and_never_shown(
    admin_client: Client, live: Connection, odoo: RunningSandbox, settings: LazySettings
) -> None:
    settings.ODOO_API_KEY = odoo.api_key
    odoo.control.request("POST", "add_key", {"user": odoo.username, "key": "brand-new-key"})
    pages = [said(admin_client.get(KEY))]
    pages.append(said(admin_client.post(KEY, {"step": "test", "key": "brand-new-key"}, follow=True)))
    assert "The new key works." in pages[-1]
    pages.append(said(admin_client.post(KEY, {"step": "switch"}, follow=True)))
    assert "ODOO_API_KEY in the environment still holds the old key" in pages[-1]
    pages.append(said(admin_client.post(KEY, {"step": "revoke"}, follow=True)))
    assert "The old key still works." in pages[-1]
    odoo.control.request("POST", "drop_key", {"key": odoo.api_key})
    pages.append(said(admin_client.post(KEY, {"step": "revoke"}, follow=True)))
    assert "The change is complete." in pages[-1]
    assert Connection.objects.get().secret == "brand-new-key"
    assert not [page for page in pages if "brand-new-key" in page or odoo.api_key in page]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"step": "test", "key": "nonsense"}, "does not accept this key"),
        ({"step": "test", "key": "   "}, "This field is required"),
        ({"step": "test", "key": "x" * 501}, "at most 500"),
        ({"step": "test"}, "Enter the new key."),
        ({"step": "make"}, "in its own pages only"),
        ({"step": "switch"}, "Test a new key first."),
        ({"step": "revoke"}, "There is no such step"),
        ({"step": "burn"}, "There is no such step"),
        ({}, "There is no such step"),
    ],
)
def test_a_wrong_step_or_key_is_refused_in_words_and_changes_nothing(
    admin_client: Client, live: Connection, values: dict[str, str], words: str
) -> None:
    assert words in said(admin_client.post(KEY, values, follow=True))
    assert Connection.objects.get().secret == live.secret
    assert not KeyRotation.objects.exists()


def test_a_key_is_not_tried_while_odoo_is_away(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(url=f"http://127.0.0.1:{free_port()}")
    assert "The key could not be tried" in said(admin_client.post(KEY, {"step": "test", "key": "other"}))


def test_a_key_that_cannot_be_decrypted_is_told(admin_client: Client, live: Connection, settings: LazySettings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="]
    assert "FIELD_ENCRYPTION_KEYS" in said(admin_client.get(KEY))
    assert "FIELD_ENCRYPTION_KEYS" in said(admin_client.get(CONTEXT))


def test_the_sync_page_warns_of_a_key_that_ends_soon(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(key_ends_at=timezone.now() + timedelta(days=5, hours=1))
    assert "It ends in 5 days." in said(admin_client.get("/admin/sync/"))
    Connection.objects.update(key_ends_at=timezone.now() - timedelta(days=1))
    assert "The key has ended." in said(admin_client.get("/admin/sync/"))


# --- webhooks ---


def administrator(odoo: RunningSandbox, prefix: str, **more: str) -> dict[str, str]:
    values = {"login": "admin", "key": odoo.admin_key, **more}
    return {f"{prefix}-{name}": value for name, value in values.items()}


def test_rules_are_made_and_removed_with_one_click(
    admin_client: Client, live: Connection, odoo: RunningSandbox, settings: LazySettings
) -> None:
    settings.ODOO_WEBHOOK_KEYS = ["test-key-one"]
    values = {"do": "set_up", **administrator(odoo, "new", address="https://crm.example.com/")}
    page = said(admin_client.post(HOOKS, values, follow=True))
    assert "Odoo calls us from now on for: Contacts and companies" in page
    assert odoo.admin_key not in page
    assert {row["webhook_url"] for row in odoo.control.dump("ir.actions.server", "webhook_url")} == {
        "https://crm.example.com/api/v1/integrations/odoo/test-key-one"
    }
    page = said(admin_client.post(HOOKS, {"do": "remove", **administrator(odoo, "old")}, follow=True))
    assert "4 rules were removed in Odoo." in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"key": "nonsense"}, "does not accept this administrator"),
        ({"key": ""}, "This field is required"),
        ({"login": "integration@example.com", "key": "sandbox-integration-key"}, "Administration / Settings"),
        ({"address": "no address"}, "Enter a valid URL"),
        ({"address": "https://user:word@crm.example.com"}, "address alone"),
        ({"address": "javascript:alert(1)"}, "Enter a valid URL"),
    ],
)
def test_bad_input_for_the_rules_is_refused_in_words(
    admin_client: Client,
    live: Connection,
    odoo: RunningSandbox,
    settings: LazySettings,
    more: dict[str, str],
    words: str,
) -> None:
    settings.ODOO_WEBHOOK_KEYS = ["test-key-one"]
    values = {"address": "https://crm.example.com", **more}
    page = said(admin_client.post(HOOKS, {"do": "set_up", **administrator(odoo, "new", **values)}))
    assert words in page
    assert odoo.control.dump("base.automation") == []


def test_below_17_the_page_says_what_to_do_instead(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(series=16)
    page = said(admin_client.get(HOOKS))
    assert "Odoo 16 has no webhook action of its own" in page
    assert 'value="set_up"' not in page


def test_lost_and_absorbed_webhooks_stand_day_by_day_and_on_the_sync_page(
    admin_client: Client, live: Connection
) -> None:
    hookwatch.count_worked_off(live, "res.partner", received=100, reads=1, absorbed=99)
    HookDay.objects.update(lost=4, last_lost=timezone.now() + timedelta(seconds=1))
    page = said(admin_client.get(HOOKS))
    assert ">99<" in page
    assert "Silent" in page
    assert "has fallen silent" in said(admin_client.get("/admin/sync/"))


# --- language and company ---


def test_language_and_company_are_chosen_from_what_odoo_offers(
    admin_client: Client, live: Connection, odoo: RunningSandbox
) -> None:
    second = odoo.control.create("res.company", name="Second & Söhne")
    odoo.control.patch("res.users", [odoo.uid], company_ids=[1, second])
    assert "Second &amp; Söhne" in said(admin_client.get(CONTEXT))
    said(admin_client.post(CONTEXT, {"company_id": str(second), "language": "en_US"}, follow=True))
    live.refresh_from_db()
    assert (live.company_id, live.language) == (second, "en_US")
    for values in ({"company_id": "99", "language": "en_US"}, {"company_id": "x", "language": "xx_XX"}, {}):
        said(admin_client.post(CONTEXT, values))
    live.refresh_from_db()
    assert (live.company_id, live.language) == (second, "en_US")


def test_while_odoo_is_away_nothing_can_be_chosen(admin_client: Client, live: Connection) -> None:
    Connection.objects.update(url=f"http://127.0.0.1:{free_port()}")
    assert "nothing has changed" in said(admin_client.post(CONTEXT, {"company_id": "1", "language": "en_US"}))

"""Every list page of the sync: it opens, costs the same for one row as for fifty, and lets nobody write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import User
from integrations.models import (
    BeforeImage,
    Binding,
    Connection,
    InboxMessage,
    IntegrationEvent,
    MatchCandidate,
    OutboxMessage,
    PullCursor,
    SyncRun,
    content_type_of,
)
from tests.factories import ContactFactory

SignIn = Callable[[User], Client]
Make = Callable[[Connection, int], Any]


def linked(odoo: Connection) -> dict[str, Any]:
    """A record here, and what points to it."""
    contact = ContactFactory.create()
    return {
        "connection": odoo,
        "remote_model": "res.partner",
        "content_type": content_type_of(contact),
        "object_uuid": contact.uuid,
    }


def make_binding(odoo: Connection, number: int) -> Any:
    return Binding.objects.create(**linked(odoo), remote_id=number, external_name=f"x{number}", state="bound")


def make_candidate(odoo: Connection, number: int) -> Any:
    return MatchCandidate.objects.create(**linked(odoo), remote_id=number, remote_name="P", reason="same e-mail")


def make_message(odoo: Connection, number: int) -> Any:
    return OutboxMessage.objects.create(**linked(odoo), status="parked", reason="bad_data", explanation="No.")


def make_hint(odoo: Connection, number: int) -> Any:
    return InboxMessage.objects.create(connection=odoo, remote_model="res.partner", remote_id=number)


def make_run(odoo: Connection, number: int) -> Any:
    return SyncRun.objects.create(
        connection=odoo,
        kind="poll",
        remote_model="res.partner",
        counts={"created": number},
        finished_at=timezone.now(),
    )


def make_image(odoo: Connection, number: int) -> Any:
    tie = linked(odoo)
    del tie["connection"]
    return BeforeImage.objects.create(**tie, run=make_run(odoo, number), remote_id=number, fields={"phone": ["", "1"]})


def make_event(odoo: Connection, number: int) -> Any:
    return IntegrationEvent.objects.create(
        connection=odoo, kind="call read", remote_model="res.partner", remote_id=number, duration_ms=3
    )


def make_cursor(odoo: Connection, number: int) -> Any:
    return PullCursor.objects.create(connection=odoo, remote_model=f"model.{number}")


def make_connection(odoo: Connection, number: int) -> Any:
    return Connection.objects.create(url="https://x.example.com", database=f"d{number}", username="u", state="off")


# The queries of a list page: session, user, count and rows; a list about records here asks for them once per table,
# and the events are not counted. Change a number only with a reason in the commit.
LISTS: dict[str, tuple[Make, int]] = {
    "connection": (make_connection, 4),
    "binding": (make_binding, 5),
    "matchcandidate": (make_candidate, 5),
    "outboxmessage": (make_message, 5),
    "inboxmessage": (make_hint, 4),
    "syncrun": (make_run, 4),
    "beforeimage": (make_image, 5),
    "integrationevent": (make_event, 3),
    "pullcursor": (make_cursor, 4),
}
LOGS = [name for name in LISTS if name != "connection"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_row_and_for_fifty(
    name: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    make, expected = LISTS[name]
    url = reverse(f"admin:integrations_{name}_changelist")
    client = signed_in(admin_user)
    make(connection_to_odoo, 1)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        assert client.get(url).status_code == 200
    for number in range(2, 51):
        make(connection_to_odoo, number)
    with CaptureQueriesContext(connection) as fifty:
        assert client.get(url).status_code == 200
    assert len(fifty) == len(one), [query["sql"][:120] for query in fifty]
    assert len(one) == expected, [query["sql"][:120] for query in one]


@pytest.mark.parametrize("name", LISTS)
def test_no_list_reads_the_secret(
    name: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    make, _queries = LISTS[name]
    row = make(connection_to_odoo, 1)
    client = signed_in(admin_user)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse(f"admin:integrations_{name}_changelist"))
        client.get(reverse(f"admin:integrations_{name}_change", args=(row.pk,)))
    reads = [
        query["sql"]
        for query in queries
        if '"secret"' in query["sql"].replace('LENGTH("integrations_connection"."secret")', "")
    ]
    assert not reads


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_added_to_changed_and_deleted_by_nobody(
    name: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    make, _queries = LISTS[name]
    row = make(connection_to_odoo, 1)
    client = signed_in(admin_user)
    shown = client.get(reverse(f"admin:integrations_{name}_change", args=(row.pk,)))
    assert shown.status_code == 200
    assert b'name="_save"' not in shown.content
    assert client.post(reverse(f"admin:integrations_{name}_change", args=(row.pk,)), {}).status_code == 403
    assert client.get(reverse(f"admin:integrations_{name}_add")).status_code == 403
    assert client.post(reverse(f"admin:integrations_{name}_delete", args=(row.pk,)), {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", LISTS)
def test_salespeople_do_not_see_the_set_up(
    name: str, owner: User, reader: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    url = reverse(f"admin:integrations_{name}_changelist")
    assert [signed_in(user).get(url).status_code for user in (owner, reader)] == [403, 403]


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_and_the_search_of_a_list_work(
    name: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    make, _queries = LISTS[name]
    make(connection_to_odoo, 1)
    client = signed_in(admin_user)
    url = reverse(f"admin:integrations_{name}_changelist")
    asked = ["q=1", "q=phone", "model=res.partner", "model=nonsense", "settled=all", "outcome=failed"]
    asked += ["status__exact=parked", "age=week", "age=hour"]
    for query in asked:
        assert client.get(f"{url}?{query}", follow=True).status_code == 200, query

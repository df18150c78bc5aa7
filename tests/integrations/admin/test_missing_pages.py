"""The pages of records that vanished from Odoo: who may look, who may decide, bad input, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Contact, User
from integrations.models import (
    Binding,
    Connection,
    InboxMessage,
    MissingRecord,
    OutboxMessage,
    SafetyStop,
    content_type_of,
)
from tests.factories import ContactFactory, UserFactory

SignIn = Callable[[User], Client]
KIND, STATUS = MissingRecord.Kind, MissingRecord.Status
pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> User:
    """A sales manager: may settle what is about records, not what is about rights."""
    return UserFactory.create(email="manager@example.com", name="Mia Manager", role=User.Role.SALES_MANAGER)


def gone(odoo: Connection, number: int, kind: str = KIND.DELETED, **values: Any) -> MissingRecord:
    contact = ContactFactory.create()
    tie = {"connection": odoo, "remote_model": "res.partner", "content_type": content_type_of(contact)}
    binding = Binding.objects.create(
        **tie, object_uuid=contact.uuid, remote_id=number, external_name=f"x{number}", state=Binding.State.GONE
    )
    OutboxMessage.objects.create(**tie, object_uuid=contact.uuid, status="parked", reason="deleted")
    return MissingRecord.objects.create(
        **tie, object_uuid=contact.uuid, binding=binding, remote_id=number, kind=kind, **values
    )


def stopped(odoo: Connection, *ids: int) -> SafetyStop:
    return SafetyStop.objects.create(
        connection=odoo, remote_model="res.partner", remote_ids=list(ids), bound=300, sample={"hidden": 10}
    )


def told(client: Client, url: str, values: dict[str, Any]) -> str:
    return client.post(url, values, follow=True).content.decode()


@pytest.mark.parametrize("name", ["deleted", "merged", "stops"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_the_pages_open_empty_with_and_without_slash(
    name: str, slash: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    answer = signed_in(admin_user).get(f"/admin/sync/{name}{slash}")
    assert answer.status_code == 200
    assert b"tandem-panel" in answer.content


@pytest.mark.parametrize("name", ["deleted", "merged", "stops"])
def test_sales_users_and_readers_may_not_look(
    name: str, owner: User, reader: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    for user in (owner, reader):
        assert signed_in(user).get(reverse(f"sync:{name}")).status_code in (302, 403)


def test_a_manager_drops_one_and_creates_many_again(
    manager: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    rows = [gone(connection_to_odoo, number) for number in range(1, 5)]
    client = signed_in(manager)

    assert "1 record: dropped here" in told(client, reverse("sync:deleted"), {"decision": "drop", "row": [rows[0].pk]})
    page = told(client, reverse("sync:deleted"), {"decision": "again", "row": [row.pk for row in rows[1:]]})

    assert "3 records: created again" in page
    assert list(MissingRecord.objects.order_by("id").values_list("status", flat=True)) == ["dropped", *["created"] * 3]
    assert {row.settled_by for row in MissingRecord.objects.all()} == {manager}
    assert Contact.objects.filter(archived_at__isnull=False).count() == 1
    assert OutboxMessage.objects.filter(status="waiting").count() == 3
    assert not MissingRecord.objects.filter(status=STATUS.OPEN).exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"decision": "drop"}, "Choose at least one record first."),
        ({"decision": "drop", "row": ["x", "-1", "9" * 40]}, "Choose at least one record first."),
        ({"decision": "explode", "row": ["1"]}, "Say what is to be done with them."),
        ({}, "Say what is to be done with them."),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    values: dict[str, Any], sentence: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    gone(connection_to_odoo, 1)
    assert sentence in told(signed_in(admin_user), reverse("sync:deleted"), values)
    assert MissingRecord.objects.get().status == STATUS.OPEN


def test_what_somebody_has_settled_meanwhile_is_told_and_the_others_go_on(
    admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    one, two = gone(connection_to_odoo, 1), gone(connection_to_odoo, 2)
    MissingRecord.objects.filter(pk=one.pk).update(status=STATUS.DROPPED)

    page = told(signed_in(admin_user), reverse("sync:deleted"), {"decision": "drop", "row": [one.pk, two.pk]})

    assert "1 record: dropped here" in page
    assert "Somebody has settled this already." in page


def test_a_hidden_record_is_asked_for_again(
    admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    row = gone(connection_to_odoo, 7, KIND.HIDDEN)
    url = f"{reverse('sync:deleted')}?show=hidden"
    assert "Look again now" in signed_in(admin_user).get(url).content.decode()

    told(signed_in(admin_user), url, {"decision": "look", "row": [row.pk]})

    assert InboxMessage.objects.get().remote_id == 7
    assert "not possible" in told(signed_in(admin_user), url, {"decision": "drop", "row": [row.pk]})


def test_a_manager_names_the_survivor(manager: User, signed_in: SignIn, connection_to_odoo: Connection) -> None:
    keep = gone(connection_to_odoo, 20)
    Binding.objects.filter(remote_id=20).update(state=Binding.State.BOUND)
    candidates = [{"id": 20, "name": "Office <b>", "about": "info@example.com"}]
    row = gone(connection_to_odoo, 21, KIND.MERGED, candidates=candidates)
    client = signed_in(manager)
    shown = client.get(reverse("sync:merged")).content.decode()
    assert "Office &lt;b&gt;" in shown

    assert "Choose the record" in told(client, reverse("sync:merged"), {"row": row.pk})
    assert "possible survivors" in told(client, reverse("sync:merged"), {"row": row.pk, "survivor": "99"})
    assert "not waiting any more" in told(client, reverse("sync:merged"), {"row": "nonsense", "survivor": "20"})
    assert "hangs on the survivor" in told(client, reverse("sync:merged"), {"row": row.pk, "survivor": "20"})

    row.refresh_from_db()
    assert (row.status, row.chosen_id, keep.remote_id) == (STATUS.MERGED, 20, 20)


def test_none_of_them_leads_to_the_deleted_list(
    admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    row = gone(connection_to_odoo, 21, KIND.MERGED, candidates=[{"id": 20, "name": "Office", "about": ""}])
    told(signed_in(admin_user), reverse("sync:merged"), {"row": row.pk, "decision": "none"})
    row.refresh_from_db()
    assert (row.kind, row.status) == (KIND.DELETED, STATUS.OPEN)


def test_an_admin_answers_a_stop_and_a_manager_only_looks(
    admin_user: User, manager: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    gone(connection_to_odoo, 5)
    stop = stopped(connection_to_odoo, 5, 6)
    url = reverse("sync:stop", args=(stop.pk,))
    shown = signed_in(manager).get(url).content.decode()
    assert "lost a right" in shown
    assert "Yes, they were deleted" not in shown
    assert signed_in(manager).post(url, {"answer": "yes"}).status_code == 403

    client = signed_in(admin_user)
    assert "Answer with yes or no." in told(client, url, {"answer": "perhaps"})
    assert "They stay here" in told(client, url, {"answer": "no"})
    assert "looked into now" in told(client, url, {"answer": "yes"})
    assert "settled this already" in told(client, url, {"answer": "no"})
    assert client.get(reverse("sync:stop", args=(999,))).status_code == 404


@pytest.mark.parametrize("name", ["deleted", "merged"])
def test_a_list_costs_the_same_for_one_row_and_for_fifty(
    name: str, admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    kind = {"deleted": KIND.DELETED, "merged": KIND.MERGED}[name]
    client, url = signed_in(admin_user), reverse(f"sync:{name}")
    several = {"candidates": [{"id": 1, "name": "A", "about": "a@example.com"}]}
    gone(connection_to_odoo, 1, kind, **several)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for number in range(2, 51):
        gone(connection_to_odoo, number, kind, **several)
    with CaptureQueriesContext(connection) as fifty:
        client.get(url)
    assert len(fifty) == len(one) <= 9
    assert not any('"secret"' in query["sql"] for query in fifty)


def test_the_records_of_a_stop_come_page_by_page(
    admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    for number in range(1, 61):
        gone(connection_to_odoo, number)
    stop = stopped(connection_to_odoo, *range(1, 61))
    client, url = signed_in(admin_user), reverse("sync:stop", args=(stop.pk,))
    with CaptureQueriesContext(connection) as queries:
        first = client.get(url).content.decode()
    assert "1 to 50 of 60" in first
    assert "51 to 60 of 60" in client.get(f"{url}?page=2").content.decode()
    assert "51 to 60 of 60" in client.get(f"{url}?page=99").content.decode()
    assert len(queries) <= 9


def test_the_sync_page_and_the_record_lead_to_what_waits(
    admin_user: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    client = signed_in(admin_user)
    assert "Safety stops" not in client.get("/admin/sync/").content.decode().split("<main")[-1]
    row = gone(connection_to_odoo, 1, KIND.MERGED)
    stopped(connection_to_odoo, 1)
    page = client.get("/admin/sync/").content.decode()
    assert "Deleted, hidden or merged in Odoo" in page
    assert f'href="{reverse("sync:stops")}"' in page
    contact = Contact.objects.get(uuid=row.object_uuid)
    shown = client.get(reverse("admin:crm_contact_change", args=(contact.pk,))).content.decode()
    assert "Merged in Odoo, survivor unsure" in shown
    assert f'href="{reverse("sync:merged")}"' in shown

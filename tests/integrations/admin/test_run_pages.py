"""The page of a run, its proof and its undo: who may look, who may act, and bad input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Contact, User
from integrations import sync
from integrations.models import BeforeImage, Connection, OutboxMessage, SyncRun, content_type_of
from tests.factories import ContactFactory, UserFactory

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> User:
    return UserFactory.create(email="manager@example.com", name="Mia Manager", role=User.Role.SALES_MANAGER)


@pytest.fixture
def run(connection_to_odoo: Connection) -> SyncRun:
    """A poll that changed the phone of a contact, met two equal ones and refused one."""
    made = SyncRun.objects.create(
        connection=connection_to_odoo,
        kind=SyncRun.Kind.POLL,
        remote_model="res.partner",
        finished_at=timezone.now(),
        total=4,
        sent=1,
        skipped=2,
        failed=1,
        counts={"updated": 1, "unchanged": 2, "refused": 1},
    )
    contact = ContactFactory.create(name="Bea", phone="2")
    BeforeImage.objects.create(
        run=made,
        content_type=content_type_of(contact),
        object_uuid=contact.uuid,
        remote_model="res.partner",
        remote_id=7,
        fields={"phone": ["1", "2"]},
    )
    return made


def test_the_page_proves_the_run_and_leads_to_the_records(run: SyncRun, admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(admin_user)
    page = client.get(reverse("sync:run", args=(run.pk,))).content.decode()
    assert "1 taken over + 2 nothing to do + 1 refused here + 0 unknown = 4" in page
    for model, lookup in (("beforeimage", "1"), ("binding", "0"), ("inboxmessage", "0")):
        url = f"{reverse(f'admin:integrations_{model}_changelist')}?run__id__exact={run.pk}"
        assert url in page
        assert client.get(url).status_code == 200, lookup
    listed = client.get(f"{reverse('admin:integrations_beforeimage_changelist')}?run__id__exact={run.pk}")
    assert "Bea" in listed.content.decode()
    assert client.get(reverse("admin:integrations_syncrun_change", args=(run.pk,))).status_code == 200


def test_each_figure_of_a_push_leads_to_its_messages(
    connection_to_odoo: Connection, admin_user: User, signed_in: SignIn
) -> None:
    push = SyncRun.objects.create(
        connection=connection_to_odoo, kind="push", remote_model="res.partner", total=2, sent=1, unknown=1
    )
    for outcome in ("sent", ""):
        contact = ContactFactory.create(name=f"Bea {outcome or 'unknown'}")
        OutboxMessage.objects.create(
            connection=connection_to_odoo,
            remote_model="res.partner",
            content_type=content_type_of(contact),
            object_uuid=contact.uuid,
            run=push,
            outcome=outcome,
        )
    client, there = signed_in(admin_user), reverse("admin:integrations_outboxmessage_changelist")
    page = client.get(reverse("sync:run", args=(push.pk,))).content.decode().replace("&amp;", "&")
    for outcome, name in (("sent", "Bea sent"), ("", "Bea unknown")):
        url = f"{there}?run__id__exact={push.pk}&outcome__exact={outcome}"
        assert f'"{url}"' in page
        assert client.get(url).content.decode().count("Bea ") == client.get(url).content.decode().count(name)
    assert "has not ended" in page


def test_the_preview_changes_nothing_and_the_undo_does_what_it_showed(
    run: SyncRun, admin_user: User, signed_in: SignIn
) -> None:
    client, url = signed_in(admin_user), reverse("sync:undo", args=(run.pk,))
    preview = client.get(url).content.decode()
    assert "Values that go back" in preview
    assert Contact.objects.get().phone == "2"

    answer = client.post(url, {"scope": "both"}, follow=True)
    made = SyncRun.objects.get(undoes=run)
    assert answer.redirect_chain[-1][0] == reverse("sync:run", args=(made.pk,))
    assert 'data-running="1"' in answer.content.decode()
    sync.undo_due()

    assert Contact.objects.get().phone == "1"
    page = client.get(reverse("sync:run", args=(made.pk,))).content.decode()
    assert "1 undone + 0 kept as it is + 0 cannot be undone + 0 still to do = 1" in page


def test_bad_input_and_a_second_undo_are_told(run: SyncRun, admin_user: User, signed_in: SignIn) -> None:
    client, url = signed_in(admin_user), reverse("sync:undo", args=(run.pk,))
    assert "on both sides or here only" in client.post(url, {"scope": "moon"}, follow=True).content.decode()
    client.post(url, {"scope": "here"})
    assert "being undone now" in client.post(url, {"scope": "both"}, follow=True).content.decode()
    assert SyncRun.objects.filter(undoes=run).count() == 1
    assert client.get(reverse("sync:undo", args=(999,))).status_code == 404
    assert client.get("/admin/integrations/syncrun/nonsense/change/").status_code == 302


def test_an_undo_is_stopped_once(run: SyncRun, admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(admin_user)
    client.post(reverse("sync:undo", args=(run.pk,)), {"scope": "both"})
    made = SyncRun.objects.get(undoes=run)
    url = reverse("sync:stop-undo", args=(made.pk,))
    assert client.get(url).status_code == 405
    assert "It stops after" in client.post(url, follow=True).content.decode()
    sync.undo_due()
    assert "ended already" in client.post(url, follow=True).content.decode()
    assert Contact.objects.get().phone == "2"


def test_a_manager_looks_and_does_not_undo_and_others_do_not_look(
    run: SyncRun, manager: User, owner: User, signed_in: SignIn
) -> None:
    page = signed_in(manager).get(reverse("sync:run", args=(run.pk,)))
    assert page.status_code == 200
    assert "Preview of an undo" not in page.content.decode()
    assert signed_in(manager).get(reverse("sync:undo", args=(run.pk,))).status_code == 403
    assert signed_in(manager).post(reverse("sync:undo", args=(run.pk,))).status_code == 403
    assert signed_in(owner).get(reverse("sync:run", args=(run.pk,))).status_code in (302, 403)


def test_the_page_of_a_run_costs_few_queries(run: SyncRun, admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(admin_user)
    client.get(reverse("sync:run", args=(run.pk,)))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("sync:run", args=(run.pk,)))
    assert len(queries) <= 7, [query["sql"][:100] for query in queries]
    assert not any('"secret"' in query["sql"] for query in queries)

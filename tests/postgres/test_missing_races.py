"""Two people, or two workers, at one missing record or one undo at the same moment. Runs on PostgreSQL only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F
from django.utils import timezone

from crm.models import Contact, User
from integrations.mailbox.runs import RunBook
from integrations.models import BeforeImage, Binding, Connection, MissingRecord, OutboxMessage, SyncRun, content_type_of
from integrations.odoo.settling import undo
from integrations.odoo.vanished import missing
from tests.factories import ContactFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run these at the same moment in threads; returns what each returned or raised, in order."""
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(place: int, job: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            results[place] = job()
        except Exception as error:  # a race's loser is part of the result
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, job)) for place, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return results


def tie(odoo: Connection, contact: Contact) -> dict[str, Any]:
    return {
        "connection": odoo,
        "remote_model": "res.partner",
        "content_type": content_type_of(contact),
        "object_uuid": contact.uuid,
    }


def test_one_drops_and_one_creates_again_and_only_one_of_them_does(
    connection_to_odoo: Connection, admin_user: User
) -> None:
    for number in range(6):
        contact = ContactFactory.create()
        held = tie(connection_to_odoo, contact)
        binding = Binding.objects.create(**held, remote_id=number + 1, external_name=f"x{number}", state="gone")
        row = MissingRecord.objects.create(**held, binding=binding, remote_id=number + 1, kind="deleted")
        results = together(
            lambda row=row: missing.drop_here(row, actor=admin_user),
            lambda row=row: missing.create_again(row, actor=admin_user),
        )
        assert sum(isinstance(result, ValidationError) for result in results) == 1
        row.refresh_from_db()
        contact.refresh_from_db()
        created = row.status == MissingRecord.Status.CREATED
        assert created is (contact.archived_at is None)
        assert OutboxMessage.objects.filter(object_uuid=contact.uuid).count() == int(created)
        assert Binding.objects.filter(object_uuid=contact.uuid).count() == 1


def test_two_workers_undo_each_record_once(connection_to_odoo: Connection, admin_user: User) -> None:
    run = SyncRun.objects.create(
        connection=connection_to_odoo, kind="poll", remote_model="res.partner", finished_at=timezone.now()
    )
    for contact in ContactFactory.create_batch(450, phone="2"):
        held = tie(connection_to_odoo, contact)
        del held["connection"]
        BeforeImage.objects.create(**held, run=run, fields={"phone": ["1", "2"]})
    made = undo.start(run, actor=admin_user)

    results = together(undo.work_off, undo.work_off, undo.work_off)

    assert not any(isinstance(result, Exception) for result in results)
    undo.work_off()
    made.refresh_from_db()
    assert (made.total, made.sent, made.unknown, made.finished_at is None) == (450, 450, 0, False)
    assert Contact.objects.filter(phone="1", version=2).count() == 450


def test_figures_counted_by_several_workers_at_once_add_up(connection_to_odoo: Connection) -> None:
    run = SyncRun.objects.create(connection=connection_to_odoo, kind="poll", remote_model="res.partner")

    def count() -> None:
        for _turn in range(50):
            RunBook(run).met(4)
            RunBook(run).settle(sent=2, skipped=1, failed=1)

    assert together(count, count, count) == [None, None, None]
    run.refresh_from_db()
    assert (run.total, run.sent, run.skipped, run.failed, run.unknown) == (600, 300, 150, 150, 0)
    assert not SyncRun.objects.exclude(total=F("sent") + F("skipped") + F("failed") + F("unknown")).exists()

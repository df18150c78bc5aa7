"""Quiet writes mail nobody: neither whom a task is assigned to, nor whom a meeting is held with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm.models import Contact, User
from crm.services.activities import log_activity
from crm.services.contacts import create_contact
from crm.services.tasks import create_task
from integrations.models import OutboxMessage
from leads.services import create_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db(transaction=True)
AHEAD = datetime(2040, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def contact(admin_user: User) -> Contact:
    return create_contact(actor=admin_user, name="Cora", email="cora@example.com")


def mails(sides: TwoSides) -> int:
    return int(sides.control.counters()["mails"])


@pytest.mark.parametrize("series", [16, 18, 19])
def test_a_meeting_invites_nobody(synced: TwoSides, admin_user: User, contact: Contact) -> None:
    log_activity(actor=admin_user, type="meeting", subject="Visit", starts_at=AHEAD, contact=contact)

    synced.settle()

    (event,) = synced.control.dump("calendar.event")
    assert event["partner_ids"] == [synced.remote_id(contact)]
    assert mails(synced) == 0


def test_a_task_for_a_colleague_is_not_mailed_to_him(synced: TwoSides, admin_user: User, contact: Contact) -> None:
    mira = User.objects.get(email="mira@example.com")
    create_task(actor=admin_user, title="Call", assignee=mira, contact=contact)

    synced.settle()

    (activity,) = synced.control.dump("mail.activity")
    assert activity["user_id"] == synced.binding(mira).remote_id
    assert mails(synced) == 0


def test_loud_writes_do_both(synced: TwoSides, admin_user: User, contact: Contact) -> None:
    synced.connection.quiet = False
    synced.connection.save(update_fields=["quiet"])
    mira = User.objects.get(email="mira@example.com")
    log_activity(actor=admin_user, type="meeting", subject="Visit", starts_at=AHEAD, contact=contact)
    create_task(actor=admin_user, title="Call", assignee=mira, contact=contact)

    synced.settle()

    assert mails(synced) == 2


@pytest.mark.parametrize("series", [16, 18, 19])
def test_a_meeting_that_nobody_attends_arrives(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Press")
    log_activity(actor=admin_user, type="meeting", subject="Visit", starts_at=AHEAD, lead=lead)

    synced.settle()

    (event,) = synced.control.dump("calendar.event")
    assert event["opportunity_id"] == synced.remote_id(lead)
    assert not OutboxMessage.objects.exclude(status=OutboxMessage.Status.DONE).exists()

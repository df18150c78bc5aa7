"""Messages and activities of Odoo on the timeline here; our own are known again (rule 11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm.models import CommunicationLog, Contact, Note, Task, User
from crm.services import notes, tasks
from integrations.models import Binding
from integrations.odoo.pulling.chatter import pull_chatter
from integrations.odoo.pulling.pull import pull_all
from integrations.odoo.pushing.facts import push_facts
from integrations.odoo.wire.session import Session
from tests.support.sandbox import RunningSandbox
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def work(synced: TwoSides) -> Iterator[Session]:
    """A session of the worker."""
    with synced.session() as session:
        yield session


@pytest.fixture
def contact(odoo: RunningSandbox, work: Session) -> Contact:
    """A contact that came from Odoo."""
    odoo.control.create("res.partner", name="Carla Chatter", email="carla@example.com")
    pull_all(work)
    return Contact.objects.get(email="carla@example.com")


def remote_id(obj: Any) -> int:
    found = Binding.objects.get(object_uuid=obj.uuid).remote_id
    assert found is not None
    return found


def post(odoo: RunningSandbox, contact: Contact, body: str) -> None:
    odoo.control.call(
        "res.partner", "message_post", [remote_id(contact)], body=body, body_is_html=True, subject="Hello"
    )


def schedule(odoo: RunningSandbox, contact: Contact, summary: str) -> int:
    return odoo.control.create(
        "mail.activity",
        res_model="res.partner",
        res_model_id=odoo.control.call("ir.model", "search", [["model", "=", "res.partner"]])[0],
        res_id=remote_id(contact),
        summary=summary,
        date_deadline="2030-01-15",
    )


def test_a_message_in_odoo_stands_on_the_timeline_once(odoo: RunningSandbox, work: Session, contact: Contact) -> None:
    post(odoo, contact, "<p>Called <b>today</b><script>alert(1)</script></p>")
    made = [pull_chatter(work), pull_chatter(work)]
    assert made == [1, 0]
    log = CommunicationLog.objects.get(subject="Hello")
    assert (log.contact, log.channel) == (contact, CommunicationLog.Channel.ODOO_MESSAGE)
    assert log.body == "<p>Called <b>today</b></p>"
    assert log.author_name


def test_a_message_of_a_record_that_is_not_here_is_left_in_odoo(odoo: RunningSandbox, work: Session) -> None:
    partner = odoo.control.create("res.partner", name="An invoice address", type="invoice")
    pull_all(work)
    odoo.control.call("res.partner", "message_post", [partner], body="nobody here")
    assert pull_chatter(work) == 0


def test_our_own_note_does_not_come_back_as_a_message(
    odoo: RunningSandbox, work: Session, contact: Contact, admin_user: User
) -> None:
    notes.write_note(actor=admin_user, body="Written here", contact=contact)
    push_facts(work, "mail.message")
    assert pull_chatter(work) == 0
    assert Note.objects.count() == 1
    assert not CommunicationLog.objects.filter(body__contains="Written here").exists()


def test_an_activity_of_odoo_follows_its_edits_and_leaves_when_done(
    odoo: RunningSandbox, work: Session, contact: Contact
) -> None:
    activity = schedule(odoo, contact, "Ring back")
    assert pull_chatter(work) == 1
    log = CommunicationLog.objects.get(channel=CommunicationLog.Channel.ODOO_ACTIVITY)
    assert (log.subject, log.happened_at.date().isoformat()) == ("Ring back", "2030-01-15")
    odoo.control.patch("mail.activity", [activity], summary="Ring back twice", write_date="2031-01-01 00:00:00")
    assert pull_chatter(work) == 0
    log.refresh_from_db()
    assert log.subject == "Ring back twice"
    odoo.control.call("mail.activity", "action_feedback", [activity])
    pull_chatter(work)
    log.refresh_from_db()
    assert log.archived_at is not None


def test_a_task_whose_activity_is_gone_in_odoo_is_done(
    odoo: RunningSandbox, work: Session, contact: Contact, admin_user: User
) -> None:
    task = tasks.create_task(actor=admin_user, title="Send the offer", contact=contact)
    push_facts(work, "mail.activity")
    pull_chatter(work)
    task.refresh_from_db()
    assert task.done_at is None
    odoo.control.call("mail.activity", "action_feedback", [remote_id(task)])
    pull_chatter(work)
    task.refresh_from_db()
    assert task.done_at is not None
    assert Task.objects.count() == 1

"""Activities, tasks, notes and tags."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.models import Note, Tag, Task, User
from crm.services.activities import complete_activity, log_activity, reopen_activity, update_activity
from crm.services.notes import archive_note, write_note
from crm.services.records import StaleVersionError
from crm.services.tags import archive_tag, create_tag, get_or_create_tag, update_tag
from crm.services.tasks import complete_task, create_task, reopen_task, update_task
from integrations.models import Connection, OutboxMessage
from tests.factories import AccountFactory, TagFactory, TaskFactory

pytestmark = pytest.mark.django_db


def test_an_activity_belongs_to_who_logs_it(owner: User, team_mate: User) -> None:
    assert log_activity(actor=owner, type="call", subject="Intro").owner == owner
    assert log_activity(actor=owner, type="call", subject="Intro", owner=team_mate).owner == team_mate


@pytest.mark.parametrize("values", [{"type": "dance", "subject": "x"}, {"type": "call", "subject": " "}])
def test_a_bad_activity_is_refused(owner: User, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        log_activity(actor=owner, **values)


def test_an_activity_is_done_once_and_can_be_reopened(owner: User) -> None:
    call = log_activity(actor=owner, type="call", subject="Intro")
    done = complete_activity(call, actor=owner, outcome="Reached", next_steps="Send the offer")
    assert (done.outcome, done.next_steps) == ("Reached", "Send the offer")
    assert complete_activity(done, actor=owner).done_at == done.done_at
    assert reopen_activity(done, actor=owner).done_at is None


def test_an_activity_saved_meanwhile_is_refused(owner: User) -> None:
    call = log_activity(actor=owner, type="call", subject="Intro")
    update_activity(call, actor=owner, subject="Intro call")
    with pytest.raises(StaleVersionError):
        update_activity(call, actor=owner, expected_version=1, subject="Other")


def test_only_meetings_go_to_odoo(owner: User, connection_to_odoo: Connection) -> None:
    log_activity(actor=owner, type="call", subject="Intro", account=AccountFactory.create())
    log_activity(actor=owner, type="meeting", subject="Visit", account=AccountFactory.create())
    assert OutboxMessage.objects.filter(remote_model="calendar.event").count() == 1


def test_a_task_is_done_once_and_can_be_reopened(owner: User) -> None:
    task = create_task(actor=owner, title="Send the offer")
    assert task.assignee == owner
    done = complete_task(task, actor=owner)
    assert done.done_at is not None
    assert complete_task(done, actor=owner).done_at == done.done_at
    assert reopen_task(done, actor=owner).done_at is None


def test_a_barcode_is_unique_unless_empty(owner: User) -> None:
    create_task(actor=owner, title="One", barcode="T-100")
    with pytest.raises(ValidationError, match="Another task has this barcode"):
        create_task(actor=owner, title="Two", barcode="T-100")
    free = create_task(actor=owner, title="Three")
    create_task(actor=owner, title="Four")
    with pytest.raises(ValidationError, match="Another task has this barcode"):
        update_task(free, actor=owner, barcode=" T-100 ")
    assert Task.objects.count() == 3


def test_the_database_refuses_a_barcode_in_use() -> None:
    TaskFactory.create(barcode="T-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        TaskFactory.create(barcode="T-1")


@pytest.mark.parametrize("values", [{"title": ""}, {"title": "x", "priority": "asap"}, {"title": "x", "kind": "big"}])
def test_a_bad_task_is_refused(owner: User, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        create_task(actor=owner, **values)


def test_a_plain_note_keeps_lines_and_addresses(owner: User) -> None:
    note = write_note(actor=owner, body="From Ann <a@b.c>\nSecond line\n\nNext <b>part</b> & more")
    assert note.body == ("<p>From Ann &lt;a@b.c&gt;<br>Second line</p><p>Next &lt;b&gt;part&lt;/b&gt; &amp; more</p>")
    assert Note.objects.search("<A@B.C>").get() == note


def test_an_html_note_is_sanitised(owner: User) -> None:
    note = write_note(
        actor=owner,
        body='<p onclick="x()">Hi <b>you</b><script>alert(1)</script> <a href="javascript:x">no</a> <a@b.c></p>',
        is_html=True,
    )
    assert note.body == '<p>Hi <b>you</b> <a rel="noopener noreferrer">no</a> &lt;a@b.c&gt;</p>'


@pytest.mark.parametrize(
    ("body", "is_html"), [("", False), (" \n \n", False), ("<p><br></p>", True), ("<script>x</script>", True)]
)
def test_an_empty_note_is_refused(owner: User, body: str, is_html: bool) -> None:
    with pytest.raises(ValidationError, match="A note needs some text"):
        write_note(actor=owner, body=body, is_html=is_html)


def test_a_note_on_something_is_a_fact_for_odoo(owner: User, connection_to_odoo: Connection) -> None:
    write_note(actor=owner, body="Loose")
    note = write_note(actor=owner, body="Bound", account=AccountFactory.create())
    message = OutboxMessage.objects.get()
    assert (message.kind, message.object_uuid) == ("fact", note.uuid)
    assert archive_note(note, actor=owner).archived_at is not None


def test_tags_are_found_whatever_the_case(owner: User) -> None:
    tag = get_or_create_tag(actor=owner, name="  Müller   Gruppe ")
    assert tag.name == "Müller Gruppe"
    assert get_or_create_tag(actor=owner, name="MÜLLER GRUPPE") == tag
    with pytest.raises(ValidationError, match="A tag of this name exists"):
        create_tag(actor=owner, name="mÜLLER gruppe")


def test_an_archived_tag_comes_back(owner: User) -> None:
    tag = archive_tag(TagFactory.create(name="Old"), actor=owner)
    assert get_or_create_tag(actor=owner, name="old").archived_at is None
    assert Tag.objects.get() == tag


def test_a_tag_cannot_take_another_ones_name(owner: User) -> None:
    TagFactory.create(name="Straße")
    other = TagFactory.create(name="Weg")
    with pytest.raises(ValidationError, match="A tag of this name exists"):
        update_tag(other, actor=owner, name="STRASSE")
    assert update_tag(other, actor=owner, name="WEG").name == "WEG"


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_bad_tag_name_is_refused(owner: User, name: str) -> None:
    with pytest.raises(ValidationError):
        get_or_create_tag(actor=owner, name=name)


def test_the_database_refuses_a_second_tag_of_the_name() -> None:
    TagFactory.create(name="MÜLLER")
    with pytest.raises(IntegrityError), transaction.atomic():
        TagFactory.create(name="müller")

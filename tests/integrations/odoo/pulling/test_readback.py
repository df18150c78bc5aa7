"""Rule 18: a hint is read back later, once per record however many copies came, until it shows a change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.test import Client
from django.utils import timezone

from crm.models import Account, Contact, Note
from crm.services.contacts import update_contact
from integrations import sync
from integrations.models import Binding, InboxMessage, OutboxMessage, content_type_of
from integrations.odoo.pulling import readback
from leads.models import Lead
from tests.factories import ContactFactory, TaskFactory
from tests.support.two_sides import TwoSides

HERE = "/api/v1/integrations/odoo"
KEY = "test-key-one"
STATUS = InboxMessage.Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = [KEY]


def hook(body: dict[str, Any]) -> None:
    """What Odoo's automation rule sends."""
    answer = Client().post(HERE, body, content_type="application/json", headers={"X-Odoo-Api-Key": KEY})
    assert answer.status_code == 202


def native(model: str, remote_id: int) -> None:
    hook({"_action": "Send Webhook Notification(#1)", "_model": model, "_id": remote_id, "id": remote_id})


def work_off(sides: TwoSides, *, after: float = 0.31) -> None:
    """Let so many seconds go by for the hints, then do what the worker does."""
    waiting = InboxMessage.objects.filter(status=STATUS.WAITING)
    for hint in waiting:
        hint.due_at -= timedelta(seconds=after)
        hint.received_at -= timedelta(seconds=after)
        hint.save(update_fields=["due_at", "received_at"])
    Binding.objects.update(seen_at=F("seen_at") - timedelta(seconds=after))
    sync.read_back()


def partner(sides: TwoSides, **values: Any) -> int:
    """A person of Odoo, known here already."""
    remote_id = sides.control.create("res.partner", **{"name": "Paula", "email": "paula@example.com", **values})
    sides.pull()
    sides.control.reset_counters()
    return remote_id


def delays(hint: InboxMessage) -> float:
    """The seconds from now until the hint is looked at."""
    hint.refresh_from_db()
    return (hint.due_at - timezone.now()).total_seconds()


def test_a_hint_is_not_read_before_its_first_delay(synced: TwoSides) -> None:
    remote_id = partner(synced)
    before = timezone.now()
    native("res.partner", remote_id)
    hint = InboxMessage.objects.get()
    assert hint.due_at >= before + timedelta(seconds=0.3)
    InboxMessage.objects.update(due_at=hint.due_at + timedelta(hours=1))  # a slow machine reaches no hour

    sync.read_back()

    assert synced.calls("res.partner.read") == 0


def test_a_change_is_here_after_the_first_look(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    native("res.partner", remote_id)

    work_off(synced)

    assert Contact.objects.get(name="Paula").phone == "+49 30 1"
    hint = InboxMessage.objects.get()
    assert (hint.status, hint.tries, hint.explanation) == (STATUS.DONE, 0, "")
    assert hint.settled_at is not None


def test_a_record_unknown_here_is_made(synced: TwoSides) -> None:
    remote_id = synced.control.create("crm.lead", name="Big deal", type="opportunity")
    native("crm.lead", remote_id)
    work_off(synced)
    assert synced.here("crm.lead", remote_id).name == "Big deal"
    assert InboxMessage.objects.get().status == STATUS.DONE


def test_the_hook_before_commit_shows_the_old_row_and_settles_nothing(synced: TwoSides) -> None:
    """Odoo 17 and 18 call inside the transaction: the row is read at 0.3, 1, 3 and 10 s until it differs."""
    remote_id = partner(synced)
    open_transaction = synced.control.begin("res.partner", "write", [remote_id], {"phone": "+49 30 2"})
    native("res.partner", remote_id)
    hint = InboxMessage.objects.get()

    seen: list[float] = []
    for passed in (0.31, 0.31, 1.01):
        work_off(synced, after=passed)
        hint.refresh_from_db()
        assert hint.status == STATUS.WAITING
        seen.append(delays(hint))
    assert seen == pytest.approx([0.3, 1.0, 3.0], abs=0.25)
    assert Contact.objects.get(name="Paula").phone == ""

    synced.control.commit(open_transaction)
    work_off(synced, after=3.01)
    hint.refresh_from_db()
    assert hint.status == STATUS.DONE
    assert Contact.objects.get(name="Paula").phone == "+49 30 2"


def test_a_hint_that_never_shows_a_change_is_dropped_in_words(synced: TwoSides) -> None:
    remote_id = partner(synced)
    native("res.partner", remote_id)
    hint = InboxMessage.objects.get()
    for _look in range(len(readback.DELAYS)):
        work_off(synced, after=20)
        hint.refresh_from_db()
        assert hint.status == STATUS.WAITING
    work_off(synced, after=20)
    hint.refresh_from_db()
    assert (hint.status, hint.explanation) == (STATUS.DROPPED, "Odoo shows no change.")
    assert synced.calls("res.partner.read") == len(readback.DELAYS) + 1


def test_a_hint_about_a_record_that_is_not_there_is_dropped_in_words(synced: TwoSides) -> None:
    native("res.partner", 99_999)
    for _look in range(len(readback.DELAYS) + 1):
        work_off(synced, after=20)
    hint = InboxMessage.objects.get()
    assert (hint.status, hint.explanation) == (STATUS.DROPPED, "Odoo does not have this record.")
    assert not Contact.objects.exists()


def test_a_storm_of_22_copies_is_one_read_and_one_change(synced: TwoSides) -> None:
    remote_id = partner(synced)
    before = Contact.objects.get(name="Paula").version
    synced.control.write("res.partner", [remote_id], phone="+49 30 3")
    for _copy in range(22):
        native("res.partner", remote_id)

    work_off(synced)

    assert synced.calls("res.partner.read") == 1
    assert Contact.objects.get(name="Paula").version == before + 1
    assert InboxMessage.objects.filter(status=STATUS.DONE).count() == 22


def test_hints_about_many_records_share_one_read(synced: TwoSides) -> None:
    ids = [partner(synced, name=f"P{number}", email=f"p{number}@example.com") for number in range(5)]
    synced.control.write("res.partner", ids, phone="+49 30 4")
    for remote_id in ids:
        native("res.partner", remote_id)
    work_off(synced)
    assert synced.calls("res.partner.read") == 1
    assert Contact.objects.filter(phone="+49 30 4").count() == 5


def test_our_own_echo_changes_nothing(synced: TwoSides) -> None:
    """What we sent makes Odoo call us: the record is bound, and nothing is written here."""
    remote_id = partner(synced)
    native("res.partner", remote_id)
    before = Contact.objects.values("version", "updated_at").get(name="Paula")
    work_off(synced)
    assert Contact.objects.values("version", "updated_at").get(name="Paula") == before
    assert not OutboxMessage.objects.exists()


def test_a_hint_of_what_we_wrote_ourselves_is_settled_by_the_first_look(synced: TwoSides) -> None:
    """Odoo calls while it takes our write, which we have seen there when the hint is looked at (rule 15)."""
    remote_id = partner(synced)
    synced.end_second()
    update_contact(Contact.objects.get(name="Paula"), actor=None, phone="+49 30 7")
    native("res.partner", remote_id)
    synced.push("res.partner")

    work_off(synced)

    assert synced.row("res.partner", remote_id)["phone"] == "+49 30 7"
    assert InboxMessage.objects.get().status == STATUS.DONE


def test_a_hint_that_came_after_our_own_write_is_of_another_one(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.end_second()
    update_contact(Contact.objects.get(name="Paula"), actor=None, phone="+49 30 8")
    synced.push("res.partner")
    open_transaction = synced.control.begin("res.partner", "write", [remote_id], {"phone": "+49 30 9"})
    native("res.partner", remote_id)

    work_off(synced)
    assert InboxMessage.objects.get().status == STATUS.WAITING

    synced.control.commit(open_transaction)
    work_off(synced)
    assert InboxMessage.objects.get().status == STATUS.DONE
    assert Contact.objects.get(name="Paula").phone == "+49 30 9"


@pytest.mark.parametrize("blocker", ["unknown", "claimed"])
def test_an_unknown_id_waits_while_a_create_of_that_model_is_open(synced: TwoSides, blocker: str) -> None:
    """It may be a record of ours whose answer is still under way (rule 3); no try is burnt."""
    ours = ContactFactory.create(name="Being made")
    tie = Binding.objects.create(
        connection=synced.connection,
        remote_model="res.partner",
        content_type=content_type_of(ours),
        object_uuid=ours.uuid,
        external_name=f"res_partner_{ours.uuid}",
        state=Binding.State.UNKNOWN if blocker == "unknown" else Binding.State.PENDING,
    )
    claimed = OutboxMessage.objects.create(
        connection=synced.connection,
        remote_model="res.partner",
        content_type=tie.content_type,
        object_uuid=ours.uuid,
        status=OutboxMessage.Status.CLAIMED if blocker == "claimed" else OutboxMessage.Status.DONE,
        lease_until=timezone.now() + timedelta(seconds=300),
    )
    stranger = synced.control.create("res.partner", name="Somebody", email="somebody@example.com")
    native("res.partner", stranger)

    work_off(synced)
    hint = InboxMessage.objects.get()
    assert (hint.status, hint.tries) == (STATUS.WAITING, 0)
    assert not Contact.objects.filter(name="Somebody").exists()

    tie.delete()
    claimed.delete()
    work_off(synced, after=1.01)
    assert Contact.objects.filter(name="Somebody").exists()


# --- nested bodies


def test_a_hint_without_id_is_found_by_e_mail(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 5")
    hook({"contact": {"email": "PAULA@example.com"}})
    work_off(synced)
    hint = InboxMessage.objects.get()
    assert (hint.status, hint.remote_id) == (STATUS.DONE, remote_id)
    assert Contact.objects.get(name="Paula").phone == "+49 30 5"


def test_an_e_mail_is_no_pattern(synced: TwoSides) -> None:
    other, meant = (
        synced.control.create("res.partner", name=email, email=email)
        for email in ("aXb@example.com", "a_b@example.com")
    )
    assert other < meant
    hook({"contact": {"email": "A_B@example.com"}})
    work_off(synced)
    assert InboxMessage.objects.get().remote_id == meant


@pytest.mark.parametrize("count", [0, 2])
def test_no_single_hit_by_e_mail_is_recorded_in_words(synced: TwoSides, count: int) -> None:
    for number in range(count):
        synced.control.create("res.partner", name=f"Double {number}", email="double@example.com")
    hook({"contact": {"email": "double@example.com", "note": "Whose?"}})
    work_off(synced)
    hint = InboxMessage.objects.get()
    assert (hint.status, hint.remote_id) == (STATUS.RECORDED, None)
    assert hint.explanation == "No record in Odoo, or more than one, has this e-mail."
    assert hint.body["note"] == "Whose?"
    assert not Note.objects.exists()


def test_values_of_a_hint_are_never_written(synced: TwoSides) -> None:
    remote_id = partner(synced)
    hook({"contact": {"id": remote_id, "email": "evil@example.com", "name": "Evil", "phone": "666"}})
    native("res.partner", remote_id)
    work_off(synced)
    found = Contact.objects.get()
    assert (found.name, found.email, found.phone) == ("Paula", "paula@example.com", "")


def test_a_note_is_taken_once_per_record_text_and_day_and_sanitised(synced: TwoSides) -> None:
    remote_id = partner(synced)
    text = '<p>Call <b>back</b></p><script>alert(1)</script><img src=x onerror="alert(2)">'
    for _copy in range(3):
        hook({"contact": {"id": remote_id, "note": text}})
    work_off(synced)
    hook({"contact": {"id": remote_id, "note": text}})
    hook({"contact": {"id": remote_id, "note": "<p>Another</p>"}})
    work_off(synced)

    bodies = sorted(Note.objects.values_list("body", flat=True))
    assert bodies == ["<p>Another</p>", "<p>Call <b>back</b></p>"]
    assert set(Note.objects.values_list("contact__name", flat=True)) == {"Paula"}

    yesterday = timezone.now() - timedelta(days=1)
    hook({"contact": {"id": remote_id, "note": text}})
    InboxMessage.objects.filter(status=STATUS.WAITING, tries=0).update(received_at=yesterday)
    work_off(synced)
    assert Note.objects.count() == 3


def test_a_note_from_odoo_is_not_sent_back(synced: TwoSides) -> None:
    remote_id = partner(synced)
    hook({"contact": {"id": remote_id, "note": "Here only"}})
    work_off(synced)
    assert Note.objects.count() == 1
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("by", ["barcode", "task_id"])
def test_a_note_is_linked_to_its_task(synced: TwoSides, by: str) -> None:
    lead_id = synced.control.create("crm.lead", name="With task", type="lead")
    synced.pull()
    task = TaskFactory.create(title="Visit", barcode="T-100", lead=Lead.objects.get(name="With task"))
    told: dict[str, Any] = {"barcode": {"barcode": "T-100"}, "task_id": {"task_id": task.pk}}[by]
    hook({"lead": {"id": lead_id, "note": "Was there", **told}})
    work_off(synced)
    note = Note.objects.get()
    assert (note.task, note.lead.name) == (task, "With task")


def test_a_note_with_a_barcode_nobody_has_is_kept_without_a_task(synced: TwoSides) -> None:
    remote_id = partner(synced, name="Firm", email="firm@example.com", is_company=True)
    hook({"contact": {"id": remote_id, "note": "Hello", "barcode": "none"}})
    work_off(synced)
    note = Note.objects.get()
    assert (note.task, note.account) == (None, Account.objects.get(name="Firm"))


def test_a_note_on_a_record_that_is_not_here_waits_for_a_person(synced: TwoSides) -> None:
    """The note exists nowhere else, so it is not dropped with the hint."""
    hook({"contact": {"id": 99_999, "note": "Do not lose me"}})
    for _look in range(len(readback.DELAYS) + 1):
        work_off(synced, after=20)
    hint = InboxMessage.objects.get()
    assert hint.status == STATUS.PARKED
    assert hint.explanation == "This note came for a record that is not here. Odoo does not have this record."
    assert hint.body["note"] == "Do not lose me"


def test_the_sandboxes_own_hook_arrives_over_the_wire(
    synced: TwoSides, live_server: Any, settings: LazySettings
) -> None:
    """From the edit in Odoo to the value here, with the body that Odoo sends and the key in the query."""
    remote_id = partner(synced)
    synced.control.settings(webhook_url=f"{live_server.url}{HERE}?token={KEY}", webhook_synchronous=True)
    try:
        synced.control.write("res.partner", [remote_id], phone="+49 30 6")
    finally:
        synced.control.settings(webhook_url="", webhook_synchronous=False)
    assert InboxMessage.objects.get().remote_id == remote_id
    work_off(synced)
    assert Contact.objects.get(name="Paula").phone == "+49 30 6"

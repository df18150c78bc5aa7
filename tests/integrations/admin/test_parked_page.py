"""Parked messages: by reason, with the payload, corrected, sent again, dropped with a reason; none is lost silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Activity, Contact, Note, Task, User
from integrations import outbox
from integrations.admin.parked import ICONS, REMEDIES
from integrations.models import Binding, Connection, InboxMessage, IntegrationEvent, OutboxMessage, content_type_of
from tests.factories import AccountFactory, ActivityFactory, ContactFactory, NoteFactory, TaskFactory, UserFactory

SignIn = Callable[[User], Client]
STATUS, REASON = OutboxMessage.Status, OutboxMessage.Reason
HERE = "/admin/sync/parked/"
REASONS = [reason for reason in REASON.values if reason]


@pytest.fixture
def client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


@pytest.fixture
def parked(connection_to_odoo: Connection) -> OutboxMessage:
    return message(connection_to_odoo, ContactFactory.create(name="Carla", email="carla@example.com", phone="1"))


def message(odoo: Connection, record: Any, status: str = STATUS.PARKED, **values: Any) -> OutboxMessage:
    return OutboxMessage.objects.create(
        connection=odoo,
        content_type=content_type_of(record),
        object_uuid=record.uuid,
        status=status,
        **{
            "remote_model": "res.partner",
            "reason": "bad_data",
            "explanation": "Bad e-mail",
            "refusals": 3,
            "attempts": 3,
            **values,
        },
    )


def page_of(row: OutboxMessage) -> str:
    return reverse("sync:parked-message", args=(row.pk,))


def send(client: Client, row: OutboxMessage, **changed: Any) -> str:
    """Send the form of one message as a browser would, with some fields changed."""
    form = client.get(page_of(row)).context["form"]
    held = {name: one.initial for name, one in form.fields.items()}
    typed = {name: "" if value is None else value for name, value in {**held, **changed}.items()}
    version = client.get(page_of(row)).context["version"]
    answer = client.post(page_of(row), {"send": "1", "version": version, **typed}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def many(client: Client, query: str = "", **values: Any) -> str:
    answer = client.post(f"{HERE}{query}", values, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the list


def test_every_reason_has_its_words_and_its_remedy(client: Client, connection_to_odoo: Connection) -> None:
    for reason in REASONS:
        message(connection_to_odoo, ContactFactory.create(), reason=reason, explanation=f"Odoo says {reason} <b>")

    page = client.get(HERE).content.decode()

    for reason in REASONS:
        assert f"Odoo says {reason} &lt;b&gt;" in page
        assert str(REMEDIES[reason]) in page.replace("&#x27;", "'")
        assert str(REASON(reason).label) in page
    assert set(ICONS) == set(REMEDIES) == {*REASONS, "incoming"}


def test_reasons_and_kinds_narrow_the_list(client: Client, parked: OutboxMessage) -> None:
    account = AccountFactory.create(name="Righteous")
    message(parked.connection, account, reason="missing_right")
    assert "Carla" not in client.get(f"{HERE}?reason=missing_right").content.decode()
    assert "Righteous" in client.get(f"{HERE}?reason=missing_right").content.decode()
    assert "No parked message fits this filter." in client.get(f"{HERE}?model=crm.lead").content.decode()
    assert "Carla" in client.get(f"{HERE}?reason=nonsense&model=nonsense&before=²").content.decode()


def test_when_nothing_is_parked_it_says_so(client: Client) -> None:
    assert "Nothing is parked" in client.get(HERE).content.decode()


def test_the_list_costs_the_same_for_one_row_and_for_fifty(
    client: Client, parked: OutboxMessage, django_assert_max_num_queries: Any
) -> None:
    client.get(HERE)
    with CaptureQueriesContext(database) as one:
        client.get(HERE)
    for _number in range(60):
        message(parked.connection, ContactFactory.create())
    with django_assert_max_num_queries(len(one)):
        answer = client.get(HERE)
    assert len(one) == 6, [query["sql"][:100] for query in one]
    assert len(answer.context["groups"][0]["rows"]) == 50
    rest = client.get(f"{HERE}{answer.context['next_url']}")
    assert len(rest.context["groups"][0]["rows"]) == 11


# --- the payload


def test_the_payload_of_a_new_record_is_what_would_go_now(client: Client, parked: OutboxMessage) -> None:
    Contact.objects.update(phone="2")
    page = client.get(page_of(parked)).content.decode()
    assert "A new record would be sent" in page
    for cell in ("name = Carla", "email = carla@example.com", "phone = 2"):
        assert cell in page
    assert "Bad e-mail" in page


def test_the_payload_of_a_known_record_is_what_differs(client: Client, parked: OutboxMessage) -> None:
    contact = Contact.objects.get()
    Binding.objects.create(
        connection=parked.connection,
        remote_model="res.partner",
        remote_id=7,
        state="bound",
        content_type=parked.content_type,
        object_uuid=contact.uuid,
        external_name="x",
        base={"name": "Carla", "email": "old@example.com", "phone": "1"},
    )
    page = client.get(page_of(parked)).content.decode()
    assert "These changes would be sent" in page
    assert "email = carla@example.com" in page
    assert "name = Carla" not in page
    Binding.objects.update(base={"name": "Carla", "email": "carla@example.com", "phone": "1"})
    assert "Nothing differs any more" in client.get(page_of(parked)).content.decode()


def test_a_corrected_field_changes_the_record_and_the_message_goes_again(client: Client, parked: OutboxMessage) -> None:
    assert "It is on the way again." in send(client, parked, email="new@example.com")

    contact = Contact.objects.get()
    assert (contact.email, contact.version, contact.updated_by) == ("new@example.com", 2, User.objects.get(name="Ada"))
    waiting = OutboxMessage.objects.get(status=STATUS.WAITING)
    assert waiting.object_uuid == contact.uuid
    assert OutboxMessage.objects.filter(status=STATUS.PARKED).count() == 0


def test_sent_again_without_a_correction_it_is_the_same_message(client: Client, parked: OutboxMessage) -> None:
    assert "It is on the way again." in send(client, parked)
    parked.refresh_from_db()
    assert (parked.status, parked.refusals, parked.reason, parked.explanation) == (STATUS.WAITING, 0, "", "")
    assert parked.waiting_key == outbox.waiting_key(parked.connection_id, "res.partner", parked.object_uuid)
    assert outbox.claim(parked.connection, "res.partner", limit=5).messages == [parked]
    assert Contact.objects.get().version == 1


def test_sent_again_beside_a_newer_one_it_is_superseded(client: Client, parked: OutboxMessage) -> None:
    key = outbox.waiting_key(parked.connection_id, "res.partner", parked.object_uuid)
    newer = message(parked.connection, Contact.objects.get(), STATUS.WAITING, waiting_key=key)
    assert "A newer message of this record waits already" in send(client, parked)
    parked.refresh_from_db()
    newer.refresh_from_db()
    assert (parked.status, newer.status) == (STATUS.SUPERSEDED, STATUS.WAITING)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"phone": "1" * 300}, "at most"),
        ({"name": "x" * 300}, "at most"),
        ({"owner": "99999"}, "Select a valid choice."),
    ],
)
def test_a_bad_correction_is_told_at_the_field_and_nothing_goes(
    client: Client, parked: OutboxMessage, changed: dict[str, str], words: str
) -> None:
    assert words in send(client, parked, **changed)
    parked.refresh_from_db()
    assert (parked.status, Contact.objects.get().version) == (STATUS.PARKED, 1)


def test_a_correction_of_what_somebody_saved_meanwhile_is_told(client: Client, parked: OutboxMessage) -> None:
    assert client.post(page_of(parked), {"send": "1", "version": "²", "name": ""}).status_code == 200
    values = {"send": "1", "version": "0", "name": "Carla", "email": "new@example.com", "phone": "1"}
    assert "Somebody else saved" in client.post(page_of(parked), values, follow=True).content.decode()
    parked.refresh_from_db()
    assert (parked.status, Contact.objects.get().email) == (STATUS.PARKED, "carla@example.com")


def test_the_text_of_a_note_is_corrected_before_it_goes(client: Client, connection_to_odoo: Connection) -> None:
    note = NoteFactory.create(account=AccountFactory.create(name="Acme"), body="<p>One</p>")
    row = message(connection_to_odoo, note, kind="fact", remote_model="mail.message")
    assert ">Acme</a>" in client.get(page_of(row)).content.decode()
    assert "A note needs some text." in send(client, row, body="   ") or Note.objects.get().version == 1
    assert "It is on the way again." in send(client, row, body="Two & three")
    assert Note.objects.get().body == "<p>Two &amp; three</p>"


@pytest.fixture
def with_own_fields(parked: OutboxMessage) -> OutboxMessage:
    """A parked contact that has two fields of the user's own, and one that comes from Odoo only."""
    common = {"model": "res.partner", "direction": "both", "token": "t"}
    fields = [
        {**common, "name": "x_customer_number", "label": "Customer Number", "type": "char"},
        {**common, "name": "x_visits", "label": "Visits", "type": "integer"},
        {**common, "name": "x_rank", "label": "Rank", "type": "char", "direction": "in"},
    ]
    Connection.objects.update(own_fields=fields)
    Contact.objects.update(custom={"x_customer_number": "K-1", "x_rank": "A"})
    return parked


def test_a_field_of_the_users_own_is_corrected_too(client: Client, with_own_fields: OutboxMessage) -> None:
    form = client.get(page_of(with_own_fields)).context["form"]
    assert (form["custom.x_customer_number"].initial, form["custom.x_visits"].initial) == ("K-1", None)
    assert "custom.x_rank" not in form.fields

    page = send(client, with_own_fields, **{"custom.x_customer_number": "K-2", "custom.x_visits": "3"})

    assert "It is on the way again." in page
    contact = Contact.objects.get()
    assert contact.custom == {"x_customer_number": "K-2", "x_visits": 3, "x_rank": "A"}
    assert contact.version == 2


def test_a_bad_value_of_the_users_own_field_is_told_at_the_field(
    client: Client, with_own_fields: OutboxMessage
) -> None:
    assert "Enter a whole number." in send(client, with_own_fields, **{"custom.x_visits": "many"})
    with_own_fields.refresh_from_db()
    assert (with_own_fields.status, Contact.objects.get().version) == (STATUS.PARKED, 1)


@pytest.mark.parametrize("kind", ["task", "meeting"])
def test_the_words_of_a_task_and_a_meeting_are_corrected(
    client: Client, connection_to_odoo: Connection, kind: str
) -> None:
    account = AccountFactory.create()
    made: dict[str, tuple[Any, str, str]] = {
        "task": (TaskFactory, "mail.activity", "title"),
        "meeting": (ActivityFactory, "calendar.event", "subject"),
    }
    factory, model, name = made[kind]
    record = factory.create(account=account)
    row = message(connection_to_odoo, record, kind="fact", remote_model=model)
    send(client, row, **{name: "Corrected"})
    assert getattr((Task if kind == "task" else Activity).objects.get(), name) == "Corrected"


def test_what_stands_in_odoo_already_is_not_written_twice(client: Client, connection_to_odoo: Connection) -> None:
    note = NoteFactory.create(account=AccountFactory.create())
    row = message(connection_to_odoo, note, kind="fact", remote_model="mail.message")
    Binding.objects.create(
        connection=connection_to_odoo,
        remote_model="mail.message",
        remote_id=5,
        content_type=row.content_type,
        object_uuid=note.uuid,
        external_name="n",
    )
    assert client.get(page_of(row)).context["payload"].editable == []


def test_a_message_whose_record_is_gone_can_be_sent_or_dropped(client: Client, parked: OutboxMessage) -> None:
    Contact.objects.all().delete()
    page = client.get(page_of(parked)).content.decode()
    assert "The record here is gone" in page
    answer = client.post(page_of(parked), {"confirmed": "1", "why": "Gone"}, follow=True)
    assert "1 record: dropped." in answer.content.decode()


@pytest.mark.parametrize("status", [STATUS.DONE, STATUS.WAITING, STATUS.DROPPED])
def test_a_message_that_is_not_parked_leads_back_with_a_sentence(
    client: Client, connection_to_odoo: Connection, status: str
) -> None:
    row = message(connection_to_odoo, ContactFactory.create(), status)
    for answer in (client.get(page_of(row), follow=True), client.post(page_of(row), {"send": "1"}, follow=True)):
        assert "not parked any more" in answer.content.decode()
    row.refresh_from_db()
    assert row.status == status


# --- many


def test_chosen_ones_are_sent_again(client: Client, parked: OutboxMessage) -> None:
    other = message(parked.connection, ContactFactory.create())
    third = message(parked.connection, ContactFactory.create())
    assert "2 records: on the way again." in many(client, do="again", chosen=[parked.pk, other.pk])
    third.refresh_from_db()
    assert (OutboxMessage.objects.filter(status=STATUS.WAITING).count(), third.status) == (2, STATUS.PARKED)


def test_all_of_a_reason_are_sent_again(client: Client, parked: OutboxMessage) -> None:
    message(parked.connection, ContactFactory.create())
    message(parked.connection, ContactFactory.create(), reason="missing_right")
    many(client, "?reason=bad_data", do="again", all="1")
    assert [one.reason for one in OutboxMessage.objects.filter(status=STATUS.PARKED)] == ["missing_right"]


def test_they_are_dropped_with_a_reason_that_is_kept(client: Client, parked: OutboxMessage) -> None:
    rows = [parked, message(parked.connection, ContactFactory.create())]
    chosen = [row.pk for row in rows]
    assert "Drop 2 messages?" in many(client, do="drop", chosen=chosen)
    assert "This field is required." in many(client, confirmed="1", why=" ", chosen=chosen)
    assert not OutboxMessage.objects.filter(status=STATUS.DROPPED).exists()
    assert "2 records: dropped." in many(client, confirmed="1", why="A test record", chosen=chosen)
    parked.refresh_from_db()
    assert (parked.status, parked.explanation) == (STATUS.DROPPED, "Ada: A test record\nBad e-mail")
    assert IntegrationEvent.objects.filter(kind="message dropped").count() == 2


@pytest.mark.parametrize("chosen", [[], ["x"], ["9" * 30]])
def test_choosing_nothing_is_told(client: Client, parked: OutboxMessage, chosen: list[str]) -> None:
    assert "Choose at least one message." in many(client, do="drop", chosen=chosen)


def test_nothing_is_ever_dropped_silently(client: Client, connection_to_odoo: Connection) -> None:
    """Whatever is done on the page, every message is accounted for: waiting, superseded beside a newer one, or dropped
    with a reason and an event."""
    rows = [message(connection_to_odoo, ContactFactory.create(), reason=reason) for reason in REASONS for _ in "ab"]
    send(client, rows[0], phone="new")
    many(client, do="again", chosen=[row.pk for row in rows[1:5]])
    many(client, do="drop", chosen=[row.pk for row in rows[5:9]])
    many(client, confirmed="1", why="Because", chosen=[row.pk for row in rows[5:8]])
    many(client, confirmed="1", why="", chosen=[rows[8].pk])

    now = dict(OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "status"))
    by_status = [list(now.values()).count(status) for status in (STATUS.WAITING, STATUS.SUPERSEDED, STATUS.DROPPED)]
    assert by_status == [4, 1, 3]
    assert list(now.values()).count(STATUS.PARKED) == len(rows) - 8
    assert OutboxMessage.objects.filter(object_uuid=rows[0].object_uuid, status=STATUS.WAITING).count() == 1
    dropped = OutboxMessage.objects.filter(status=STATUS.DROPPED)
    assert all(one.explanation.startswith("Ada: Because\n") for one in dropped)
    assert IntegrationEvent.objects.filter(kind="message dropped").count() == 3


# --- from Odoo


def test_a_record_of_odoo_that_cannot_be_kept_is_read_again(client: Client, connection_to_odoo: Connection) -> None:
    hint = InboxMessage.objects.create(
        connection=connection_to_odoo, remote_model="res.partner", remote_id=7, status="parked", explanation="Too long"
    )
    page = client.get(f"{HERE}?reason=incoming").content.decode()
    assert "Too long" in page
    assert "Drop with a reason" not in page
    assert "1 record: read again." in many(client, "?reason=incoming", do="again", chosen=[hint.pk])
    hint.refresh_from_db()
    assert (hint.status, hint.explanation) == ("waiting", "")


# --- who may


def test_managers_look_and_admins_act(parked: OutboxMessage, signed_in: SignIn, owner: User) -> None:
    manager = signed_in(UserFactory.create(role=User.Role.SALES_MANAGER))
    assert "Carla" in manager.get(HERE).content.decode()
    assert 'name="send"' not in manager.get(page_of(parked)).content.decode()
    assert manager.post(HERE, {"do": "again", "chosen": [parked.pk]}).status_code == 403
    assert manager.post(page_of(parked), {"send": "1"}).status_code == 403
    assert manager.post(page_of(parked), {"confirmed": "1", "why": "x"}).status_code == 403
    sales = signed_in(owner)
    assert [sales.get(HERE).status_code, sales.get(page_of(parked)).status_code] == [403, 403]
    parked.refresh_from_db()
    assert parked.status == STATUS.PARKED


def test_strangers_are_sent_to_the_sign_in(parked: OutboxMessage) -> None:
    for answer in (Client().get(HERE), Client().post(page_of(parked), {"send": "1"})):
        assert answer.status_code == 302


def test_the_log_of_outgoing_messages_leads_to_the_page_and_settles_nothing_itself(
    client: Client, parked: OutboxMessage
) -> None:
    log = reverse("admin:integrations_outboxmessage_change", args=(parked.pk,)).replace("change/", "settle/")
    assert client.get(log)["Location"] == page_of(parked)
    assert "send_again" not in client.get(reverse("admin:integrations_outboxmessage_changelist")).content.decode()

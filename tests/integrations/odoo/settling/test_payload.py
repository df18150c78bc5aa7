"""What a parked message would say: it is what goes; and a correction that makes Odoo take it, on every series."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from crm.models import Account, Country, Note, User
from crm.services.accounts import create_account, update_account
from crm.services.contacts import create_contact
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity, update_opportunity
from integrations.models import OutboxMessage
from integrations.odoo.settling.payload import Payload, correct, payload_of
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATUS, REASON = OutboxMessage.Status, OutboxMessage.Reason


def parked(sides: TwoSides, record: object) -> OutboxMessage:
    """The newest message of a record, set aside as if Odoo had refused it."""
    OutboxMessage.objects.filter(pk=sides.message(record).pk).update(
        status=STATUS.PARKED, waiting_key=None, reason=REASON.BAD_DATA, explanation="No."
    )
    return sides.message(record)


def columns(payload: Payload | None) -> dict[str, str]:
    assert payload is not None
    pairs = [pair.partition(" = ") for cell in payload.cells for pair in cell.columns.split(", ")]
    return {column: cell for column, _equals, cell in pairs}


@pytest.mark.parametrize("series", [16, 18, 19])
def test_the_payload_of_a_new_record_is_what_odoo_then_holds(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    deal = create_opportunity(
        actor=admin_user, name="Deal", account=account, amount=Decimal("12.50"), priority="2", description="a & b"
    )
    message = parked(synced, deal)

    told = columns(payload_of(message))

    assert correct(message, values={}, actor=admin_user) is True
    synced.settle()
    row = synced.there(deal)
    assert (told["name"], told["expected_revenue"], told["priority"]) == ("Deal", "12.50", "2")
    assert (row["name"], row["expected_revenue"], row["priority"]) == ("Deal", 12.5, "2")
    assert int(told["partner_id/.id"]) == row["partner_id"] == synced.remote_id(account)
    assert told["description"] == "<p>a &amp; b</p>"


def test_the_payload_of_a_known_record_is_what_differs_and_nothing_else(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1", city="Ulm")
    synced.settle()
    update_account(account, actor=admin_user, city="Bonn")
    message = parked(synced, account)

    assert columns(payload_of(message)) == {"city": "Bonn"}

    synced.control.reset_counters()
    correct(message, values={}, actor=admin_user)
    synced.settle()
    assert (synced.there(account)["city"], synced.there(account)["phone"]) == ("Bonn", "1")
    assert synced.loads() == {"res.partner.load": 1}


def test_what_a_company_owns_is_not_part_of_its_peoples_payload(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", city="Ulm")
    contact = create_contact(actor=admin_user, name="Carla", account=account, city="Bonn")
    message = parked(synced, contact)
    told = columns(payload_of(message))
    assert "city" not in told
    assert told["waits for its counterpart in Odoo"] == ""


def dead_country(sides: TwoSides) -> Country:
    """A country that Odoo does not have any more."""
    country = Country.objects.get(code="DE")
    sides.connection.bindings.filter(remote_model="res.country", object_uuid=country.uuid).update(remote_id=9999)
    return country


@pytest.mark.parametrize("series", [16, 18, 19])
def test_a_refused_row_is_corrected_and_arrives(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", country=dead_country(synced))
    for _try in range(6):
        synced.push()
        synced.let_wait_pass()
    message = synced.message(account)
    assert (message.status, message.reason) == (STATUS.PARKED, REASON.BAD_DATA)
    payload = payload_of(message)
    assert payload is not None
    assert "country" in payload.editable[: payload.sent]

    correct(message, values={"country": None}, actor=admin_user, version=payload.obj.version)
    synced.settle()

    assert synced.there(account)["name"] == "Acme"
    assert not OutboxMessage.objects.filter(status=STATUS.PARKED).exists()


def test_a_corrected_note_arrives_once_with_its_new_text(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    note = write_note(actor=admin_user, body="Old", account=account)
    synced.push("res.partner")
    message = parked(synced, note)

    correct(message, values={"body": "New"}, actor=admin_user)
    synced.settle()

    bodies = [row["body"] for row in synced.control.dump("mail.message") if "New" in str(row["body"])]
    assert len(bodies) == 1
    assert not [row for row in synced.control.dump("mail.message") if "Old" in str(row["body"])]
    again = parked(synced, note)
    with pytest.raises(ValidationError, match="in Odoo already"):
        correct(again, values={"body": "Newer"}, actor=admin_user)
    assert Note.objects.get().body == "<p>New</p>"


def test_a_refused_correction_leaves_record_and_message_as_they_are(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    message = parked(synced, account)

    with pytest.raises(ValidationError):
        correct(message, values={"name": ""}, actor=admin_user, version=1)

    assert Account.objects.get(name="Acme").version == 1
    assert synced.message(account).status == STATUS.PARKED


def test_a_message_that_went_meanwhile_is_not_corrected(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    message = parked(synced, account)
    OutboxMessage.objects.filter(pk=message.pk).update(status=STATUS.DONE)

    with pytest.raises(ValidationError, match="Only a parked message"):
        correct(message, values={"name": "Other"}, actor=admin_user, version=1)

    assert Account.objects.filter(name="Acme").exists()


def test_a_probability_that_nobody_set_is_not_part_of_the_payload(synced: TwoSides, admin_user: User) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()
    update_opportunity(deal, actor=admin_user, amount=Decimal(5))
    assert set(columns(payload_of(parked(synced, deal)))) == {"expected_revenue"}

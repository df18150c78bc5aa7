"""The user's own fields of Odoo travel as any other field: read once when new, each with its base and its rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from crm.models import Contact, Opportunity, User
from crm.services.accounts import create_account, update_account
from integrations.models import Conflict, Connection, PullCursor, SyncRun
from integrations.odoo.applying.report import Report
from integrations.odoo.pulling import own_fields as reading
from integrations.odoo.pulling.rehearsal import rehearse
from integrations.odoo.settling import conflicts, own_fields
from integrations.odoo.settling.conflicts import stamp_of
from integrations.odoo.settling.own_fields import Wish
from leads.conversion import convert_lead
from leads.services import create_lead, update_lead
from tests.integrations.odoo.conftest import SERIES
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
SOURCE, NUMBER = Wish("crm.lead", "x_download_source"), Wish("res.partner", "x_customer_number")
LEAD_NAMES = ("x_download_source", "x_briefing", "x_lead_score", "x_budget", "recurring_revenue", "x_consent_marketing",
              "x_contract_until", "x_demo_at")  # fmt: skip
HERE: dict[str, Any] = {
    "x_download_source": "Fair",
    "x_briefing": "Two lines\nof text",
    "x_lead_score": 7,
    "x_budget": "1200.5",
    "recurring_revenue": "99",
    "x_consent_marketing": True,
    "x_contract_until": "2027-01-31",
    "x_demo_at": "2026-12-01 08:30:00",
}


def map_fields(sides: TwoSides, actor: User, *wishes: Wish) -> list[Any]:
    """Put exactly these fields on the map, as the page does."""
    sides.connection.refresh_from_db()
    found = own_fields.check(sides.connection, wishes)
    assert [wish.errors for wish in wishes] == [{}] * len(wishes)
    return own_fields.keep(sides.connection, found, actor=actor, seen=stamp_of(sides.connection.own_fields))


def retype(kind: str) -> None:
    """Odoo's field is another one than was mapped: seen from here, the map says another type than Odoo does."""
    entries = Connection.objects.get().own_fields
    Connection.objects.update(own_fields=[{**one, "type": kind} for one in entries])


@pytest.mark.parametrize("series", SERIES)
def test_every_type_travels_both_ways(synced: TwoSides, admin_user: User) -> None:
    map_fields(
        synced, admin_user, *[Wish("crm.lead", name) for name in LEAD_NAMES], Wish("res.partner", "x_cold_call_status")
    )
    lead = create_lead(actor=admin_user, name="Mill", custom=HERE)
    account = create_account(actor=admin_user, name="Acme", custom={"x_cold_call_status": "callback_requested"})
    synced.settle()
    there = synced.there(lead)
    assert {name: there[name] for name in LEAD_NAMES} == {
        **HERE, "x_budget": 1200.5, "recurring_revenue": 99.0
    }  # fmt: skip
    assert synced.there(account)["x_cold_call_status"] == "callback_requested"

    synced.control.write(
        "crm.lead", [there["id"]], x_lead_score=8, x_budget=0.25, x_contract_until="2028-02-29", x_demo_at=False
    )
    synced.control.write("res.partner", [synced.remote_id(account)], x_cold_call_status="meeting_booked")
    synced.settle()
    lead.refresh_from_db()
    account.refresh_from_db()
    changed = {"x_lead_score": 8, "x_budget": "0.25", "x_contract_until": "2028-02-29"}
    assert lead.custom == {key: value for key, value in {**HERE, **changed}.items() if key != "x_demo_at"}
    assert account.custom == {"x_cold_call_status": "meeting_booked"}

    emptied = {"x_briefing": "", "x_budget": None, "x_consent_marketing": False, "x_contract_until": None}
    update_lead(lead, actor=admin_user, custom={**emptied, "x_demo_at": datetime(2026, 12, 2, 9, tzinfo=UTC)})
    synced.control.reset_counters()
    synced.settle()
    there = synced.there(lead)
    assert [there["x_briefing"], there["x_budget"], there["x_consent_marketing"], there["x_contract_until"]] == [
        False, 0.0, False, False
    ]  # fmt: skip
    assert (there["x_demo_at"], there["x_lead_score"]) == ("2026-12-02 09:00:00", 8)
    assert synced.calls("crm.lead.load") == 1
    assert not Conflict.objects.exists()


def test_a_new_field_is_read_once_of_every_record_and_an_empty_side_takes_the_other(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.patch(
        "res.partner", [synced.remote_id(account)], x_customer_number="K-1", write_date="2020-01-01 00:00:00"
    )
    synced.settle()
    map_fields(synced, admin_user, NUMBER)
    synced.control.reset_counters()

    synced.pull()
    account.refresh_from_db()
    assert account.custom == {"x_customer_number": "K-1"}
    assert PullCursor.objects.get(remote_model="res.partner").own_read != []
    reads = synced.calls("res.partner.read")
    assert reads >= 1
    synced.pull()
    assert synced.calls("res.partner.read") == reads

    map_fields(synced, admin_user)
    update_account(account, actor=admin_user, phone="1")
    synced.settle()
    account.refresh_from_db()
    assert account.custom == {"x_customer_number": "K-1"}
    synced.control.write("res.partner", [synced.remote_id(account)], x_customer_number="K-2")
    synced.settle()
    map_fields(synced, admin_user, NUMBER)
    synced.settle()
    account.refresh_from_db()
    assert account.custom == {"x_customer_number": "K-2"}


def test_reading_a_new_field_goes_on_where_it_was_killed(synced: TwoSides, admin_user: User) -> None:
    accounts = [create_account(actor=admin_user, name=f"Acme {number}") for number in range(3)]
    synced.settle()
    for account in accounts:
        synced.control.write("res.partner", [synced.remote_id(account)], x_customer_number=account.name)
    synced.settle()
    map_fields(synced, admin_user, NUMBER)
    with synced.session() as session:
        cursor = PullCursor.objects.get(remote_model="res.partner")
        model_map = session.maps.of("res.partner")
        session.options = type(session.options)(**{**vars(session.options), "page_size": 1})
        seen: list[int] = []
        answers = iter([Report(), Report()])

        def killed_at_the_third(*args: Any, **kwargs: Any) -> Any:
            seen.extend(args[2])
            return next(answers)

        with pytest.raises(StopIteration):
            reading.read_new(session, model_map, cursor, read=killed_at_the_third)
    held = PullCursor.objects.get(remote_model="res.partner")
    assert (held.own_id, held.own_read) == (seen[1], [])
    synced.pull()
    cursor.refresh_from_db()
    assert (cursor.own_id, len(cursor.own_read)) == (0, 1)


@pytest.mark.parametrize(("rule", "winner"), [("odoo", "there"), ("here", "here")])
def test_a_conflict_on_an_own_field_is_settled_by_its_rule(
    synced: TwoSides, admin_user: User, rule: str, winner: str
) -> None:
    map_fields(synced, admin_user, NUMBER)
    Connection.objects.update(field_rules={"res.partner.x_customer_number": rule})
    account = create_account(actor=admin_user, name="Acme", custom={"x_customer_number": "K"})
    synced.settle()
    update_account(account, actor=admin_user, custom={"x_customer_number": "here"})
    synced.control.write("res.partner", [synced.remote_id(account)], x_customer_number="there")
    synced.settle()

    account.refresh_from_db()
    assert account.custom["x_customer_number"] == synced.there(account)["x_customer_number"] == winner
    (conflict,) = synced.conflicts(account)
    assert (conflict.field, conflict.base, conflict.here, conflict.odoo) == ("x_customer_number", "K", "here", "there")
    conflicts.take_back(conflict, actor=admin_user)
    synced.settle()
    account.refresh_from_db()
    assert account.custom["x_customer_number"] == synced.there(account)["x_customer_number"] != winner


def test_a_field_that_odoo_has_no_more_is_told_and_its_values_wait_here(synced: TwoSides, admin_user: User) -> None:
    map_fields(synced, admin_user, SOURCE)
    lead = create_lead(actor=admin_user, name="Mill", custom={"x_download_source": "Fair"})
    synced.settle()
    retype("text")
    update_lead(lead, actor=admin_user, name="Mill 2", custom={"x_download_source": "Web"})
    synced.settle()
    assert PullCursor.objects.get(remote_model="crm.lead").own_lacking == ["x_download_source"]
    assert (synced.there(lead)["name"], synced.there(lead)["x_download_source"]) == ("Mill 2", "Fair")
    assert synced.waiting() == 0

    retype("char")
    update_lead(lead, actor=admin_user, name="Mill 3")
    synced.settle()
    assert PullCursor.objects.get(remote_model="crm.lead").own_lacking == []
    assert synced.there(lead)["x_download_source"] == "Web"


def test_from_odoo_only_is_never_sent(synced: TwoSides, admin_user: User) -> None:
    map_fields(synced, admin_user, Wish("crm.lead", "x_lead_score", "", "in"))
    lead = create_lead(actor=admin_user, name="Mill", custom={"x_lead_score": 5})
    synced.settle()
    assert synced.there(lead)["x_lead_score"] == 0
    synced.control.write("crm.lead", [synced.remote_id(lead)], x_lead_score=9)
    synced.settle()
    lead.refresh_from_db()
    assert lead.custom == {"x_lead_score": 9}


def test_own_values_go_along_when_a_record_turns_into_another_noun(synced: TwoSides, admin_user: User) -> None:
    map_fields(synced, admin_user, SOURCE, NUMBER)
    lead = create_lead(actor=admin_user, name="Mill", company_name="Acme", custom={"x_download_source": "Fair"})
    opportunity = convert_lead(lead, actor=admin_user).opportunity
    synced.settle()
    assert opportunity.custom == {"x_download_source": "Fair"}
    assert synced.there(opportunity)["x_download_source"] == "Fair"
    assert Opportunity.objects.get().custom == opportunity.custom

    other = create_account(actor=admin_user, name="Person", custom={"x_customer_number": "K-7"})
    synced.settle()
    synced.control.write("res.partner", [synced.remote_id(other)], is_company=False)
    synced.settle()
    assert Contact.objects.get(uuid=other.uuid).custom == {"x_customer_number": "K-7"}
    assert not Conflict.objects.exists()


def test_the_rehearsal_and_a_run_name_own_fields(synced: TwoSides, admin_user: User) -> None:
    map_fields(synced, admin_user, NUMBER)
    account = create_account(actor=admin_user, name="Acme", custom={"x_customer_number": "K"})
    synced.settle()
    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(account)], x_customer_number="K-2")
    with synced.session() as session:
        found = {one.remote_model: one.counts for one in rehearse(session).models}
    assert found["res.partner"]["changed"] == 1
    synced.pull()
    image = SyncRun.objects.order_by("-id").filter(images__isnull=False)[0].images.get()
    assert image.fields == {"x_customer_number": ["K", "K-2"]}


@pytest.mark.parametrize(
    ("custom", "sentence"),
    [
        ({"x_lead_score": "many"}, "“many” does not fit: Whole number."),
        ({"x_lead_score": 2**31}, "“2147483648” does not fit: Whole number."),
        ({"x_download_source": 5}, "“5” does not fit: Text, one line."),
        ({"x_download_source": "a\x00b"}, "“a\x00b” does not fit: Text, one line."),
        ({"x_other": "1"}, "There is no field of your own “x_other”."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(
    connection_to_odoo: Connection, admin_user: User, custom: dict[str, Any], sentence: str
) -> None:
    common = {"model": "crm.lead", "label": "L", "direction": "both", "token": "t"}
    entries = [
        {**common, "name": "x_lead_score", "type": "integer"},
        {**common, "name": "x_download_source", "type": "char"},
    ]
    Connection.objects.update(own_fields=entries)
    lead = create_lead(actor=admin_user, name="Mill")
    with pytest.raises(ValidationError) as refusal:
        update_lead(lead, actor=admin_user, custom=custom)
    assert refusal.value.messages == [sentence]
    lead.refresh_from_db()
    assert lead.custom == {}

"""Failure cases of meaning: time zones, HTML, mails, numbers, refused fields, filters, names, probability."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from crm.models import CommunicationLog, Stage, User
from crm.services.accounts import create_account, update_account
from crm.services.activities import log_activity
from crm.services.contacts import create_contact, update_contact
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity, move_to_stage, update_opportunity
from crm.services.tasks import create_task
from integrations.models import IntegrationEvent, OutboxMessage
from integrations.odoo.wire.domains import same_text
from leads.services import create_lead, update_lead
from tests.factories import UserFactory
from tests.support.failure_cases import length
from tests.support.faultproxy import running_proxy
from tests.support.sandbox import RunningSandbox
from tests.support.two_sides import TwoSides, two_sides

pytestmark = pytest.mark.django_db
STATUS = OutboxMessage.Status
ROOT = Path(__file__).resolve().parents[4]
AUCKLAND, LOS_ANGELES = "Pacific/Auckland", "America/Los_Angeles"
# Zone, wall clock, which of two equal hours, and the moment in UTC: half past eleven at night in winter and summer, on
# the eve of both clock changes and on their day, and the hour that comes twice.
MOMENTS = [
    (AUCKLAND, "2026-07-01 23:30", 0, "2026-07-01 11:30:00"),
    (AUCKLAND, "2026-12-01 23:30", 0, "2026-12-01 10:30:00"),
    (AUCKLAND, "2026-04-04 23:30", 0, "2026-04-04 10:30:00"),
    (AUCKLAND, "2026-04-05 02:30", 0, "2026-04-04 13:30:00"),
    (AUCKLAND, "2026-04-05 02:30", 1, "2026-04-04 14:30:00"),
    (AUCKLAND, "2026-04-05 23:30", 0, "2026-04-05 11:30:00"),
    (AUCKLAND, "2026-09-26 23:30", 0, "2026-09-26 11:30:00"),
    (AUCKLAND, "2026-09-27 23:30", 0, "2026-09-27 10:30:00"),
    (LOS_ANGELES, "2026-07-01 23:30", 0, "2026-07-02 06:30:00"),
    (LOS_ANGELES, "2026-12-01 23:30", 0, "2026-12-02 07:30:00"),
    (LOS_ANGELES, "2026-03-07 23:30", 0, "2026-03-08 07:30:00"),
    (LOS_ANGELES, "2026-03-08 23:30", 0, "2026-03-09 06:30:00"),
    (LOS_ANGELES, "2026-10-31 23:30", 0, "2026-11-01 06:30:00"),
    (LOS_ANGELES, "2026-11-01 01:30", 0, "2026-11-01 08:30:00"),
    (LOS_ANGELES, "2026-11-01 01:30", 1, "2026-11-01 09:30:00"),
    (LOS_ANGELES, "2026-11-01 23:30", 0, "2026-11-02 07:30:00"),
]


@pytest.mark.sandbox
def test_failure_case_14_moments_keep_their_place_and_days_stay_days_whatever_our_users_zone_in_odoo(
    sides: TwoSides, admin_user: User
) -> None:
    sides.control.patch("res.users", [sides.odoo.uid], tz=AUCKLAND)
    account = create_account(actor=admin_user, name="Acme")
    wanted = {}
    for number, (place, clock, fold, utc) in enumerate(MOMENTS):
        moment = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(place), fold=fold)
        day = moment.date()
        log_activity(actor=admin_user, type="meeting", subject=f"M{number}", starts_at=moment, account=account)
        create_task(actor=admin_user, title=f"M{number}", due_on=day, account=account)
        deal = create_opportunity(actor=admin_user, name=f"M{number}", account=account, close_date=day)
        type(deal).objects.filter(pk=deal.pk).update(converted_at=moment)
        wanted[f"M{number}"] = (utc, day.isoformat(), day.isoformat(), utc)

    sides.settle()

    starts = {row["name"]: row["start"] for row in sides.control.dump("calendar.event")}
    days = {row["summary"]: row["date_deadline"] for row in sides.control.dump("mail.activity")}
    deals = {row["name"]: (row["date_deadline"], row["date_conversion"]) for row in sides.control.dump("crm.lead")}
    assert {name: (starts[name], days[name], *deals[name]) for name in wanted} == wanted


# Assignee's zone, half past eleven at night or in the morning there as a moment in UTC, and the day it is there.
EVENINGS = [
    (LOS_ANGELES, datetime(2026, 11, 23, 7, 30, tzinfo=UTC), "2026-11-22"),
    (LOS_ANGELES, datetime(2026, 3, 9, 6, 30, tzinfo=UTC), "2026-03-08"),
    (LOS_ANGELES, datetime(2026, 11, 2, 7, 30, tzinfo=UTC), "2026-11-01"),
    (AUCKLAND, datetime(2026, 11, 22, 10, 30, tzinfo=UTC), "2026-11-22"),
    (AUCKLAND, datetime(2026, 4, 4, 22, 30, tzinfo=UTC), "2026-04-05"),
    (AUCKLAND, datetime(2026, 9, 26, 22, 30, tzinfo=UTC), "2026-09-27"),
]


def test_failure_case_14_a_task_without_a_day_is_due_today_where_its_assignee_is(
    sides: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    sides.settle()
    for number, (zone, moment, _day) in enumerate(EVENINGS):
        assignee = UserFactory.create(email=f"u{number}@example.com", time_zone=zone)
        with time_machine.travel(moment):
            create_task(actor=admin_user, title=f"T{number}", assignee=assignee, account=account)
            sides.push("mail.activity")

    days = {row["summary"]: row["date_deadline"] for row in sides.control.dump("mail.activity")}
    assert [days[f"T{number}"] for number in range(len(EVENINGS))] == [day for _zone, _moment, day in EVENINGS]


def test_failure_case_15_html_in_the_chatter_is_html_and_text_is_text_both_ways(
    sides: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    write_note(actor=admin_user, body="Write to <a@b.c> & ask: 1 < 2", account=account)
    write_note(
        actor=admin_user,
        body="<p>Call <b>now</b></p><p>From Bea <bea@example.com></p><script>alert(1)</script><img src=x>",
        is_html=True,
        account=account,
    )
    sides.settle()
    partner = sides.remote_id(account)
    for subject, body in (
        ("mark-up", "<p>Hi <b>you</b><script>alert(2)</script></p>"),
        ("text", "<p>Bea &lt;bea@example.com&gt; &amp; 1 &lt; 2</p>"),
    ):
        sides.control.call("res.partner", "message_post", [partner], body=body, body_is_html=True, subject=subject)

    sides.settle()

    bodies = [row["body"] for row in sides.control.dump("mail.message") if row["res_id"] == partner]
    assert bodies.count("<p>Write to &lt;a@b.c&gt; &amp; ask: 1 &lt; 2</p>") == 1
    assert bodies.count("<p>Call <b>now</b></p><p>From Bea &lt;bea@example.com&gt;</p>") == 1
    here = dict(CommunicationLog.objects.exclude(subject="").values_list("subject", "body"))
    assert here["mark-up"] == "<p>Hi <b>you</b></p>"
    assert here["text"] == "<p>Bea &lt;bea@example.com&gt; &amp; 1 &lt; 2</p>"
    assert CommunicationLog.objects.filter(body__contains="ask: 1").count() == 0


@pytest.mark.sandbox
def test_failure_case_16_syncing_many_records_mails_nobody(sides: TwoSides, admin_user: User) -> None:
    mira = User.objects.get(email="mira@example.com")
    each = length(20, 200)
    ahead = datetime(2040, 3, 4, 9, 30, tzinfo=UTC)
    contacts = [
        create_contact(actor=admin_user, name=f"P{number}", email=f"p{number}@example.com") for number in range(each)
    ]
    leads = [create_lead(actor=admin_user, name=f"L{contact.name}", contact=contact) for contact in contacts]
    sides.settle()
    for contact, lead in zip(contacts, leads, strict=True):
        update_contact(contact, actor=admin_user, owner=mira, city="Köln")
        update_lead(lead, actor=admin_user, owner=mira, expected_revenue=Decimal(5))
        write_note(actor=admin_user, body=f"Note {contact.name}", contact=contact)
        create_task(actor=admin_user, title=f"T{contact.name}", assignee=mira, lead=lead)
        log_activity(actor=admin_user, type="meeting", subject="Visit", starts_at=ahead, contact=contact)

    sides.settle()

    records = sides.control.counters()["records"]
    assert [records[name] for name in ("crm.lead", "mail.activity", "calendar.event")] == [each] * 3
    assert sides.control.counters()["mails"] == 0
    assert sides.control.call("mail.notification", "search_count", []) == 0
    assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()


def test_failure_case_17_two_numbers_stay_callable_in_every_series_and_no_field_is_refused(
    sides: TwoSides, admin_user: User
) -> None:
    numbers = {"phone": "+49 30 1 / +49 171 2", "mobile": "+49 171 3"}
    contact = create_contact(actor=admin_user, name="Cora", **numbers)
    lead = create_lead(actor=admin_user, name="Lead", **numbers)
    sides.settle()
    sides.control.write("res.partner", [sides.remote_id(contact)], city="Köln")
    update_lead(lead, actor=admin_user, mobile="+49 171 4")

    sides.settle()

    contact.refresh_from_db()
    lead.refresh_from_db()
    assert (contact.city, contact.phone, contact.mobile) == ("Köln", numbers["phone"], "+49 171 3")
    assert (lead.phone, lead.mobile) == (numbers["phone"], "+49 171 4")
    there = [sides.there(contact), sides.there(lead)]
    assert [row["phone"] for row in there] == [numbers["phone"]] * 2
    assert [row.get("mobile", one.mobile) for row, one in zip(there, (contact, lead), strict=True)] == [
        "+49 171 3",
        "+49 171 4",
    ]
    assert not IntegrationEvent.objects.filter(result=IntegrationEvent.Result.FAILED).exists()
    assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()


@pytest.mark.sandbox
def test_failure_case_18_fields_that_odoo_refuses_are_left_out_and_told_once(
    odoo: RunningSandbox, stages: object, transport: str, admin_user: User
) -> None:
    """Behind a proxy of its own, since what an address refuses is remembered."""
    odoo.control.settings(refused_fields=["res.partner:comment", "res.partner:vat"])
    with running_proxy(odoo.url) as proxy:
        sides = two_sides(odoo, url=proxy.url, transport=transport)
        account = create_account(actor=admin_user, name="Acme", phone="1", description="ours")
        new = sides.control.create("res.partner", name="New", is_company=True, comment="<p>theirs</p>")
        sides.pull()
        sides.settle()
        update_account(account, actor=admin_user, phone="2")
        sides.control.write("res.partner", [new], phone="3")
        sides.settle()

        assert sides.there(account)["phone"] == "2"
        assert (sides.here("res.partner", new).phone, sides.here("res.partner", new).description) == ("3", "")
        account.refresh_from_db()
        assert account.description == "ours"
        told = IntegrationEvent.objects.filter(kind="field left out").values_list("message", flat=True)
        assert sorted(message.split("“")[1].split("”")[0] for message in told) == ["comment", "vat"]
        assert not OutboxMessage.objects.exclude(status=STATUS.DONE).exists()


ATTACKS = [
    "__import__('os').system('id')",
    "[('name', '=', 'x')] or __import__('os')",
    "'; DROP TABLE res_partner; --",
    "%",
    "{{ 7 * 7 }}",
    "[(1, '=', 1)]",
]


def test_failure_case_19_text_from_outside_is_a_value_of_a_filter_and_never_code(sides: TwoSides) -> None:
    ids = {name: sides.control.create("res.partner", name=name) for name in ATTACKS}
    with sides.session() as session:
        found = {name: session.client.search("res.partner", [same_text("name", name)]) for name in ATTACKS}
        either = ["|"] * (len(ATTACKS) - 1) + [same_text("name", name) for name in ATTACKS]
        together = session.client.search("res.partner", either)

    assert found == {name: [one] for name, one in ids.items()}
    assert together == sorted(ids.values())


@pytest.mark.sandbox
def test_failure_case_19_a_saved_filter_of_odoo_that_is_code_is_not_even_read(sides: TwoSides) -> None:
    for number, attack in enumerate([*ATTACKS, "[('name', 'ilike', 'x')]"]):
        sides.control.create("ir.filters", name=f"F{number}", model_id="res.partner", domain=attack)
    new = sides.control.create("res.partner", name="New")

    sides.settle(compare_ids=True)

    assert sides.here("res.partner", new).name == "New"
    assert [name for name in sides.control.counters()["calls"] if "filters" in name] == ["ir.filters.create"]


def test_failure_case_19_nothing_here_runs_text_as_code() -> None:
    running = {"eval", "exec", "compile", "safe_eval", "literal_eval"}
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ("config", "crm", "dialer", "integrations", "leads")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in running
    ]
    assert calls == []


def test_failure_case_22_a_stage_with_another_name_or_in_another_language_changes_nothing(
    sides: TwoSides, admin_user: User
) -> None:
    first, second = Stage.objects.order_by("sequence", "id")[:2]
    deal = create_opportunity(actor=admin_user, name="Deal", stage=first)
    sides.settle()
    stage_id = sides.there(deal)["stage_id"]
    name = sides.row("crm.stage", stage_id)["name"]
    sides.control.write("crm.stage", [stage_id], name="Gagné")
    deal.refresh_from_db()
    before = (deal.stage_id, deal.probability, deal.version)

    sides.settle()

    deal.refresh_from_db()
    assert (deal.stage_id, deal.probability, deal.version) == before
    assert sides.there(deal)["stage_id"] == stage_id
    moved = move_to_stage(deal, stage=second, actor=admin_user)
    sides.settle()
    assert sides.there(moved)["stage_id"] != stage_id
    sides.control.write("crm.lead", [sides.remote_id(deal)], stage_id=stage_id)
    sides.settle()
    deal.refresh_from_db()
    assert deal.stage == first
    sides.control.write("crm.stage", [stage_id], name=name)


def test_failure_case_23_odoos_probability_is_taken_unless_set_by_hand_and_there_is_no_ping_pong(
    sides: TwoSides, admin_user: User
) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    sides.settle()
    row = sides.there(deal)
    deal.refresh_from_db()
    assert row["probability"] == row["automated_probability"] == float(deal.probability)

    update_opportunity(deal, actor=admin_user, probability=Decimal(42))
    sides.settle()
    assert sides.there(deal)["probability"] == 42.0
    sides.control.write("crm.lead", [row["id"]], probability=77.0)
    sides.settle()

    deal.refresh_from_db()
    assert deal.probability == Decimal(77)
    sides.control.reset_counters()
    sides.settle()
    assert sides.loads() == {}

"""Rule 4: the cursor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from crm.models import Account, Contact
from integrations.models import Binding, PullCursor, SyncRun
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.pulling import pull
from integrations.sync import poll_due, sweep
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db

MODELS = ("crm.tag", "res.partner.category", "res.partner", "crm.lead", "mail.message", "mail.activity")
ONE_CALL_EACH = {f"{model}.search_read": 1 for model in MODELS}


def cursor(sides: TwoSides) -> PullCursor:
    return PullCursor.objects.get(connection=sides.connection, remote_model="res.partner")


def test_rule_04_a_poll_without_news_is_one_search_read_per_model_and_writes_no_row(synced: TwoSides) -> None:
    synced.pull()
    synced.control.reset_counters()
    before = (list(Binding.objects.values()), list(Account.objects.values()), SyncRun.objects.count())

    synced.pull()

    assert synced.control.counters()["calls"] == ONE_CALL_EACH
    assert (list(Binding.objects.values()), list(Account.objects.values()), SyncRun.objects.count()) == before


def test_rule_04_archived_records_are_seen(synced: TwoSides) -> None:
    partner = synced.control.create("res.partner", name="Old", active=False)

    synced.pull()

    assert synced.here("res.partner", partner).archived_at is not None


def test_rule_04_the_cursor_is_the_highest_write_date_of_the_answer_and_never_our_clock(synced: TwoSides) -> None:
    partner = synced.control.create("res.partner", name="New")
    synced.control.patch("res.partner", [partner], write_date="2036-01-02 03:04:05.600000")

    synced.pull()

    assert cursor(synced).high_water is not None
    assert cursor(synced).high_water.isoformat() == "2036-01-02T03:04:05+00:00"  # type: ignore[union-attr]


def test_rule_04_the_cursor_never_moves_back(synced: TwoSides) -> None:
    first = cursor(synced).high_water
    for row in synced.control.dump("res.partner", "name"):
        synced.control.patch("res.partner", [row["id"]], write_date="2020-01-01 00:00:00.000000")

    synced.pull()

    assert cursor(synced).high_water == first


@pytest.mark.parametrize("series", [16, 18, 19])
def test_rule_04_a_row_committed_late_behind_the_cursor_is_found_by_the_overlap(synced: TwoSides) -> None:
    partner = synced.control.create("res.partner", name="Late", is_company=True, city="Ulm")
    synced.settle()
    synced.end_second()
    late = synced.control.begin("res.partner", "write", [partner], {"city": "Bonn"})
    synced.control.create("res.partner", name="Quick")
    synced.pull()
    assert synced.here("res.partner", partner).city == "Ulm"

    synced.control.commit(late)
    synced.pull()

    assert synced.here("res.partner", partner).city == "Bonn"


def test_rule_04_a_second_change_within_one_second_is_found_when_the_overlap_has_passed(synced: TwoSides) -> None:
    partner = synced.control.create("res.partner", name="Twice", is_company=True, city="Ulm")
    synced.pull()
    stamp = synced.row("res.partner", partner)["write_date"]
    synced.control.write("res.partner", [partner], city="Bonn")
    synced.control.patch("res.partner", [partner], write_date=f"{stamp}.900000")
    synced.pull()
    assert synced.here("res.partner", partner).city == "Ulm"

    synced.later(settings.ODOO_OVERLAP_SECONDS + 1)
    synced.pull()

    assert synced.here("res.partner", partner).city == "Bonn"
    synced.control.reset_counters()
    synced.pull()
    assert synced.calls("res.partner.read") == 0


def test_rule_04_the_first_run_stores_the_servers_highest_write_date_before_page_one(connected: TwoSides) -> None:
    connected.control.seed(partners=3)
    newest = connected.control.create("res.partner", name="Newest")
    stamps: list[datetime | None] = []

    def note(_model: str, _done: int, _total: int) -> None:
        stamps.extend(one.high_water for one in PullCursor.objects.filter(remote_model="res.partner"))

    with connected.session() as session:
        pull.pull_all(session, progress=note)

    assert stamps[0] == pull.moment(connected.row("res.partner", newest)["write_date"])


def test_rule_04_a_change_during_the_first_run_is_found_by_the_first_poll(connected: TwoSides) -> None:
    partner = connected.control.create("res.partner", name="Early", is_company=True, city="Ulm")
    seen: list[str] = []

    def change_once(model: str, _done: int, _total: int) -> None:
        seen.append(model)
        connected.control.write("res.partner", [partner], city=f"Bonn {min(len(seen), 20)}")

    with connected.session() as session:
        pull.pull_all(session, progress=change_once)
    assert seen
    connected.settle()

    assert connected.here("res.partner", partner).city == connected.row("res.partner", partner)["city"]


def test_rule_04_a_resumed_run_keeps_its_cursor_and_goes_on_after_the_last_chunk(
    connected: TwoSides, settings: Any
) -> None:
    settings.ODOO_PAGE_SIZE = 200
    connected.control.seed(partners=450)
    applied = []

    def stop(model: str, done: int, _total: int) -> None:
        applied.append(done)
        if model == "res.partner" and done >= 200:  # the power cut
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), connected.session() as session:
        pull.pull_all(session, progress=stop)
    half = cursor(connected)
    assert half.phase == PullCursor.Phase.FIRST
    assert half.done > 0
    before = Contact.objects.count() + Account.objects.count()
    PullCursor.objects.filter(pk=half.pk).update(high_water=half.high_water - timedelta(days=1))  # type: ignore[operator]

    connected.pull()

    assert cursor(connected).high_water == half.high_water - timedelta(days=1)  # type: ignore[operator]
    assert Contact.objects.count() + Account.objects.count() > before > 0
    uuids = Binding.objects.filter(remote_model="res.partner").values_list("remote_id", flat=True)
    assert len(uuids) == len(set(uuids)) == 450


def test_rule_04_a_model_is_polled_when_the_interval_has_passed(synced: TwoSides) -> None:
    poll_due()
    synced.control.reset_counters()

    poll_due()
    assert synced.control.counters()["calls"] == {}
    synced.later(settings.ODOO_POLL_SECONDS + 1)
    poll_due()

    assert synced.control.counters()["calls"] == ONE_CALL_EACH


def test_rule_04_the_sweep_finds_what_committed_later_than_the_overlap_reaches(synced: TwoSides) -> None:
    partner = synced.control.create("res.partner", name="Very late", is_company=True, city="Ulm")
    synced.pull()
    long_ago = (timezone.now() - timedelta(days=2)).strftime("%Y-%m-%d %H:%M:%S.%f")
    synced.control.patch("res.partner", [partner], city="Bonn", write_date=long_ago)
    synced.pull()
    assert synced.here("res.partner", partner).city == "Ulm"

    sweep()

    assert synced.here("res.partner", partner).city == "Bonn"


@pytest.mark.parametrize("series", [16, 18, 19])
def test_rule_04_leads_of_a_deleted_partner_are_found_although_no_write_date_moves(synced: TwoSides) -> None:
    partner = synced.control.create("res.partner", name="Gone", email="gone@example.com")
    lead = synced.control.create("crm.lead", name="Lead", type="lead", partner_id=partner)
    synced.settle()
    assert synced.here("crm.lead", lead).contact is not None
    synced.control.delete("res.partner", partner)

    synced.settle(compare_ids=True)

    assert synced.row("crm.lead", lead)["partner_id"] is False
    assert synced.here("crm.lead", lead).contact is None


def test_rule_04_two_pulls_of_one_model_never_overlap(synced: TwoSides) -> None:
    synced.control.create("res.partner", name="New")
    with synced.session() as session, pull.lease(f"pull:{synced.connection.pk}:res.partner") as held:
        assert held is not None
        report = pull.pull_model(session, BY_MODEL["res.partner"])

    assert report.created == 0
    synced.pull()
    assert Contact.objects.filter(name="New").count() == 1

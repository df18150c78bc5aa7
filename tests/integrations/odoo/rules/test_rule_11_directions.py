"""Rule 11: directions: what goes both ways, what only comes, what only goes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crm.models import Country, CountryState, LostReason, Stage, User
from crm.services.accounts import create_account, update_account
from crm.services.activities import log_activity
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity, lose_opportunity, move_to_stage
from crm.services.tags import create_tag, update_tag
from crm.services.tasks import complete_task, create_task
from integrations.models import Binding, OutboxMessage
from leads.services import create_lead, update_lead
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("series", [16, 18, 19])


def test_rule_11_stages_reasons_users_countries_and_states_come_from_odoo(synced: TwoSides) -> None:
    for model in ("crm.stage", "crm.lost.reason", "res.country", "res.country.state"):
        assert Binding.objects.filter(remote_model=model).count() == len(synced.control.dump(model)), model
    colleagues = {row["login"] for row in synced.control.dump("res.users") if not row["share"]}
    assert {"mira@example.com", "jonas@example.com", "priya@example.com"} < colleagues
    assert Binding.objects.filter(remote_model="res.users").count() == len(colleagues)
    assert Stage.objects.filter(name="Proposition").exists()
    assert LostReason.objects.filter(name="Not enough stock").exists()
    assert Country.objects.filter(code="DE").exists()
    assert CountryState.objects.filter(country__code="US", code="CA").exists()


def test_rule_11_users_are_matched_by_email_and_the_unmatched_are_shown_by_name(
    connected: TwoSides, admin_user: User
) -> None:
    mira = User.objects.create_user(email="mira@example.com", password="-", name="Mira herself")
    company = connected.control.create("res.partner", name="Firm", is_company=True, user_id=8)
    users = {row["login"]: row["id"] for row in connected.control.dump("res.users")}
    connected.control.write("res.partner", [company], user_id=users["jonas@example.com"])

    connected.settle()

    assert connected.here("res.users", users["mira@example.com"]) == mira
    mira.refresh_from_db()
    assert mira.name == "Mira herself"
    jonas = connected.here("res.partner", company).manager
    assert (jonas.name, jonas.is_active, jonas.from_odoo) == ("Jonas Ehrlich", False, True)


def test_rule_11_a_stage_renamed_in_odoo_changes_nothing_for_its_deals(synced: TwoSides, admin_user: User) -> None:
    stage = synced.here("crm.stage", 2)
    deal = create_opportunity(actor=admin_user, name="Deal")
    move_to_stage(deal, actor=admin_user, stage=stage)
    synced.settle()
    synced.control.write("crm.stage", [2], name="Qualifié")
    synced.control.reset_counters()

    synced.settle()

    assert synced.loads() == {}
    assert synced.there(deal)["stage_id"] == 2


def test_rule_11_a_stage_new_in_odoo_is_read_when_a_deal_stands_in_it(synced: TwoSides) -> None:
    stage = synced.control.create("crm.stage", name="Pilot", sequence=5)
    deal = synced.control.create("crm.lead", name="Deal", type="opportunity", stage_id=stage)

    synced.settle()

    assert synced.here("crm.lead", deal).stage.name == "Pilot"


def test_rule_11_deals_in_a_stage_that_odoo_lacks_go_to_the_one_before_it(
    connected: TwoSides, admin_user: User, stages: dict[str, Stage]
) -> None:
    open_deal = create_opportunity(actor=admin_user, name="Open deal", stage=stages["negotiation"])
    lost_deal = lose_opportunity(create_opportunity(actor=admin_user, name="Lost deal"), actor=admin_user, reason=None)

    connected.settle()

    open_deal.refresh_from_db()
    lost_deal.refresh_from_db()
    assert open_deal.stage == connected.here("crm.stage", 3)
    assert connected.there(open_deal)["stage_id"] == 3
    assert (lost_deal.lost_at is None, connected.there(lost_deal)["active"]) == (False, False)
    assert Stage.objects.get(pk=stages["negotiation"].pk).archived_at is not None
    assert Stage.objects.filter(archived_at=None, is_lost=False).count() == len(connected.control.dump("crm.stage"))


@EVERY
def test_rule_11_tags_go_both_ways(synced: TwoSides, admin_user: User) -> None:
    tag = create_tag(actor=admin_user, name="Hot", color=3)
    account = create_account(actor=admin_user, name="Acme", tags=[tag])
    synced.settle()
    assert synced.there(tag, "res.partner.category")["color"] == 3
    vip = synced.control.call("res.partner.category", "search", [["name", "=", "VIP"]])[0]
    synced.control.write("res.partner", [synced.remote_id(account)], category_id=[[4, vip]])
    synced.control.write("res.partner.category", [synced.remote_id(tag, "res.partner.category")], color=5)
    synced.settle()

    tag.refresh_from_db()
    assert tag.color == 5
    assert set(account.tags.values_list("name", flat=True)) == {"Hot", "VIP"}
    update_tag(tag, actor=admin_user, name="Hotter")
    update_account(account, actor=admin_user, tags=[])
    synced.settle()
    assert synced.there(tag, "res.partner.category")["name"] == "Hotter"
    assert synced.there(account)["category_id"] == []


@EVERY
def test_rule_11_utm_names_are_looked_up_and_made_when_missing_once(synced: TwoSides, admin_user: User) -> None:
    for number in range(3):
        create_lead(
            actor=admin_user, name=f"Lead {number}", utm_source="Newsletter", utm_campaign="Spring", utm_medium="Email"
        )
    before = len(synced.control.dump("utm.source"))

    synced.settle()

    assert len(synced.control.dump("utm.source")) == before
    (spring,) = [row["id"] for row in synced.control.dump("utm.campaign") if row["name"] == "Spring"]
    assert {row["campaign_id"] for row in synced.control.dump("crm.lead")} == {spring}


def test_rule_11_utm_of_odoo_comes_by_name(synced: TwoSides, admin_user: User) -> None:
    source = synced.control.create("utm.source", name="Trade fair")
    lead = synced.control.create("crm.lead", name="Lead", type="lead", source_id=source)
    synced.settle()
    assert synced.here("crm.lead", lead).utm_source == "Trade fair"

    update_lead(synced.here("crm.lead", lead), actor=admin_user, utm_source="")
    synced.settle()

    assert synced.row("crm.lead", lead)["source_id"] is False


@EVERY
def test_rule_11_a_note_a_meeting_and_a_task_stand_in_odoo_once_and_mail_nobody(
    synced: TwoSides, admin_user: User
) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    write_note(actor=admin_user, body="First line\nsecond <a@b.c>", lead=lead)
    mira = User.objects.get(email="mira@example.com")
    create_task(actor=admin_user, title="Call back", lead=lead, assignee=mira, due_on=date(2030, 2, 1))
    deal = create_opportunity(actor=admin_user, name="Deal")
    log_activity(
        actor=admin_user,
        type="meeting",
        subject="Demo",
        opportunity=deal,
        starts_at=datetime(2030, 1, 15, 23, 30, tzinfo=UTC),
        duration_minutes=45,
    )

    synced.settle()

    (note,) = [one for one in synced.control.dump("mail.message") if "second" in str(one["body"])]
    assert note["body"] == "<p>First line<br>second &lt;a@b.c&gt;</p>"
    assert (note["model"], note["res_id"]) == ("crm.lead", synced.remote_id(lead))
    (task,) = synced.control.dump("mail.activity")
    assert (task["summary"], task["date_deadline"]) == ("Call back", "2030-02-01")
    assert task["user_id"] == Binding.objects.get(object_uuid=mira.uuid).remote_id
    (event,) = synced.control.dump("calendar.event")
    assert (event["name"], event["start"], event["stop"]) == ("Demo", "2030-01-15 23:30:00", "2030-01-16 00:15:00")
    assert synced.control.counters()["mails"] == 0
    synced.control.reset_counters()
    synced.settle()
    assert synced.loads() == {}


@EVERY
def test_rule_11_a_task_done_here_is_done_in_odoo(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    task = create_task(actor=admin_user, title="Call back", lead=lead)
    synced.settle()

    complete_task(task, actor=admin_user)
    synced.settle()

    assert [row for row in synced.control.dump("mail.activity") if row.get("active", True)] == []
    assert synced.message(task).status == OutboxMessage.Status.DONE


@EVERY
def test_rule_11_a_task_whose_done_was_answered_by_nobody_is_done_once(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    lead = create_lead(actor=admin_user, name="Lead")
    task = create_task(actor=admin_user, title="Call back", lead=lead)
    behind_proxy.settle()
    complete_task(task, actor=admin_user)
    proxy.rule("lost_answer", contains="action_feedback")
    proxy.rule("lost_answer", path="/json/2/mail.activity/action_feedback")
    behind_proxy.push()

    behind_proxy.settle()

    assert behind_proxy.message(task).status == OutboxMessage.Status.DONE
    done = [row for row in behind_proxy.control.dump("mail.message") if "Call back" in str(row["body"])]
    assert len(done) == 1


def test_rule_11_a_fact_whose_target_is_gone_in_odoo_is_parked_and_the_others_arrive(
    synced: TwoSides, admin_user: User
) -> None:
    gone, good = (create_account(actor=admin_user, name=name) for name in ("Gone", "Good"))
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(gone))
    lost = write_note(actor=admin_user, body="To nobody.", account=gone)
    kept = write_note(actor=admin_user, body="To Good.", account=good)

    synced.settle()

    assert synced.message(kept).status == OutboxMessage.Status.DONE
    assert synced.message(lost).status == OutboxMessage.Status.PARKED
    assert [row["body"] for row in synced.control.dump("mail.message")].count("<p>To nobody.</p>") == 0


def test_rule_11_a_tag_that_nobody_carries_stays_here(synced: TwoSides, admin_user: User) -> None:
    create_tag(actor=admin_user, name="Mine alone")

    synced.settle()

    assert synced.loads() == {}

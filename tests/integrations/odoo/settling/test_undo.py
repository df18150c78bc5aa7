"""Rule 14: a run is undone where its values still stand; the undo is a run itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.models import Account, Opportunity, Tag, User
from crm.services.accounts import create_account, update_account
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity
from integrations import sync
from integrations.models import BeforeImage, Conflict, SyncRun
from integrations.odoo.settling import undo
from leads.models import Lead
from leads.services import create_lead
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
KIND = SyncRun.Kind
EVERY = pytest.mark.parametrize("series", [16, 18, 19])


def newest(kind: str, model: str = "res.partner") -> SyncRun:
    return SyncRun.objects.filter(kind=kind, remote_model=model).order_by("-id")[0]


def undone(run: SyncRun, actor: User, *, here_only: bool = False) -> SyncRun:
    """Undo a run to its end."""
    made = undo.start(run, actor=actor, here_only=here_only)
    undo.work_off()
    made.refresh_from_db()
    return made


@pytest.fixture
def pulled(synced: TwoSides, admin_user: User) -> tuple[TwoSides, Account]:
    """An account whose phone and city a poll has just taken from Odoo."""
    account = create_account(actor=admin_user, name="Acme", phone="1", city="Rome")
    synced.settle()
    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(account)], phone="2", city="Oslo")
    synced.pull()
    account.refresh_from_db()
    assert (account.phone, account.city) == ("2", "Oslo")
    return synced, account


@EVERY
def test_rule_14_an_undone_pull_puts_the_values_back_here_and_the_push_tells_odoo(
    pulled: tuple[TwoSides, Account], admin_user: User
) -> None:
    sides, account = pulled

    run = undone(newest(KIND.POLL), admin_user)
    account.refresh_from_db()
    assert (account.phone, account.city, account.updated_by) == ("1", "Rome", admin_user)
    sides.settle()

    assert (sides.there(account)["phone"], sides.there(account)["city"]) == ("1", "Rome")
    assert (run.total, run.sent, run.skipped, run.failed, run.unknown) == (1, 1, 0, 0, 0)
    assert not Conflict.objects.exists()


def test_rule_14_what_was_changed_since_is_kept(pulled: tuple[TwoSides, Account], admin_user: User) -> None:
    _sides, account = pulled
    update_account(account, actor=admin_user, phone="3")

    found = undo.preview(newest(KIND.POLL))
    run = undone(newest(KIND.POLL), admin_user)

    account.refresh_from_db()
    assert (account.phone, account.city) == ("3", "Rome")
    assert found.examples["back"][0].kept == ["phone"]
    assert (run.counts["kept"], run.counts["fields"]) == (1, 1)


def test_rule_14_what_odoo_changed_since_is_not_overwritten_there(
    pulled: tuple[TwoSides, Account], admin_user: User
) -> None:
    sides, account = pulled
    undone(newest(KIND.POLL), admin_user)
    sides.control.write("res.partner", [sides.remote_id(account)], phone="4")

    sides.settle()

    account.refresh_from_db()
    assert (account.phone, sides.there(account)["phone"], sides.there(account)["city"]) == ("4", "4", "Rome")
    assert Conflict.objects.get().here == "1"


def test_rule_14_here_only_leaves_odoo_alone_until_somebody_edits(
    pulled: tuple[TwoSides, Account], admin_user: User
) -> None:
    sides, account = pulled
    undone(newest(KIND.POLL), admin_user, here_only=True)
    sides.settle()
    account.refresh_from_db()
    assert (account.phone, sides.there(account)["phone"]) == ("1", "2")

    sides.control.write("res.partner", [sides.remote_id(account)], phone="5")
    sides.settle()
    account.refresh_from_db()
    assert (account.phone, account.city, sides.there(account)["city"]) == ("5", "Rome", "Oslo")
    update_account(account, actor=admin_user, city="Bern")
    sides.settle()

    assert sides.there(account)["city"] == "Bern"


@EVERY
def test_rule_14_what_a_pull_made_goes_to_the_trash_and_comes_back_by_undoing_the_undo(
    synced: TwoSides, admin_user: User
) -> None:
    synced.end_second()
    synced.control.seed(partners=12, leads=12)
    synced.settle()
    partners, leads = newest(KIND.POLL), newest(KIND.POLL, "crm.lead")
    in_use = [table.objects.active().count() for table in (Lead, Opportunity, Account)]
    there = {row["id"]: row["active"] for row in synced.control.dump("crm.lead", "active")}

    trashed = [undone(run, admin_user) for run in (partners, leads)]
    synced.settle()

    assert [run.sent for run in trashed] == [partners.made.count(), leads.made.count()]
    made = {binding.remote_id for binding in leads.made.all()}
    assert all(not row["active"] for row in synced.control.dump("crm.lead", "active") if row["id"] in made)
    for run in trashed:
        undone(run, admin_user)
    synced.settle()

    assert [table.objects.active().count() for table in (Lead, Opportunity, Account)] == in_use
    assert {row["id"]: row["active"] for row in synced.control.dump("crm.lead", "active")} == there


@EVERY
def test_rule_14_an_undone_push_gives_odoo_back_what_it_held_where_it_is_still_ours(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1", city="Rome")
    synced.settle()
    SyncRun.objects.filter(kind=KIND.PUSH).update(started_at=timezone.now() - timedelta(hours=2))
    for phone in ("2", "3"):
        account = update_account(account, actor=admin_user, phone=phone, city="Oslo")
        synced.settle()
    run = newest(KIND.PUSH)
    assert run.images.count() == 2

    undone(run, admin_user)
    synced.settle()

    account.refresh_from_db()
    assert (account.phone, synced.there(account)["phone"]) == ("1", "1")
    assert (account.city, synced.there(account)["city"]) == ("Rome", "Rome")


def test_rule_14_an_undone_push_keeps_what_was_changed_in_odoo_since(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    SyncRun.objects.filter(kind=KIND.PUSH).update(started_at=timezone.now() - timedelta(hours=2))
    update_account(account, actor=admin_user, phone="2")
    synced.settle()
    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(account)], phone="9")
    synced.settle()

    undone(newest(KIND.PUSH), admin_user)
    synced.settle()

    account.refresh_from_db()
    assert (account.phone, synced.there(account)["phone"]) == ("9", "9")


def test_rule_14_facts_and_tags_cannot_be_undone_and_are_listed(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    write_note(actor=admin_user, body="Called.", account=account)
    synced.end_second()
    synced.control.create("crm.tag", name="Gold")
    synced.settle()

    notes = undo.preview(newest(KIND.PUSH, "mail.message"))
    tags = undo.preview(newest(KIND.POLL, "crm.tag"))
    undone(newest(KIND.POLL, "crm.tag"), admin_user)

    assert (notes.facts, tags.impossible) == (1, 1)
    assert Tag.objects.get(name="Gold").archived_at is None


def test_rule_14_a_stage_goes_back_with_its_history(synced: TwoSides, admin_user: User) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()
    before = deal.stage
    other = next(row["id"] for row in synced.control.dump("crm.stage") if row["id"] != synced.there(deal)["stage_id"])
    synced.end_second()
    synced.control.write("crm.lead", [synced.remote_id(deal)], stage_id=other)
    synced.pull()
    deal.refresh_from_db()
    assert deal.stage != before

    undone(newest(KIND.POLL, "crm.lead"), admin_user)

    deal.refresh_from_db()
    assert deal.stage == before
    assert deal.stage_changes.order_by("-id")[0].to_stage == before


def test_rule_14_an_undo_goes_on_after_a_kill_and_undoes_nothing_twice(
    synced: TwoSides, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "CHUNK", 3)
    synced.end_second()
    synced.control.seed(partners=20)
    synced.settle()
    first = newest(KIND.POLL)
    run = undo.start(first, actor=admin_user)
    assert undo._one_chunk(run) is True
    run.refresh_from_db()
    assert (run.sent, run.unknown) == (3, first.made.count() - 3)

    undo.work_off()

    run.refresh_from_db()
    assert (run.sent, run.unknown, run.finished_at is None) == (first.made.count(), 0, False)
    assert BeforeImage.objects.filter(run=run).count() == run.sent


def test_rule_14_a_stopped_undo_says_what_is_left_and_can_be_begun_again(
    synced: TwoSides, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "CHUNK", 3)
    synced.end_second()
    synced.control.seed(partners=20)
    synced.settle()
    first = newest(KIND.POLL)
    run = undo.start(first, actor=admin_user)
    undo._one_chunk(run)

    undo.stop(run, actor=admin_user)
    undo.work_off()

    run.refresh_from_db()
    assert (run.sent, run.skipped, run.unknown) == (3, first.made.count() - 3, 0)
    assert "Ada" in run.error
    again = undone(first, admin_user)
    assert (again.sent, again.skipped) == (first.made.count() - 3, 3)
    with pytest.raises(ValidationError, match="ended"):
        undo.stop(run, actor=admin_user)


def test_rule_14_images_are_kept_as_long_as_set_and_pruned(
    pulled: tuple[TwoSides, Account], admin_user: User, settings: LazySettings
) -> None:
    run = newest(KIND.POLL)
    settings.UNDO_DAYS = 7
    SyncRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(days=8))

    sync.prune()

    run.refresh_from_db()
    assert (run.images.count(), "7 days" in undo.refusal(run)) == (0, True)
    with pytest.raises(ValidationError, match="7 days"):
        undo.start(run, actor=admin_user)


def test_rule_14_a_run_is_not_undone_twice_at_once(pulled: tuple[TwoSides, Account], admin_user: User) -> None:
    undo.start(newest(KIND.POLL), actor=admin_user)

    with pytest.raises(ValidationError, match="being undone"):
        undo.start(newest(KIND.POLL), actor=admin_user)


def test_rule_14_a_company_is_not_put_below_itself(synced: TwoSides, admin_user: User) -> None:
    top, low = (create_account(actor=admin_user, name=name) for name in ("Top", "Low"))
    low = update_account(low, actor=admin_user, parent=top)
    synced.settle()
    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(low)], parent_id=False)
    synced.pull()
    run = newest(KIND.POLL)
    top.refresh_from_db()
    low.refresh_from_db()
    assert low.parent is None
    update_account(top, actor=admin_user, parent=low)

    done = undone(run, admin_user)

    low.refresh_from_db()
    assert (low.parent, done.counts["circles"]) == (None, 1)


def test_rule_14_undoing_writes_no_more_queries_for_fifty_than_for_five(
    synced: TwoSides, admin_user: User, django_assert_max_num_queries: object
) -> None:
    for number in range(50):
        create_lead(actor=admin_user, name=f"Lead {number}", phone="1")
    synced.settle()
    ids = [synced.remote_id(lead) for lead in Lead.objects.all()]
    synced.end_second()
    synced.control.write("crm.lead", ids, phone="2")
    synced.pull()

    undo.start(newest(KIND.POLL, "crm.lead"), actor=admin_user)
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        undo.work_off()

    assert Lead.objects.filter(phone="1").count() == 50


def test_rule_14_an_update_whose_answer_was_lost_is_undone_with_the_run_that_sent_it(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    record = behind_proxy.control.create("res.partner", name="Acme", is_company=True, phone="1")
    behind_proxy.settle()
    account = behind_proxy.here("res.partner", record)
    account = update_account(account, actor=admin_user, phone="2", city="Ulm")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    assert behind_proxy.push_report("res.partner").unknown == 1
    run = newest(KIND.PUSH)
    assert run.images.count() == 0

    # A poll sees that it has arrived, and nothing is sent again.
    behind_proxy.pull()
    behind_proxy.control.reset_counters()
    behind_proxy.settle()
    assert behind_proxy.loads() == {}
    (image,) = BeforeImage.objects.filter(object_uuid=account.uuid)
    assert (image.run, image.fields) == (run, {"phone": ["1", "2"], "city": ["", "Ulm"]})

    undone(run, admin_user)
    behind_proxy.settle()

    account.refresh_from_db()
    there = behind_proxy.there(account)
    assert (account.phone, account.city, there["phone"], there["city"]) == ("1", "", "1", False)


def test_rule_14_an_update_that_never_arrived_leaves_nothing_to_undo(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    record = behind_proxy.control.create("res.partner", name="Acme", is_company=True, phone="1")
    behind_proxy.settle()
    account = behind_proxy.here("res.partner", record)
    update_account(account, actor=admin_user, phone="2")
    proxy.rule("reset", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    update_account(account, actor=admin_user, phone="1")

    behind_proxy.later(151)
    behind_proxy.settle()

    assert not BeforeImage.objects.filter(object_uuid=account.uuid).exists()
    assert behind_proxy.binding(account).under_way_image is None


@pytest.mark.parametrize("here_only", [False, True])
def test_rule_14_a_link_that_was_set_when_its_company_came_is_undone_with_the_run_that_brought_it(
    synced: TwoSides, admin_user: User, here_only: bool
) -> None:
    company = synced.control.create("res.partner", name="Out of scope", type="invoice", is_company=True)
    person = synced.control.create("res.partner", name="Person", parent_id=company)
    synced.settle()
    synced.end_second()
    synced.control.write("res.partner", [company], type="contact")
    synced.pull()
    contact = synced.here("res.partner", person)
    assert contact.account == synced.here("res.partner", company)
    run = newest(KIND.POLL)
    assert [one.fields for one in run.images.filter(object_uuid=contact.uuid)] == [
        {"parent_id": [None, contact.account_id]}
    ]

    undone(run, admin_user, here_only=here_only)
    synced.settle()

    contact.refresh_from_db()
    assert contact.account is None
    assert synced.row("res.partner", person)["parent_id"] == (company if here_only else False)
    assert not Conflict.objects.exists()

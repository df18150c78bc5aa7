"""Proof per run: sent + skipped + failed + unknown = total, for both directions, also under faults and after a kill."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from crm.models import User
from crm.services import records
from crm.services.accounts import create_account, update_account
from integrations import sync
from integrations.mailbox import hints, runs
from integrations.models import BeforeImage, InboxMessage, OutboxMessage, SyncRun
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.pulling import pull
from integrations.odoo.pushing.push import StateDelivery
from leads.models import Lead
from leads.services import create_lead
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
KIND = SyncRun.Kind


def figures(run: SyncRun) -> tuple[int, int, int, int, int]:
    run.refresh_from_db()
    return run.total, run.sent, run.skipped, run.failed, run.unknown


def adds_up() -> bool:
    return not SyncRun.objects.exclude(total=F("sent") + F("skipped") + F("failed") + F("unknown")).exists()


def test_the_database_refuses_figures_that_do_not_add_up(connected: TwoSides) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncRun.objects.create(
            connection=connected.connection, kind=KIND.PUSH, remote_model="crm.lead", total=3, sent=2
        )


def test_a_pull_says_what_became_of_every_record_that_it_met(connected: TwoSides) -> None:
    connected.control.seed(partners=40)
    connected.control.create("res.partner", name="x" * 300)

    connected.pull()

    run = SyncRun.objects.get(kind=KIND.FIRST, remote_model="res.partner")
    domain = pull.scope(connected.connection, BY_MODEL["res.partner"])
    with connected.session() as session:
        met = len(session.client.search("res.partner", domain, context=session.read_context))
    assert figures(run) == (met, met - 1, 0, 1, 0)
    assert run.made.count() == run.sent
    assert run.refused.get().status == InboxMessage.Status.PARKED


def test_a_poll_says_what_it_changed_and_an_idle_one_leaves_no_run(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    before = SyncRun.objects.filter(kind=KIND.POLL).count()
    synced.pull()
    assert SyncRun.objects.filter(kind=KIND.POLL).count() == before

    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(account)], phone="2")
    synced.pull()

    run = SyncRun.objects.filter(kind=KIND.POLL).first()
    assert run is not None
    assert (run.sent, run.failed, run.unknown) == (1, 0, 0)
    assert BeforeImage.objects.get(run=run).fields == {"phone": ["", "2"]}
    assert adds_up()


def test_a_pull_that_was_killed_says_so_and_is_closed_by_the_next(connected: TwoSides) -> None:
    connected.control.seed(partners=10)
    dead = runs.open_pull(connected.connection, KIND.FIRST, "res.partner")
    dead.met(1000)
    dead.settle(sent=200, skipped=3, failed=1)
    assert dead.run.finished_at is None

    connected.pull()

    assert figures(dead.run) == (1000, 200, 3, 1, 796)
    assert dead.run.finished_at is not None
    assert "never ended" in dead.run.error
    assert adds_up()


def test_a_pull_that_ends_with_an_error_says_it(behind_proxy: TwoSides, proxy: RunningProxy) -> None:
    behind_proxy.control.create("res.partner", name="New")
    proxy.rule("status", after=1, count=50)

    with pytest.raises(Exception, match=r".+"):
        behind_proxy.pull()

    assert not SyncRun.objects.filter(finished_at=None).exists()
    assert adds_up()


def test_999_of_1000_messages_are_sent_and_the_bad_one_is_the_one_that_failed(
    synced: TwoSides, admin_user: User
) -> None:
    leads = [Lead(name=f"Lead {number}", email=f"p{number}@example.com") for number in range(1000)]
    records.insert_many(leads, actor=admin_user)
    Lead.objects.filter(name="Lead 500").update(priority="9")

    synced.settle()

    sent = OutboxMessage.objects.filter(run__kind=KIND.PUSH, remote_model="crm.lead", outcome="sent").count()
    failed = OutboxMessage.objects.filter(run__kind=KIND.PUSH, remote_model="crm.lead", outcome="failed").count()
    assert (sent, failed) == (999, 1)
    assert adds_up()
    pushes = SyncRun.objects.filter(kind=KIND.PUSH, remote_model="crm.lead")
    assert sum(run.sent for run in pushes) == 999
    assert sum(run.total for run in pushes) == OutboxMessage.objects.filter(remote_model="crm.lead").count()


@pytest.mark.parametrize("fault", ["lost_answer", "reset", "status"])
def test_the_sum_holds_when_answers_are_lost_or_odoo_fails(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User, fault: str
) -> None:
    records.insert_many([Lead(name=f"Lead {number}") for number in range(300)], actor=admin_user)
    proxy.rule(fault, count=2, **behind_proxy.wire_of_load("crm.lead"))

    behind_proxy.push("crm.lead")
    run = SyncRun.objects.get(kind=KIND.PUSH, remote_model="crm.lead")
    halfway = figures(run)
    behind_proxy.settle()

    assert halfway[0] == sum(halfway[1:]) > 0
    # Of no row is the answer known, and of none more than of another: unknown, or asked about already.
    assert {halfway[1], halfway[4]} == {0, 300}
    assert (figures(run)[0], figures(run)[3:]) == (300, (0, 0))
    assert run.made.count() == 300
    assert len(behind_proxy.control.dump("crm.lead")) == 300


def test_a_push_that_was_killed_is_counted_from_its_messages_and_closed_by_the_next(
    synced: TwoSides, admin_user: User
) -> None:
    records.insert_many([Lead(name=f"Lead {number}") for number in range(5)], actor=admin_user)
    with synced.session() as session, pytest.raises(Killed):
        Dying(session).run()
    run = SyncRun.objects.get(kind=KIND.PUSH, remote_model="crm.lead")
    assert (run.finished_at, figures(run)) == (None, (5, 0, 0, 0, 5))
    an_hour_ago = run.started_at - timedelta(hours=1)
    SyncRun.objects.filter(pk=run.pk).update(started_at=an_hour_ago)

    synced.settle()

    assert (figures(run), "never ended" in run.error) == ((5, 0, 0, 0, 5), True)
    after = SyncRun.objects.get(kind=KIND.PUSH, remote_model="crm.lead", started_at__gt=an_hour_ago)
    assert figures(after)[:2] == (5, 5)
    assert len(synced.control.dump("crm.lead")) == 5


class Killed(BaseException):
    """The worker is cut off."""


class Dying(StateDelivery):
    """A delivery whose process dies after the claim, before anything is written down."""

    def __init__(self, session: object) -> None:
        super().__init__(session, BY_MODEL["crm.lead"])  # type: ignore[arg-type]

    def work(self, messages: list[OutboxMessage]) -> None:
        raise Killed

    def _count(self, before: object) -> None:
        """Nobody counts in a process that is gone."""

    def at_end(self) -> None:
        """Nor reads back."""


def test_a_message_put_back_and_sent_within_the_hour_is_met_once(synced: TwoSides, admin_user: User) -> None:
    create_lead(actor=admin_user, name="Lead")
    synced.control.fault("conflict", model="crm.lead", count=6)

    synced.settle()

    run = SyncRun.objects.get(kind=KIND.PUSH, remote_model="crm.lead")
    assert run.counts["waiting"] >= 1
    assert (run.sent, run.failed, run.unknown) == (1, 0, 0)
    assert run.total == OutboxMessage.objects.filter(run=run).count()


def test_a_comparison_counts_what_it_looked_into(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.delete("res.partner", synced.remote_id(account))

    synced.compare("res.partner")

    run = SyncRun.objects.get(kind=KIND.COMPARE)
    assert (figures(run), run.finished_at is None) == ((1, 1, 0, 0, 0), False)


def test_two_deliveries_of_one_model_share_the_hours_run(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.push("res.partner")
    update_account(account, actor=admin_user, phone="2")
    synced.push("res.partner")

    run = SyncRun.objects.get(kind=KIND.PUSH, remote_model="res.partner")
    assert (run.total, run.sent, run.counts["sent"]) == (2, 2, 2)
    assert run.images.get().fields == {"phone": ["", "2"]}
    assert run.made.get().object_uuid == account.uuid


def test_what_a_webhook_brought_belongs_to_the_hours_run(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    synced.end_second()
    remote_id = synced.remote_id(account)
    for phone in ("2", "3"):
        synced.control.write("res.partner", [remote_id], phone=phone)
        hints.leave(synced.connection, "res.partner", [remote_id])
        sync.read_back()

    run = SyncRun.objects.get(kind=KIND.HOOK)
    assert (figures(run), run.finished_at is None) == ((2, 2, 0, 0, 0), False)
    assert [one.fields["phone"] for one in run.images.order_by("id")] == [["1", "2"], ["2", "3"]]

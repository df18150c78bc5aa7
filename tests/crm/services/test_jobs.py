"""Long work: part by part, once, whoever works; cancelled, taken up after a kill, put back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from crm.models import Account, Change, Job, JobPart, User
from crm.services import bulk, bulk_jobs, jobs
from crm.workbook import ACCOUNTS
from leads.workbook import LEADS
from tests.factories import AccountFactory, LeadFactory, TagFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
STATE = Job.State


@pytest.fixture
def me() -> User:
    return UserFactory(role="sales_manager", team=TeamFactory())


def accounts(me: User, count: int) -> list[Account]:
    rows = [Account(name=f"Account {n}", type="customer", manager=me, search_text="x") for n in range(count)]
    return Account.objects.bulk_create(rows)


def asked(me: User, rows: Sequence[Account], key: str = "type", value: Any = "dealer") -> Job:
    action = bulk.action_of(ACCOUNTS, key)
    assert action is not None
    job = bulk_jobs.ask(ACCOUNTS, [row.uuid for row in rows], action, value, actor=me)
    jobs.begin(job)
    return job


def dealers() -> int:
    return Account.objects.filter(type="dealer").count()


def test_a_job_is_done_part_by_part_and_says_how_far_it_is(me: User) -> None:
    job = asked(me, accounts(me, 250))

    jobs.work_off()

    job.refresh_from_db()
    assert (job.state, job.total, job.done, job.failed, job.left, job.percent) == (STATE.DONE, 250, 250, 0, 0, 100)
    assert (dealers(), job.parts.count()) == (250, 3)
    assert Change.objects.filter(origin="page", actor=me, action="changed").count() == 250


def test_what_a_service_refuses_stops_no_other_row_and_is_kept_with_its_reason(me: User) -> None:
    rows = [LeadFactory(owner=me, converted_at=when, priority="0") for when in (None, timezone.now(), None)]
    action = bulk.action_of(LEADS, "priority")
    assert action is not None

    job = bulk_jobs.ask(LEADS, [row.uuid for row in rows], action, "2", actor=me)
    jobs.begin(job)
    jobs.work_off()

    job.refresh_from_db()
    ((uuid, _name, why),) = job.parts.get().outcome["refused"]
    assert (job.state, job.done, job.failed) == (STATE.DONE, 2, 1)
    assert (uuid, "kept as history" in why) == (str(rows[1].uuid), True)


def test_a_cancelled_job_leaves_what_is_left_and_what_it_did_can_be_put_back(
    me: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(me, accounts(me, 300))
    whole = bulk.Edit.change

    def cancelling(edit: bulk.Edit, wanted: Any) -> bulk.Outcome:
        jobs.cancel(job)
        return whole(edit, wanted)

    monkeypatch.setattr(bulk.Edit, "change", cancelling)
    jobs.work_off()
    monkeypatch.undo()
    job.refresh_from_db()
    left = (job.state, job.done, job.left, dealers())

    back = bulk_jobs.undo(job, actor=me)
    jobs.work_off()

    back.refresh_from_db()
    assert left == (STATE.CANCELLED, 100, 200, 100)
    assert (back.state, back.done, dealers()) == (STATE.DONE, 100, 0)
    with pytest.raises(ValidationError, match="asked for already"):
        bulk_jobs.undo(job, actor=me)
    with pytest.raises(ValidationError, match="ended already"):
        jobs.cancel(job)


def test_a_job_that_waits_is_cancelled_at_once(me: User) -> None:
    job = asked(me, accounts(me, 2))

    jobs.cancel(job)
    jobs.work_off()

    job.refresh_from_db()
    assert (job.state, dealers()) == (STATE.CANCELLED, 0)
    with pytest.raises(ValidationError, match="nothing to put back"):
        bulk_jobs.undo(job, actor=me)


def test_what_somebody_saved_since_is_not_put_back(me: User) -> None:
    rows = accounts(me, 3)
    job = asked(me, rows, key="add-tag", value=TagFactory())
    jobs.work_off()
    ACCOUNTS.update(rows[0], actor=me, city="Kiel")

    back = bulk_jobs.undo(job, actor=me)
    jobs.work_off()

    back.refresh_from_db()
    assert (back.done, back.failed) == (2, 1)
    assert [row.tags.count() for row in rows] == [1, 0, 0]


def test_another_worker_goes_on_where_one_stopped_and_does_nothing_twice(me: User) -> None:
    job = asked(me, accounts(me, 300))

    jobs.work_on(job, seconds=-1)
    job.refresh_from_db()
    begun = job.state
    first = job.parts.order_by("number").first()
    assert first is not None
    jobs._do(job, first.pk, bulk_jobs._change(job))
    done = dealers()
    jobs.work_off()

    job.refresh_from_db()
    assert (begun, done) == (STATE.RUNNING, 100)
    assert (job.state, job.done, dealers()) == (STATE.DONE, 300, 300)
    assert set(Account.objects.values_list("version", flat=True)) == {2}


def test_a_part_that_another_worker_did_meanwhile_is_rolled_back(me: User) -> None:
    job = asked(me, accounts(me, 2))
    part = job.parts.get()
    work = bulk_jobs._change(job)

    def late(items: Sequence[Any]) -> jobs.Came:
        came = work(items)
        JobPart.objects.filter(pk=part.pk).update(done_at=timezone.now())
        return came

    with pytest.raises(jobs.LeaseLost):
        jobs._do(job, part.pk, late)

    assert dealers() == 0


def test_work_that_fails_again_and_again_ends_with_a_word(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = asked(me, accounts(me, 2))

    def broken(job: Job) -> jobs.Worker:
        raise RuntimeError("no")

    monkeypatch.setitem(jobs._kinds, bulk_jobs.CHANGE, broken)
    for _try in range(jobs.TRIES):
        jobs.work_off()

    job.refresh_from_db()
    assert (job.state, job.tries) == (STATE.FAILED, jobs.TRIES)
    assert "stopped several times" in job.problem


def test_who_may_not_any_more_changes_nothing(me: User) -> None:
    job = asked(me, accounts(me, 2))
    tagged = asked(me, accounts(me, 2), key="add-tag", value=(tag := TagFactory()))
    tag.delete()
    jobs.work_on(tagged)
    User.objects.filter(pk=me.pk).update(is_active=False)
    jobs.work_off()

    job.refresh_from_db()
    tagged.refresh_from_db()
    assert (job.state, tagged.state, dealers()) == (STATE.FAILED, STATE.FAILED, 0)
    assert "may not do this any more" in job.problem
    assert "not there any more" in tagged.problem


def test_a_job_that_was_only_shown_is_not_done_and_goes_after_a_day(me: User) -> None:
    action = bulk.action_of(ACCOUNTS, "trash")
    assert action is not None
    job = bulk_jobs.ask(ACCOUNTS, [row.uuid for row in accounts(me, 2)], action, None, actor=me)

    jobs.work_off()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        jobs.prune()

    assert Account.objects.active().count() == 2
    with pytest.raises(ValidationError, match="too long ago"):
        jobs.begin(job)


def test_ended_jobs_go_after_a_month_and_open_ones_never(me: User) -> None:
    ended, waiting = asked(me, accounts(me, 1)), asked(me, accounts(me, 1))
    jobs.work_on(ended)

    with time_machine.travel(timezone.now() + timedelta(days=31)):
        jobs.prune()

    assert list(Job.objects.values_list("pk", flat=True)) == [waiting.pk]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_a_job_once() -> None:
    me = UserFactory(role="sales_manager", team=TeamFactory())
    job = asked(me, [AccountFactory(type="customer", manager=me) for _n in range(120)])
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        jobs.work_off()
        connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.work_off()

    job.refresh_from_db()
    assert (job.state, job.done, dealers()) == (STATE.DONE, 120, 120)
    assert set(Account.objects.values_list("version", flat=True)) == {2}


@pytest.mark.django_db(transaction=True)
def test_two_who_put_back_at_once_put_back_once() -> None:
    me = UserFactory(role="sales_manager", team=TeamFactory())
    job = asked(me, [AccountFactory(type="customer", manager=me) for _n in range(3)])
    jobs.work_off()
    start, told = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        try:
            told.append(bulk_jobs.undo(job, actor=me).total)
        except ValidationError as refusal:
            told.append(" ".join(refusal.messages))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, told)) == ["3", "That was asked for already."]
    assert job.undone_by.count() == 1

"""Long work on its pages: begun from a list, watched, cancelled, put back; one's own alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import Account, Job, User
from crm.services import bulk, jobs
from integrations.models import Connection, PullCursor, SyncRun
from tests.factories import AccountFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
BULK = "/accounts/bulk/"


@pytest.fixture
def me(client: Client, monkeypatch: pytest.MonkeyPatch) -> User:
    """A seller who is signed in, where more than three rows are many."""
    monkeypatch.setattr(bulk, "NOW", 3)
    user = UserFactory(team=TeamFactory())
    client.force_login(user)
    return user


def shown(client: Client, **data: Any) -> str:
    answer = client.post(BULK, {"action": "type", "value": "dealer", "all": "1", **data})
    assert answer.status_code == 200
    return answer.content.decode()


def begun(client: Client) -> Job:
    page = shown(client)
    found = re.search(r'name="job" value="([0-9a-f-]+)"', page)
    assert found is not None
    client.post(BULK, {"action": "type", "value": "dealer", "all": "1", "go": "1", "job": found[1]})
    return Job.objects.get(uuid=found[1])


def page_of(job: Job, name: str = "job") -> str:
    return reverse(f"workspace:{name}", args=(job.uuid,))


def test_many_rows_are_changed_by_a_job_with_a_page_of_its_own(client: Client, me: User) -> None:
    AccountFactory.create_batch(5, manager=me, type="customer")
    preview = shown(client)
    job = begun(client)
    waiting = client.get(page_of(job)).content.decode()
    later = AccountFactory(manager=me, type="customer")

    jobs.work_off()
    ended = client.get(page_of(job)).content.decode()
    client.post(page_of(job, "job-undo"))
    jobs.work_off()

    later.refresh_from_db()
    assert "Up to 5 change" in preview
    assert 'data-running="1"' in waiting
    assert "<progress" in waiting
    assert ('data-running="0"' in ended, "Put back what it changed" in ended) == (True, True)
    assert (later.type, Account.objects.filter(type="dealer").count()) == ("customer", 0)
    assert "It was put back" in client.get(page_of(job)).content.decode()


def test_the_dialog_leads_to_the_page_of_the_job(client: Client, me: User) -> None:
    AccountFactory.create_batch(4, manager=me, type="customer")
    found = re.search(r'name="job" value="([0-9a-f-]+)"', shown(client))
    assert found is not None

    go = {"action": "type", "value": "dealer", "all": "1", "go": "1", "job": found[1]}
    answer = client.post(BULK, go, headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == f"/jobs/{found[1]}/"


def test_what_was_shown_is_done_whatever_the_filter_finds_by_then(client: Client, me: User) -> None:
    rows = AccountFactory.create_batch(5, manager=me, type="customer", city="Kiel")
    ask = {"action": "type", "value": "dealer", "all": "1"}
    found = re.search(r'name="job" value="([0-9a-f-]+)"', client.post(f"{BULK}?city=Kiel", ask).content.decode())
    assert found is not None
    Account.objects.filter(pk__in=[row.pk for row in rows[:4]]).update(city="Bonn")
    later = AccountFactory(manager=me, type="customer", city="Kiel")

    other = client.post(f"{BULK}?city=Kiel", {**ask, "value": "partner", "go": "1", "job": found[1]})
    client.post(f"{BULK}?city=Kiel", {**ask, "go": "1", "job": found[1]})
    jobs.work_off()

    later.refresh_from_db()
    assert other.status_code == 422
    assert (Account.objects.filter(type="dealer").count(), later.type) == (5, "customer")


def test_rows_chosen_one_by_one_stay_the_rows_chosen(client: Client, me: User) -> None:
    rows = AccountFactory.create_batch(5, manager=me, type="customer")
    chosen = [str(row.uuid) for row in rows[:4]]

    page = client.post(BULK, {"action": "type", "value": "dealer", "row": chosen}).content.decode()

    assert 'name="all"' not in page
    assert all(uuid in page for uuid in chosen)


@pytest.mark.parametrize("job", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_what_was_not_shown_is_not_begun(client: Client, me: User, job: str) -> None:
    AccountFactory.create_batch(4, manager=me, type="customer")

    answer = client.post(BULK, {"action": "type", "value": "dealer", "all": "1", "go": "1", "job": job})

    assert answer.status_code == 422
    assert "Choose the rows again" in answer.content.decode()
    assert Job.objects.count() == 0


def test_a_job_is_its_owners_and_the_administrators(client: Client, me: User) -> None:
    AccountFactory.create_batch(4, manager=me, type="customer")
    job = begun(client)
    mine = client.get("/jobs/").content.decode()

    answers = {}
    for name, user in (
        ("mate", UserFactory(team=me.team)),
        ("stranger", UserFactory(team=TeamFactory())),
        ("admin", UserFactory(role="admin")),
    ):
        client.force_login(user)
        seen = [
            client.get(page_of(job)),
            client.post(page_of(job, "job-undo")),
            client.post(page_of(job, "job-cancel")),
        ]
        answers[name] = [answer.status_code for answer in seen]
        answers[f"{name} lists"] = [
            job.title in client.get(page).content.decode() for page in ("/jobs/", "/jobs/bell/")
        ]

    assert job.title in mine
    assert (answers["mate"], answers["stranger"]) == ([404] * 3, [404] * 3)
    assert (answers["mate lists"], answers["stranger lists"]) == ([False] * 2, [False] * 2)
    assert (answers["admin"], answers["admin lists"]) == ([200, 302, 302], [True] * 2)
    assert Job.objects.get().state == Job.State.CANCELLED


def test_a_begun_job_of_another_is_not_begun_by_me(client: Client, me: User) -> None:
    AccountFactory.create_batch(4, manager=me, type="customer")
    found = re.search(r'name="job" value="([0-9a-f-]+)"', shown(client))
    assert found is not None
    client.force_login(UserFactory(team=me.team))

    answer = client.post(BULK, {"action": "type", "value": "dealer", "all": "1", "go": "1", "job": found[1]})

    assert answer.status_code == 422
    assert Job.objects.get().state == Job.State.ASKED


def test_what_failed_is_named_with_its_reason(client: Client, me: User) -> None:
    rows = [LeadFactory(owner=me, converted_at=when, priority="0") for when in (timezone.now(), None, None, None)]
    asked = {"action": "priority", "value": "2", "all": "1"}
    found = re.search(r'name="job" value="([0-9a-f-]+)"', client.post("/leads/bulk/", asked).content.decode())
    assert found is not None
    client.post("/leads/bulk/", {**asked, "go": "1", "job": found[1]})

    jobs.work_off()

    page = client.get(f"/jobs/{found[1]}/").content.decode()
    assert "What failed" in page
    assert f"/leads/{rows[0].uuid}/" in page
    assert "kept as history" in page


def test_a_job_that_has_ended_is_not_cancelled(client: Client, me: User) -> None:
    AccountFactory.create_batch(4, manager=me, type="customer")
    job = begun(client)
    jobs.work_off()

    page = client.post(page_of(job, "job-cancel"), follow=True).content.decode()

    assert "It has ended already" in page


def test_no_work_has_a_word_and_pages_cost_the_same_for_more(
    client: Client, me: User, django_assert_max_num_queries: Any
) -> None:
    empty = client.get("/jobs/").content.decode()
    for number in range(8):
        job = jobs.ask("bulk", title=f"Job {number}", actor=me, items=[], noun="accounts")
        jobs.begin(job)

    with django_assert_max_num_queries(6):
        page = client.get("/jobs/").content.decode()
    with django_assert_max_num_queries(6):
        client.get("/jobs/bell/")

    assert "No long work lately" in empty
    assert page.count("<progress") == 8


def test_whoever_may_see_the_sync_finds_its_long_runs_here(client: Client, me: User) -> None:
    connected = Connection.objects.create(url="http://odoo.example.com", database="odoo", username="sync@example.com")
    run = SyncRun.objects.create(connection=connected, kind=SyncRun.Kind.FIRST, remote_model="res.partner")
    SyncRun.objects.create(connection=connected, kind=SyncRun.Kind.POLL, remote_model="res.partner")
    PullCursor.objects.create(connection=connected, remote_model="res.partner", total=200, done=50)

    without = client.get("/jobs/").content.decode()
    client.force_login(UserFactory(role="super_admin"))
    page, bell = (client.get(address).content.decode() for address in ("/jobs/", "/jobs/bell/"))

    address = reverse("sync:run", args=(run.pk,))
    assert address not in without
    assert (page.count(address), bell.count(address), page.count("sync/runs/")) == (1, 1, 1)
    assert "25 %" in page

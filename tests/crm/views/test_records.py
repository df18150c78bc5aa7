"""The page of one record: who may open it, what stands there, editing, the composer, the trash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Account, Activity, Note, Stage, Task, User
from crm.nouns import url_of
from crm.services.accounts import update_account
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    CommunicationLogFactory,
    ContactFactory,
    LeadFactory,
    NoteFactory,
    OpportunityFactory,
    TaskFactory,
    UserFactory,
)

SignIn = Callable[[User], Client]
MADE: dict[str, Any] = {
    "accounts": (AccountFactory, "manager"),
    "contacts": (ContactFactory, "owner"),
    "leads": (LeadFactory, "owner"),
    "opportunities": (OpportunityFactory, "owner"),
    "activities": (ActivityFactory, "owner"),
    "tasks": (TaskFactory, "assignee"),
}
PAGES = ("", "edit/", "timeline/")


@pytest.mark.parametrize("key", MADE)
@pytest.mark.parametrize("page", PAGES)
def test_owner_and_team_mate_open_a_record_and_a_stranger_does_not_find_it(
    key: str,
    page: str,
    owner: User,
    team_mate: User,
    stranger: User,
    signed_in: SignIn,
    stages: dict[str, Stage],
) -> None:
    factory, field = MADE[key]
    address = url_of(factory.create(**{field: owner})) + page

    assert [signed_in(user).get(address).status_code for user in (owner, team_mate, stranger)] == [200, 200, 404]


def test_a_reader_sees_everything_and_changes_nothing(reader: User, owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(name="Acme", manager=owner)
    client, address = signed_in(reader), url_of(account)

    assert "Acme" in client.get(address).content.decode()
    assert client.get(f"{address}edit/").status_code == 403
    assert client.post(f"{address}write/note/", {"body": "x"}).status_code == 403
    assert client.post(f"{address}trash/").status_code == 403
    assert client.get("/accounts/new/").status_code == 403


def test_an_edit_writes_only_what_was_changed(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(name="Acme", phone="+49 30 1", manager=owner)
    client = signed_in(owner)
    shown = client.get(f"{url_of(account)}edit/").context["form"]
    data = {field.html_name: field.value() or "" for field in shown} | {"phone": "+49 30 2", "tags": []}
    answer = client.post(f"{url_of(account)}edit/", {**data, "version": account.version})
    account.refresh_from_db()

    assert (answer.status_code, account.phone, sorted(account.field_times)) == (302, "+49 30 2", ["phone"])


def test_an_edit_that_somebody_else_was_quicker_than_is_told_and_keeps_what_was_typed(
    owner: User, signed_in: SignIn
) -> None:
    account = AccountFactory.create(name="Acme", manager=owner)
    update_account(account, actor=owner, city="Elsewhere")
    answer = signed_in(owner).post(
        f"{url_of(account)}edit/", {"name": "Acme Ltd", "type": "customer", "version": account.version}
    )
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Somebody else saved" in page
    assert 'value="Acme Ltd"' in page
    assert Account.objects.get().name == "Acme"


@pytest.mark.parametrize("version", ["", "soon"])
def test_a_form_without_its_version_saves_the_version_it_shows_or_says_what_is_missing(
    version: str, owner: User, signed_in: SignIn
) -> None:
    account = AccountFactory.create(name="Acme", manager=owner)
    answer = signed_in(owner).post(f"{url_of(account)}edit/", {"name": "", "type": "customer", "version": version})

    assert answer.status_code == 422
    assert Account.objects.get().name == "Acme"


def test_bad_values_come_back_beside_their_fields(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(name="Acme", manager=owner)
    answer = signed_in(owner).post(
        f"{url_of(account)}edit/",
        {"name": "", "type": "customer", "employees": "many", "parent": "Nobody (#99)", "version": account.version},
    )

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name", "employees", "parent"}


def test_a_search_field_offers_only_what_one_may_see_and_takes_a_full_name(
    owner: User, stranger: User, signed_in: SignIn
) -> None:
    for name, manager in (("Acme One", owner), ("Acme Two", stranger)):
        account = AccountFactory.create(name=name, manager=manager)
        Account.objects.filter(pk=account.pk).update(search_text=account.build_search_text())
    client = signed_in(owner)
    offered = client.get("/pick/crm.account/?account=acme").content.decode()
    client.post("/contacts/new/", {"name": "Ann", "role": "contact", "account": "acme one"})

    assert ("Acme One (#" in offered, "Acme Two" in offered) == (True, False)
    assert client.get("/pick/crm.user/?account=a").content.decode().strip() == ""
    assert client.get("/pick/nonsense/?account=a").status_code == 404


def test_a_new_record_is_the_makers_own_and_its_page_comes_next(owner: User, signed_in: SignIn) -> None:
    answer = signed_in(owner).post("/accounts/new/", {"name": "New", "type": "customer", "manager": owner.pk})
    account = Account.objects.get()

    assert (answer.status_code, answer["Location"], account.manager) == (302, url_of(account), owner)


def test_a_note_a_call_and_a_task_are_written_from_the_record(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    client, address = signed_in(owner), f"{url_of(account)}write/"
    past = (timezone.localtime() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"{address}note/", {"body": "Likes <tea>"})
    client.post(f"{address}call/", {"subject": "Offer", "duration_minutes": 5, "starts_at": past})
    client.post(f"{address}task/", {"title": "Send it", "priority": "normal", "due_on": "2030-01-31"})

    assert Note.objects.get(account=account).body == "<p>Likes &lt;tea&gt;</p>"
    call = Activity.objects.get(account=account)
    assert (call.subject, call.type, call.owner, call.done_at is not None) == ("Offer", "call", owner, True)
    assert Task.objects.get(account=account).assignee == owner


def test_an_empty_note_is_refused_and_an_unknown_kind_is_not_found(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    client, address = signed_in(owner), f"{url_of(account)}write/"

    assert client.post(f"{address}note/", {"body": "  "}).status_code == 422
    assert client.get(f"{address}poem/").status_code == 404
    assert client.get(f"{url_of(TaskFactory.create(assignee=owner))}write/note/").status_code == 404


def test_trash_and_restore(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    client, address = signed_in(owner), url_of(account)
    client.post(f"{address}trash/")
    thrown = Account.objects.get().archived_at
    page = client.get(address).content.decode()
    client.post(f"{address}restore/")

    assert thrown is not None
    assert "This is in the trash" in page
    assert Account.objects.get().archived_at is None


def test_a_converted_lead_is_shown_as_history_and_not_edited(owner: User, signed_in: SignIn) -> None:
    lead = LeadFactory.create(owner=owner, converted_at=timezone.now())
    client = signed_in(owner)
    page = client.get(url_of(lead)).content.decode()

    assert "was converted and is kept as history" in page
    assert client.get(f"{url_of(lead)}edit/")["Location"] == url_of(lead)


def test_a_contact_that_became_an_account_leads_there(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    contact = ContactFactory.create(owner=owner, moved_to=account)

    assert signed_in(owner).get(url_of(contact))["Location"] == url_of(account)


def test_the_timeline_shows_each_entry_once_also_where_moments_are_equal(owner: User, signed_in: SignIn) -> None:
    account, moment = AccountFactory.create(manager=owner), timezone.now()
    for number in range(15):
        NoteFactory.create(account=account, body=f"<p>note-{number:02}</p>", created_at=moment)
        ActivityFactory.create(account=account, subject=f"call-{number:02}", type="call", starts_at=moment)
        CommunicationLogFactory.create(account=account, subject=f"mail-{number:02}", happened_at=moment)
    client = signed_in(owner)
    shown: list[str] = []
    address = f"{url_of(account)}timeline/"
    for _page in range(3):
        answer = client.get(address)
        shown += [str(entry.title) + str(entry.body) for entry in answer.context["entries"]]
        address = answer.context["earlier"]

    assert (len(shown), len(set(shown)), address) == (45, 45, "")


def test_somebody_elses_html_is_harmless_on_the_timeline(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    CommunicationLogFactory.create(account=account, subject="<b>x</b>", body="<script>alert(1)</script><p>Hi</p>")
    page = signed_in(owner).get(url_of(account)).content.decode()

    assert "alert(1)" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


@pytest.mark.parametrize("key", MADE)
def test_a_record_with_much_around_it_costs_as_many_queries_as_one_with_little(
    key: str, owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    factory, field = MADE[key]
    record = factory.create(**{field: owner})
    client, address = signed_in(owner), url_of(record)
    link = {record._meta.model_name: record} if key in ("accounts", "contacts", "leads", "opportunities") else {}
    NoteFactory.create(**link)
    client.get(address)
    with CaptureQueriesContext(connection) as little:
        client.get(address)
    NoteFactory.create_batch(30, **link)
    ActivityFactory.create_batch(30, owner=owner, **link)
    with CaptureQueriesContext(connection) as much:
        client.get(address)

    assert len(much) == len(little)
    assert len(little) <= 30


def test_a_new_activity_begins_at_a_whole_minute(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    with time_machine.travel("2026-03-01T10:20:33Z", tick=False):
        page = client.get("/activities/new/").content.decode()
    assert ('value="2026-03-01T' in page, ":20:00" in page, ":20:33" in page) == (True, True, False)


@pytest.mark.parametrize("way", ["edit", "board-edit", "field"])
def test_an_owner_who_is_not_active_any_more_stays_when_something_else_is_changed(
    client: Client, admin_user: User, stages: dict[str, Stage], way: str
) -> None:
    client.force_login(admin_user)
    gone = UserFactory.create(name="Gone", is_active=False)
    deal = OpportunityFactory.create(name="Roof", owner=gone, stage=stages["proposal"], amount=1000)
    htmx: Any = {"HTTP_HX_REQUEST": "true"}
    names = {"edit": ("opportunities", deal.uuid), "board-edit": (deal.uuid,)}
    address = reverse(f"workspace:{way}", args=names.get(way, ("opportunities", deal.uuid, "owner")))

    asked = client.get(address, **htmx)
    form = asked.context["form"]
    held = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in held.items() if value not in (None, [])}
    changed = {"begun": str(gone.pk), "owner": str(gone.pk)} if way == "field" else {"amount": "7", "version": "1"}
    client.post(address, {**data, **changed}, **htmx)

    deal.refresh_from_db()
    assert "Gone" in asked.content.decode()
    assert (deal.owner, deal.amount) == (gone, 1000 if way == "field" else 7)


@pytest.mark.django_db
def test_an_account_shows_where_it_is_on_a_map(client: Client) -> None:
    client.force_login(UserFactory(role="admin"))
    here = AccountFactory(latitude=Decimal("52.5200000"), longitude=Decimal("-13.4050000"))

    page = client.get(f"/accounts/{here.uuid}/").content.decode()

    assert "52.52, -13.405" in page
    assert "https://www.openstreetmap.org/?mlat=52.52&amp;mlon=-13.405" in page


@pytest.mark.django_db
def test_a_page_that_is_not_there_says_so_in_words(client: Client) -> None:
    client.force_login(UserFactory())

    answers = [client.get(address) for address in ("/nothing/", "/accounts/00000000-0000-0000-0000-000000000000/")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("This page is not there" in answer.content.decode() for answer in answers)

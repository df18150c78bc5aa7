"""The sync chip on record pages: an icon, a word, why, and where to settle it; never better than the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Account, User
from integrations.models import (
    Binding,
    Conflict,
    Connection,
    InboxMessage,
    MatchCandidate,
    OutboxMessage,
    PullCursor,
    content_type_of,
)
from integrations.odoo.wire.weblinks import record_url
from integrations.standing.sync_state import Standing, sync_states
from tests.factories import AccountFactory, ContactFactory, LeadFactory, NoteFactory, OpportunityFactory

SignIn = Callable[[User], Client]
STATE, STATUS = Binding.State, OutboxMessage.Status


@pytest.fixture
def odoo(connection_to_odoo: Connection) -> Connection:
    connection_to_odoo.series = 18
    connection_to_odoo.save()
    return connection_to_odoo


@pytest.fixture
def account(owner: User, odoo: Connection) -> Account:
    return AccountFactory.create(name="Acme", manager=owner)


def tie(odoo: Connection, record: Any, state: str = STATE.BOUND, model: str = "res.partner", **values: Any) -> Binding:
    held = {"remote_id": 12} if state != STATE.PENDING else {}
    return Binding.objects.create(
        connection=odoo,
        remote_model=model,
        content_type=content_type_of(record),
        object_uuid=record.uuid,
        external_name=f"x_{record.uuid}",
        state=state,
        **{**held, **values},
    )


def message(odoo: Connection, record: Any, status: str, **values: Any) -> OutboxMessage:
    return OutboxMessage.objects.create(
        connection=odoo,
        remote_model="res.partner",
        content_type=content_type_of(record),
        object_uuid=record.uuid,
        status=status,
        **values,
    )


def standing(record: Any) -> tuple[str, str, str]:
    state = sync_states([record])[record.uuid]
    return state.standing, state.words, state.explanation


def test_without_a_connection_there_is_no_chip(db: None) -> None:
    assert sync_states([AccountFactory.create()]) == {}


def test_bound_and_nothing_waits_is_in_step_since_the_last_poll(odoo: Connection, account: Account) -> None:
    seen, polled = timezone.now() - timedelta(hours=3), timezone.now() - timedelta(minutes=2)
    tie(odoo, account, seen_at=seen)
    PullCursor.objects.create(connection=odoo, remote_model="res.partner", polled_at=polled)
    state = sync_states([account])[account.uuid]
    assert (state.standing, state.words, state.since) == (Standing.IN_STEP, "In step", polled)


def test_never_seen_in_odoo_has_no_time_of_being_in_step(odoo: Connection, account: Account) -> None:
    """Sent, and not read back yet: a poll before that says nothing about it."""
    tie(odoo, account)
    PullCursor.objects.create(connection=odoo, remote_model="res.partner", polled_at=timezone.now())
    assert sync_states([account])[account.uuid].since is None


@pytest.mark.parametrize("status", [STATUS.WAITING, STATUS.CLAIMED])
def test_a_message_on_its_way_is_never_called_saved(odoo: Connection, account: Account, status: str) -> None:
    tie(odoo, account)
    message(odoo, account, status)
    assert standing(account) == (Standing.WAITING, "Waiting to be sent", "")


def test_what_it_waits_for_is_said(odoo: Connection, account: Account) -> None:
    message(odoo, account, STATUS.WAITING, waits_for="account “Parent”", attempts=1)
    assert standing(account) == (Standing.WAITING, "Waiting to be sent", "Waits for account “Parent”.")


def test_refused_and_tried_again_is_said(odoo: Connection, account: Account) -> None:
    message(odoo, account, STATUS.WAITING, refusals=1, attempts=1, explanation="Bad e-mail")
    assert standing(account)[2] == "Odoo refused it; it is tried again: Bad e-mail"


def test_sending_switched_off_is_said(odoo: Connection, account: Account) -> None:
    Connection.objects.update(push_enabled=False)
    message(odoo, account, STATUS.WAITING)
    assert standing(account) == (Standing.WAITING, "Waiting to be sent", "Sending to Odoo is switched off.")


def test_odoo_is_away_when_the_last_try_reached_nobody(odoo: Connection, account: Account) -> None:
    message(odoo, account, STATUS.WAITING, attempts=2, explanation="Odoo cannot be reached.")
    assert standing(account) == (Standing.AWAY, "Odoo is away, kept here", "Odoo cannot be reached.")


def test_odoo_is_away_while_the_connection_is_paused(odoo: Connection, account: Account) -> None:
    Connection.objects.update(state="paused", state_reason="Odoo refused the user or the key.")
    message(odoo, account, STATUS.WAITING)
    assert standing(account) == (Standing.AWAY, "Odoo is away, kept here", "Odoo refused the user or the key.")


def test_a_parked_message_says_why(odoo: Connection, account: Account) -> None:
    tie(odoo, account)
    message(odoo, account, STATUS.PARKED, reason="bad_data", explanation="Bad e-mail", settled_at=timezone.now())
    assert standing(account) == (Standing.PARKED, "Parked: Bad data", "Bad e-mail")


def test_a_parked_message_is_history_once_a_later_one_arrived(odoo: Connection, account: Account) -> None:
    tie(odoo, account)
    then = timezone.now() - timedelta(hours=1)
    message(odoo, account, STATUS.PARKED, reason="bad_data", settled_at=then)
    message(odoo, account, STATUS.DONE, settled_at=timezone.now())
    assert standing(account)[0] == Standing.IN_STEP


def test_a_dropped_message_leaves_the_change_here_only(odoo: Connection, account: Account) -> None:
    tie(odoo, account)
    message(odoo, account, STATUS.DROPPED, explanation="Ada: not needed", settled_at=timezone.now())
    assert standing(account) == (Standing.OFF, "Kept here only", "Ada: not needed")


def test_a_change_from_odoo_that_cannot_be_kept_is_said(odoo: Connection, account: Account) -> None:
    tie(odoo, account)
    InboxMessage.objects.create(
        connection=odoo, remote_model="res.partner", remote_id=12, status="parked", explanation="Too long"
    )
    assert standing(account) == (Standing.PARKED, "Parked: a change from Odoo cannot be kept here", "Too long")


def test_an_open_conflict_comes_before_all_else(odoo: Connection, account: Account) -> None:
    binding = tie(odoo, account)
    message(odoo, account, STATUS.WAITING)
    for field, status in (("phone", "open"), ("email", "by_rule")):
        Conflict.objects.create(
            connection=odoo,
            binding=binding,
            content_type=binding.content_type,
            object_uuid=account.uuid,
            remote_model="res.partner",
            field=field,
            status=status,
        )
    assert standing(account) == (Standing.CONFLICT, "Conflict", "Phone")


def test_a_possible_match_asks_a_person(odoo: Connection, account: Account) -> None:
    tie(odoo, account, STATE.HELD, remote_id=None)
    message(odoo, account, STATUS.WAITING)
    MatchCandidate.objects.create(
        connection=odoo,
        remote_model="res.partner",
        remote_id=9,
        content_type=content_type_of(account),
        object_uuid=account.uuid,
        reason="same e-mail",
    )
    assert standing(account)[:2] == (Standing.HELD, "Possible match: a person must say")


@pytest.mark.parametrize("state", [STATE.GONE, STATE.HIDDEN, STATE.OUT_OF_SCOPE, STATE.UNKNOWN])
def test_a_tie_that_does_not_hold_is_never_in_step(odoo: Connection, account: Account, state: str) -> None:
    tie(odoo, account, state)
    found, words, _why = standing(account)
    assert found != Standing.IN_STEP
    assert words == STATE(state).label


def test_what_was_never_sent_is_not_in_odoo_yet(odoo: Connection, account: Account) -> None:
    assert standing(account) == (Standing.OFF, "Not in Odoo yet", "")
    tie(odoo, account, STATE.PENDING)
    assert standing(account) == (Standing.OFF, "Not in Odoo yet", "")


def test_what_goes_to_no_odoo_has_no_chip(odoo: Connection) -> None:
    assert sync_states([NoteFactory.create()]) == {}


def test_fifty_records_cost_as_much_as_one(odoo: Connection, account: Account) -> None:
    accounts = [account, *(AccountFactory.create() for _ in range(49))]
    for number, one in enumerate(accounts):
        tie(odoo, one, remote_id=number + 1)
        message(odoo, one, STATUS.PARKED, settled_at=timezone.now())
    with CaptureQueriesContext(connection) as few:
        sync_states(accounts[:1])
    with CaptureQueriesContext(connection) as many:
        sync_states(accounts)
    assert len(few) == len(many) == 8


# --- on the page


def page(client: Client, record: Any) -> str:
    opts = record._meta
    answer = client.get(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(record.pk,)))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_chip_stands_on_every_kind_of_record(odoo: Connection, admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(admin_user)
    made = [AccountFactory.create(), ContactFactory.create(), LeadFactory.create(), OpportunityFactory.create()]
    for record in made:
        assert "Not in Odoo yet" in page(client, record)


def test_icon_word_and_both_links(odoo: Connection, account: Account, admin_user: User, signed_in: SignIn) -> None:
    tie(odoo, account)
    parked = message(odoo, account, STATUS.PARKED, reason="bad_data", explanation="<b>no</b>")
    shown = page(signed_in(admin_user), account)
    assert "icon-tabler-alert-circle" in shown
    assert "Parked: Bad data" in shown
    assert "&lt;b&gt;no&lt;/b&gt;" in shown
    assert reverse("sync:parked-message", args=(parked.pk,)) in shown
    assert 'href="http://odoo.example.com/odoo/res.partner/12"' in shown


def test_who_may_not_settle_it_gets_no_dead_link(
    odoo: Connection, account: Account, owner: User, signed_in: SignIn
) -> None:
    tie(odoo, account)
    parked = message(odoo, account, STATUS.PARKED, reason="bad_data")
    shown = page(signed_in(owner), account)
    assert "Parked: Bad data" in shown
    assert reverse("sync:parked-message", args=(parked.pk,)) not in shown
    assert "/odoo/res.partner/12" in shown


@pytest.mark.parametrize(
    ("series", "url", "public_url", "expected"),
    [
        (16, "https://a.example.com", "", "https://a.example.com/web#id=7&model=crm.lead&view_type=form"),
        (17, "https://a.example.com", "", "https://a.example.com/web#id=7&model=crm.lead&view_type=form"),
        (18, "https://a.example.com", "", "https://a.example.com/odoo/crm.lead/7"),
        (19, "http://10.0.0.5:8069", "https://odoo.example.com/odoo", "https://odoo.example.com/odoo/crm.lead/7"),
        (19, "http://10.0.0.5:8069", "https://odoo.example.com/web", "https://odoo.example.com/odoo/crm.lead/7"),
    ],
)
def test_links_lead_to_the_address_that_people_use(series: int, url: str, public_url: str, expected: str) -> None:
    odoo = Connection(url=url, public_url=public_url, series=series)
    assert record_url(odoo, "crm.lead", 7) == expected
    assert record_url(odoo, "crm.lead", None) == ""
    assert record_url(odoo, "mail.message", 7) == ""


def test_the_page_looks_again_while_a_change_is_on_its_way_and_stops_then(
    odoo: Connection, account: Account, admin_user: User, signed_in: SignIn
) -> None:
    tie(odoo, account)
    waiting = message(odoo, account, STATUS.WAITING)
    client = signed_in(admin_user)
    panels = reverse("workspace:panels", args=("accounts", account.uuid))

    first = client.get(reverse("workspace:record", args=("accounts", account.uuid))).content.decode()
    again = client.get(panels, {"asked": "1"}).content.decode()
    last = client.get(panels, {"asked": "15"}).content.decode()

    assert f'hx-get="{panels}?asked=1" hx-trigger="load delay:1s"' in first
    assert f'hx-get="{panels}?asked=2" hx-trigger="load delay:2s"' in again
    assert ("Waiting to be sent" in last, "hx-get" in last) == (True, False)
    assert client.get(panels, {"asked": "9" * 5000}).status_code == 200
    waiting.delete()
    done = client.get(panels, {"asked": "2"}).content.decode()
    assert ("In step" in done, "hx-get" in done) == (True, False)

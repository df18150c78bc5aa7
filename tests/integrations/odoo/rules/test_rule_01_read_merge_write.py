"""Rule 1: read, merge, write."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from crm.models import Account, User
from crm.services.accounts import create_account, update_account
from integrations.models import Conflict, OutboxMessage
from integrations.odoo.pushing.push import push_model
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]


@pytest.fixture
def known(synced: TwoSides, admin_user: User) -> Make:
    """Makes an account that is in step on both sides."""

    def make(name: str = "Acme", **values: object) -> Account:
        account = create_account(actor=admin_user, name=name, **values)  # type: ignore[arg-type]
        synced.settle()
        synced.control.reset_counters()
        return account

    return make


def during_the_call(sides: TwoSides, happens: Callable[[], object]) -> None:
    """Push partners while something happens once between the read and the load of the first call."""
    left = [happens]

    def once() -> None:
        while left:
            left.pop()()

    with sides.session() as session:
        session.renewals.append(once)
        push_model(session, "res.partner")


def test_rule_01_a_field_changed_on_both_sides_goes_to_the_rule_and_the_others_go_on(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    account = known(city="Ulm", phone="1")
    update_account(account, actor=admin_user, city="Bonn", phone="2")
    synced.control.write("res.partner", [synced.remote_id(account)], city="Köln")

    synced.settle()

    account.refresh_from_db()
    assert (account.city, account.phone) == ("Köln", "2")
    assert synced.there(account)["phone"] == "2"
    (conflict,) = synced.conflicts(account)
    assert (conflict.field, conflict.base, conflict.here, conflict.odoo) == ("city", "Ulm", "Bonn", "Köln")
    assert (conflict.status, conflict.winner) == (Conflict.Status.BY_RULE, "odoo")


def test_rule_01_known_records_are_read_loaded_and_read_back_once_for_the_whole_batch(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    accounts = [known(f"Firm {number}") for number in range(3)]
    synced.control.reset_counters()
    for account in accounts:
        update_account(account, actor=admin_user, phone=f"+49 {account.pk}")

    synced.push()

    calls = synced.control.counters()["calls"]
    assert calls == {"res.partner.read": 2, "res.partner.load": 1}
    assert [synced.there(account)["phone"] for account in accounts] == [f"+49 {one.pk}" for one in accounts]


def test_rule_01_a_field_goes_out_only_if_it_changed_here(synced: TwoSides, known: Make, admin_user: User) -> None:
    account = known(city="Ulm")
    synced.control.patch("res.partner", [synced.remote_id(account)], city="changed without a trace")
    update_account(account, actor=admin_user, phone="2")

    synced.push()

    assert synced.there(account)["phone"] == "2"
    assert synced.there(account)["city"] == "changed without a trace"


def test_rule_01_rows_are_grouped_by_their_columns_and_never_padded(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    one, two, three = (known(name, city="Ulm", phone="1") for name in ("One", "Two", "Three"))
    synced.control.reset_counters()
    update_account(one, actor=admin_user, city="Bonn")
    update_account(two, actor=admin_user, city="Köln")
    update_account(three, actor=admin_user, phone="3")

    synced.push()

    assert synced.loads() == {"res.partner.load": 2}
    assert (synced.there(one)["phone"], synced.there(three)["city"]) == ("1", "Ulm")


def test_rule_01_a_commit_while_load_runs_is_noticed_and_the_read_comes_again(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    account = known(city="Ulm", phone="1")
    update_account(account, actor=admin_user, city="Bonn", phone="2")
    held = synced.control.begin("res.partner", "write", [synced.remote_id(account)], {"city": "Köln"})
    commit = threading.Timer(0.5, synced.control.commit, [held])
    commit.start()

    synced.push("res.partner")

    commit.join()
    assert synced.message(account).status == OutboxMessage.Status.WAITING
    assert (synced.there(account)["city"], synced.there(account)["phone"]) == ("Köln", "1")
    synced.settle()

    account.refresh_from_db()
    assert account.city == synced.there(account)["city"] == "Köln"
    assert account.phone == synced.there(account)["phone"] == "2"
    assert [conflict.here for conflict in synced.conflicts(account)] == ["Bonn"]


def test_rule_01_could_not_serialize_wrote_nothing_and_the_message_waits(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    account = known(phone="1")
    update_account(account, actor=admin_user, phone="2")
    synced.control.fault("conflict", model="res.partner", method="load")

    synced.push("res.partner")

    assert synced.message(account).status == OutboxMessage.Status.WAITING
    assert synced.message(account).refusals == 0
    synced.settle()
    assert synced.there(account)["phone"] == "2"
    assert synced.calls("res.partner.write") == 0


def test_rule_01_the_base_is_the_value_here_and_the_value_read_back(synced: TwoSides, known: Make) -> None:
    account = known(website="example.com", phone="1")

    assert synced.there(account)["website"] == "http://example.com"
    base = synced.binding(account).base
    assert base["website"] == ["example.com", "http://example.com"]
    assert base["phone"] == "1"
    account.refresh_from_db()
    assert account.website == "example.com"


def test_rule_01_what_odoo_made_of_it_is_a_change_in_odoo_when_it_means_something_else(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    parent = known("Parent", city="Ulm", street="Main Street 1")
    child = create_account(actor=admin_user, name="Child", parent=parent, city="Bonn")

    synced.settle()

    # Odoo copies the parent's address over a child at creation.
    child.refresh_from_db()
    assert (child.city, child.street) == ("Ulm", "Main Street 1")
    assert [(one.field, one.here) for one in synced.conflicts(child)] == [("city", "Bonn")]


def test_rule_01_an_edit_made_here_during_the_call_stays_pending(
    synced: TwoSides, known: Make, admin_user: User
) -> None:
    account = known(phone="1")
    update_account(account, actor=admin_user, phone="2")

    during_the_call(synced, lambda: update_account(account, actor=admin_user, phone="3"))

    synced.settle()
    account.refresh_from_db()
    assert account.phone == synced.there(account)["phone"] == "3"
    assert synced.conflicts(account) == []


def test_rule_01_an_edit_here_while_a_new_record_is_being_made_stays_pending(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")

    during_the_call(synced, lambda: update_account(account, actor=admin_user, phone="2"))
    synced.settle()

    account.refresh_from_db()
    assert account.phone == synced.there(account)["phone"] == "2"
    assert synced.conflicts(account) == []

"""Rules 6 and 7: merging inside the writing transaction; suspects are not guilty."""

from __future__ import annotations

import pytest

from crm.models import Account, User
from crm.services.accounts import create_account, update_account
from crm.services.contacts import create_contact
from crm.services.tasks import create_task
from integrations import sync
from integrations.decisions.parked import read_again, send_again
from integrations.models import Binding, InboxMessage, OutboxMessage
from integrations.odoo.applying.apply import Applier
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.pulling.pull import chunk_size
from tests.factories import UserFactory
from tests.support.failure_cases import dead_country
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATUS, REASON = OutboxMessage.Status, OutboxMessage.Reason
SALES = "integration"


def test_rule_06_an_edit_here_between_fetching_and_applying_is_merged_and_not_lost(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", city="Ulm", phone="1")
    synced.settle()
    synced.control.write("res.partner", [synced.remote_id(account)], city="Köln")
    with synced.session() as session:
        rows = session.read(BY_MODEL["res.partner"], [synced.remote_id(account)])
        update_account(account, actor=admin_user, phone="2")

        Applier(session, BY_MODEL["res.partner"]).apply(rows)

    account.refresh_from_db()
    assert (account.city, account.phone) == ("Köln", "2")
    synced.settle()
    assert synced.there(account)["phone"] == "2"


def test_rule_06_a_record_that_cannot_be_kept_is_parked_and_its_chunk_arrives(synced: TwoSides) -> None:
    good = [synced.control.create("res.partner", name=f"Good {number}", is_company=True) for number in range(3)]
    bad = synced.control.create("res.partner", name="Bad", is_company=True, vat="9" * 70)

    synced.pull()

    assert [synced.here("res.partner", one).name for one in good] == ["Good 0", "Good 1", "Good 2"]
    parked = InboxMessage.objects.get(remote_id=bad)
    assert parked.status == InboxMessage.Status.PARKED
    assert "70 characters" in parked.explanation


def test_rule_06_chunks_are_of_the_size_that_the_database_bears() -> None:
    from django.db import connection

    assert chunk_size() == {"sqlite": 200, "postgresql": 1000}[connection.vendor]


def test_rule_07_a_named_row_is_sent_again_alone_and_parked_only_after_failing_alone_three_times(
    synced: TwoSides, admin_user: User
) -> None:
    one, two = (create_account(actor=admin_user, name=name) for name in ("One", "Two"))
    Account.objects.filter(pk=one.pk).update(country=dead_country(synced))

    synced.push("res.partner")
    assert synced.there(two)["name"] == "Two"
    assert (synced.message(one).status, synced.message(one).refusals) == (STATUS.WAITING, 1)
    synced.later(5)
    synced.push("res.partner")
    assert (synced.message(one).status, synced.message(one).refusals) == (STATUS.WAITING, 2)
    Account.objects.filter(pk=one.pk).update(country=None)
    synced.settle()

    assert synced.message(one).status == STATUS.DONE
    assert synced.there(one)["name"] == "One"


def test_rule_07_what_fails_alone_three_times_is_parked_in_odoos_own_words(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="One")
    synced.control.fault("bad_row", model="res.partner", count=3, message="Refused for a reason")

    synced.settle()

    parked = synced.message(account)
    assert (parked.status, parked.reason) == (STATUS.PARKED, REASON.BAD_DATA)
    assert parked.explanation == "Refused for a reason"
    assert synced.loads() == {"res.partner.load": 3}


def test_rule_07_serialization_heals_itself_and_burns_no_try(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="One")
    synced.control.fault("conflict", model="res.partner", method="load", count=4)

    synced.settle()

    assert (synced.message(account).status, synced.message(account).refusals) == (STATUS.DONE, 0)


def test_rule_07_no_parent_and_child_in_one_call(synced: TwoSides, admin_user: User) -> None:
    parent = create_account(actor=admin_user, name="Parent")
    child = create_account(actor=admin_user, name="Child", parent=parent)
    person = create_contact(actor=admin_user, name="Person", account=child)

    synced.push("res.partner")

    assert synced.loads() == {"res.partner.load": 3}
    assert synced.there(child)["parent_id"] == synced.remote_id(parent)
    assert synced.there(person)["parent_id"] == synced.remote_id(child)


def test_rule_07_complaints_that_name_nobody_halve_the_batch(synced: TwoSides, admin_user: User) -> None:
    accounts = [create_account(actor=admin_user, name=f"Firm {number}") for number in range(4)]
    synced.control.fault("error", model="res.partner", method="load", name="builtins.ValueError", message="Something")

    synced.push("res.partner")

    assert synced.loads() == {"res.partner.load": 3}
    assert [synced.there(account)["name"] for account in accounts] == [f"Firm {number}" for number in range(4)]


def test_rule_07_a_missing_right_is_decided_by_asking_and_never_by_text(synced: TwoSides, admin_user: User) -> None:
    one = create_account(actor=admin_user, name="One")
    synced.control.fault("bad_row", model="res.partner", count=3, message="You are not allowed to create this.")
    synced.settle()
    two = create_account(actor=admin_user, name="Two")
    synced.control.settings(revoked=[f"{SALES}:res.partner:create"])
    synced.settle()

    assert synced.message(one).reason == REASON.BAD_DATA
    assert synced.message(two).reason == REASON.MISSING_RIGHT


def test_rule_07_two_hundred_rows_a_call_and_bodies_under_512_kib(synced: TwoSides, admin_user: User) -> None:
    for number in range(201):
        create_account(actor=admin_user, name=f"Firm {number}")
    synced.push("res.partner")
    assert synced.loads() == {"res.partner.load": 2}
    synced.control.reset_counters()
    for number in range(30):
        create_account(actor=admin_user, name=f"Long {number}", description="x" * 30_000)

    synced.push("res.partner")

    assert synced.loads() == {"res.partner.load": 3}


def test_rule_07_every_claimed_message_is_counted_once(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    same = create_account(actor=admin_user, name="Same")
    behind_proxy.settle()
    bad = create_account(actor=admin_user, name="Bad")
    behind_proxy.control.fault("bad_row", model="res.partner", count=1)
    behind_proxy.push("res.partner")
    update_account(same, actor=admin_user, territory="not synced")
    good = create_account(actor=admin_user, name="Good")
    child = create_account(actor=admin_user, name="Child", parent=good)
    behind_proxy.let_wait_pass()
    behind_proxy.control.fault("bad_row", model="res.partner", count=9)
    claimed = OutboxMessage.objects.filter(status=STATUS.WAITING).count()

    counts = behind_proxy.push_report("res.partner").counts()

    assert claimed == 4
    assert {bad.pk, child.pk} <= set(Account.objects.values_list("pk", flat=True))
    assert sum(counts.values()) == claimed


def test_rule_07_where_tandem_itself_fails_the_guilty_message_alone_is_parked_as_internal(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    lost = UserFactory.create(name="Lost in time")
    User.objects.filter(pk=lost.pk).update(time_zone="Mars/Base")  # the deadline is today where he is
    people = (admin_user, lost, admin_user)
    tasks = [create_task(actor=admin_user, title="Call", assignee=one, account=account) for one in people]

    for _turn in range(3):
        synced.let_wait_pass()
        synced.push()

    assert [synced.message(one).status for one in tasks] == [STATUS.DONE, STATUS.PARKED, STATUS.DONE]
    parked = synced.message(tasks[1])
    assert (parked.reason, parked.refusals) == (REASON.INTERNAL, 2)
    assert parked.explanation.startswith("Tandem itself failed on this record: ZoneInfoNotFoundError in ")
    assert "Mars" not in parked.explanation
    User.objects.filter(pk=lost.pk).update(time_zone="Europe/Berlin")
    send_again(parked)
    synced.settle()
    assert len(synced.control.dump("mail.activity")) == 3


def test_rule_07_where_tandem_itself_fails_on_a_record_of_odoo_it_alone_is_parked(synced: TwoSides) -> None:
    ids = [synced.control.create("res.partner", name=name, is_company=True) for name in ("One", "Two", "Three")]
    synced.settle()
    bad = Binding.objects.filter(remote_model="res.partner", remote_id=ids[1])
    good_base = bad.get().base
    bad.update(base=["no pairs"])
    synced.end_second()
    synced.control.write("res.partner", ids, phone="1")

    synced.pull()

    assert set(Account.objects.filter(phone="1").values_list("name", flat=True)) == {"One", "Three"}
    parked = InboxMessage.objects.get(status=InboxMessage.Status.PARKED)
    assert (parked.remote_id, parked.explanation[:35]) == (ids[1], "Tandem itself failed on this record")
    bad.update(base=good_base)
    read_again(parked)
    sync.read_back()
    assert Account.objects.filter(phone="1").count() == 3


def test_rule_07_a_call_without_an_answer_puts_back_its_own_rows_and_the_others_arrive(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    accounts = [create_account(actor=admin_user, name=name) for name in ("One", "Two")]
    behind_proxy.settle()
    update_account(accounts[0], actor=admin_user, phone="1")
    update_account(accounts[1], actor=admin_user, website="https://two.example.com")
    proxy.rule("status", status=500, **behind_proxy.wire_of_load("res.partner"))

    behind_proxy.push("res.partner")

    assert {behind_proxy.message(one).status for one in accounts} == {STATUS.WAITING, STATUS.DONE}
    behind_proxy.settle()
    assert behind_proxy.there(accounts[0])["phone"] == "1"
    assert behind_proxy.there(accounts[1])["website"] == "https://two.example.com"


def test_rule_07_after_two_calls_without_an_answer_the_rest_is_not_tried(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    accounts = [create_account(actor=admin_user, name=name) for name in ("One", "Two", "Three")]
    behind_proxy.settle()
    for account, field in zip(accounts, ("phone", "city", "street"), strict=True):
        update_account(account, actor=admin_user, **{field: "1"})
    proxy.rule("status", status=500, count=2, **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.control.reset_counters()

    behind_proxy.push("res.partner")

    assert {behind_proxy.message(one).status for one in accounts} == {STATUS.WAITING}
    assert proxy.struck("status") == 2
    assert behind_proxy.loads() == {}
    behind_proxy.settle()
    assert [behind_proxy.there(accounts[0])["phone"], behind_proxy.there(accounts[1])["city"]] == ["1", "1"]


def test_rule_07_where_tandem_itself_fails_to_merge_the_message_is_parked_as_internal(
    synced: TwoSides, admin_user: User
) -> None:
    good, bad = (create_account(actor=admin_user, name=name) for name in ("Good", "Bad"))
    synced.settle()
    agreed = synced.binding(bad).base
    Binding.objects.filter(object_uuid=bad.uuid).update(base=["no pairs"])
    for account in (good, bad):
        update_account(account, actor=admin_user, phone="1")

    synced.push()

    parked = synced.message(bad)
    assert (synced.message(good).status, parked.status) == (STATUS.DONE, STATUS.PARKED)
    assert (parked.reason, parked.explanation[:35]) == (REASON.INTERNAL, "Tandem itself failed on this record")
    Binding.objects.filter(object_uuid=bad.uuid).update(base=agreed)
    send_again(parked)
    synced.settle()
    assert synced.there(bad)["phone"] == "1"


def test_rule_07_what_odoo_holds_and_cannot_be_kept_here_parks_the_message_as_bad_data(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.write("res.partner", [synced.remote_id(account)], city="x" * 500)
    update_account(account, actor=admin_user, phone="1")

    synced.push()

    parked = synced.message(account)
    assert (parked.status, parked.reason) == (STATUS.PARKED, REASON.BAD_DATA)
    assert "has 500 characters" in parked.explanation

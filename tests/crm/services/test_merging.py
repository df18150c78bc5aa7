"""Two records made one, and the way back: values, tags, what hangs on them, trees, races."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from crm.models import Account, Activity, Change, Contact, Merge, Note, User
from crm.selectors.hanging import hanging, pointers
from crm.services.accounts import archive_account, update_account
from crm.services.merging import merge, mergeable, offered, prune, take_back
from crm.services.records import StaleVersionError
from crm.workbook import ACCOUNTS, ACTIVITIES, CONTACTS
from leads.models import Lead
from leads.workbook import LEADS
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    NoteFactory,
    OpportunityFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def me() -> User:
    return UserFactory(role="admin")


def join(survivor: Any, loser: Any, actor: User, *, take: Any = (), noun: Any = ACCOUNTS, **more: Any) -> Merge:
    made: Merge = merge(noun, survivor=survivor, loser=loser, take=take, actor=actor, **more)
    survivor.refresh_from_db()
    loser.refresh_from_db()
    return made


def test_the_survivor_gets_what_was_chosen_and_the_other_goes_to_the_trash_with_a_note(me: User) -> None:
    warm, big = TagFactory(name="Warm"), TagFactory(name="Big")
    survivor = AccountFactory(name="Miller", phone="1", city="Bonn", annual_revenue=None, tags=[warm])
    loser = AccountFactory(
        name="Miller Ltd", phone="2", city="Berlin", annual_revenue=Decimal("5.50"), tags=[warm, big]
    )

    join(survivor, loser, me, take=["city", "annual_revenue"])

    assert (survivor.name, survivor.phone, survivor.city) == ("Miller", "1", "Berlin")
    assert (survivor.annual_revenue, set(survivor.tags.all())) == (Decimal("5.50"), {warm, big})
    assert (loser.archived_at is not None, loser.city, set(loser.tags.all())) == (True, "Berlin", {warm, big})
    assert "Merged into “Miller”" in Note.objects.get(account=loser).body
    assert Change.objects.filter(object_uuid=loser.uuid, action="trashed", actor=me).exists()


def test_everything_that_hung_on_the_other_hangs_on_the_survivor(me: User) -> None:
    survivor, loser = AccountFactory(), AccountFactory()
    child, contact = AccountFactory(parent=loser), ContactFactory(account=loser)
    lead, deal = LeadFactory(account=loser), OpportunityFactory(account=loser)
    rows = [ActivityFactory(account=loser), TaskFactory(account=loser), NoteFactory(account=loser)]
    history = LeadFactory(account=loser, converted_account=loser, converted_at=timezone.now())
    before = contact.version

    join(survivor, loser, me)

    moved = [child, contact, lead, deal, history, *rows]
    for row in moved:
        row.refresh_from_db()
    assert [getattr(row, "parent", None) or row.account for row in moved] == [survivor] * 8
    assert history.converted_account == survivor
    assert contact.version == before + 1
    assert hanging(loser) == [("notes", 1)]


def test_every_foreign_key_is_followed() -> None:
    for model in (Account, Contact, Lead):
        keys = {
            f"{one.related_model._meta.label}.{one.field.name}"
            for one in model._meta.get_fields(include_hidden=True)
            if one.auto_created
            and (one.one_to_many or one.one_to_one)
            and one.related_model.__module__ != model.__module__
        }
        tags = {f"{model._meta.app_label}.{model.__name__}_tags.{model._meta.model_name}"}
        assert keys - tags <= {one.key for one in pointers(model)}


def test_what_is_empty_is_offered_from_the_other(me: User) -> None:
    account = AccountFactory()
    survivor = ContactFactory(account=account, email="", phone="1", do_not_call=False)
    loser = ContactFactory(account=account, email="x@example.com", phone="2", do_not_call=True, is_primary=True)

    found = set(offered(CONTACTS, survivor, loser))

    assert {"email", "do_not_call", "is_primary"} <= found
    assert "phone" not in found


def test_nobody_is_primary_elsewhere_and_no_consent_is_taken_over_unasked(me: User) -> None:
    primary = ContactFactory(account=AccountFactory(), is_primary=True)
    contact = ContactFactory(account=AccountFactory())
    lead = LeadFactory(consent=False)

    assert "is_primary" not in offered(CONTACTS, contact, primary)
    assert "consent" not in offered(LEADS, lead, LeadFactory(consent=True))


def test_an_account_has_one_primary_contact_after_the_merge(me: User) -> None:
    survivor, loser, other, joined = (AccountFactory() for _n in range(4))
    first = ContactFactory(account=survivor, is_primary=True)
    second = ContactFactory(account=loser, is_primary=True)
    third = ContactFactory(account=other, is_primary=True)

    join(survivor, loser, me)
    join(joined, other, me)

    primary = Contact.objects.filter(is_primary=True).order_by("pk")
    assert list(primary.values_list("pk", "account")) == [(first.pk, survivor.pk), (third.pk, joined.pk)]
    assert Contact.objects.get(pk=second.pk).account == survivor


def test_the_primary_contact_that_is_merged_away_leaves_its_place_to_the_survivor_and_gets_it_back(me: User) -> None:
    account = AccountFactory()
    survivor = ContactFactory(account=account)
    loser = ContactFactory(account=account, is_primary=True)

    made = join(survivor, loser, me, noun=CONTACTS, take=["is_primary"])
    after = (survivor.is_primary, loser.is_primary)
    take_back(made, CONTACTS, actor=me)
    survivor.refresh_from_db()
    loser.refresh_from_db()

    assert after == (True, False)
    assert (survivor.is_primary, loser.is_primary, loser.archived_at) == (False, True, None)


def test_no_circle_closes_when_the_survivor_stood_below_the_other(me: User) -> None:
    top = AccountFactory(name="Top")
    loser = AccountFactory(name="Middle", parent=top)
    between = AccountFactory(name="Between", parent=loser)
    survivor = AccountFactory(name="Bottom", parent=between)

    made = join(survivor, loser, me)
    between.refresh_from_db()
    after = (survivor.parent, between.parent)
    take_back(made, ACCOUNTS, actor=me)
    for row in (survivor, between, loser):
        row.refresh_from_db()

    assert after == (top, survivor)
    assert (survivor.parent, between.parent, loser.parent) == (between, loser, top)


def test_a_record_cannot_be_put_below_itself(me: User) -> None:
    survivor = AccountFactory()
    loser = AccountFactory(parent=survivor)

    assert "parent" not in offered(ACCOUNTS, survivor, loser)
    with pytest.raises(ValidationError, match="cannot stand below itself"):
        join(survivor, loser, me, take=["parent"])
    loser.refresh_from_db()
    assert loser.archived_at is None


def test_taking_back_restores_values_tags_and_what_hung_there(me: User) -> None:
    tag, manager = TagFactory(), UserFactory()
    survivor = AccountFactory(city="Bonn", manager=None, employees=None)
    loser = AccountFactory(city="Berlin", manager=manager, employees=7, tags=[tag])
    contact, activity = ContactFactory(account=loser), ActivityFactory(account=loser)
    new = ContactFactory(account=survivor)
    made = join(survivor, loser, me, take=["city", "manager", "employees"])

    done = take_back(made, ACCOUNTS, actor=me)

    for row in (survivor, loser, contact, activity, new):
        row.refresh_from_db()
    assert (survivor.city, survivor.manager, survivor.employees, survivor.tags.count()) == ("Bonn", None, None, 0)
    assert (loser.archived_at, contact.account, activity.account, new.account) == (None, loser, loser, survivor)
    assert done.kept == []
    assert Note.objects.filter(account=loser).count() == 2


def test_consent_keeps_the_day_on_which_it_was_given_and_comes_back_with_it(me: User) -> None:
    given = timezone.now() - timedelta(days=400, microseconds=7)
    survivor, loser = LeadFactory(consent=False), LeadFactory(consent=True, consent_at=given)

    made = join(survivor, loser, me, noun=LEADS, take=["consent"])
    after = (survivor.consent, survivor.consent_at)
    holder = LeadFactory(consent=True, consent_at=given)
    back = join(holder, LeadFactory(consent=False), me, noun=LEADS, take=["consent"])
    withdrawn = (holder.consent, holder.consent_at)
    kept = [take_back(one, LEADS, actor=me).kept for one in (made, back)]

    survivor.refresh_from_db()
    holder.refresh_from_db()
    assert (after, withdrawn) == ((True, given), (False, None))
    assert (survivor.consent, survivor.consent_at, holder.consent, holder.consent_at) == (False, None, True, given)
    assert kept == [[], []]


def test_an_address_comes_with_its_place_on_the_map(me: User) -> None:
    survivor = AccountFactory(latitude=None, longitude=None)
    loser = AccountFactory(latitude=Decimal("52.52"), longitude=Decimal("13.405"))

    join(survivor, loser, me, take=offered(ACCOUNTS, survivor, loser))

    assert (survivor.latitude, survivor.longitude) == (Decimal("52.52"), Decimal("13.405"))


def test_what_was_changed_since_stays_and_is_named(me: User) -> None:
    survivor, loser = AccountFactory(city="Bonn", phone="1"), AccountFactory(city="Berlin", phone="2")
    contact = ContactFactory(account=loser)
    made = join(survivor, loser, me, take=["city", "phone"])
    update_account(survivor, actor=me, city="Kiel")
    Contact.objects.filter(pk=contact.pk).update(account=AccountFactory())

    done = take_back(made, ACCOUNTS, actor=me)

    survivor.refresh_from_db()
    assert (survivor.city, survivor.phone) == ("Kiel", "1")
    assert done.kept == ["contacts", "city"]


def test_a_merge_is_taken_back_once_and_not_after_a_month(me: User) -> None:
    made = join(AccountFactory(), AccountFactory(), me)
    old = join(AccountFactory(), AccountFactory(), me)
    take_back(made, ACCOUNTS, actor=me)

    with pytest.raises(ValidationError, match="taken back already"):
        take_back(made, ACCOUNTS, actor=me)
    with time_machine.travel(timezone.now() + timedelta(days=31)), pytest.raises(ValidationError, match="30 days"):
        take_back(old, ACCOUNTS, actor=me)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert prune() == 2


def test_what_cannot_be_merged_is_refused_with_its_reason(me: User) -> None:
    one, gone = AccountFactory(), AccountFactory(name="Gone")
    archive_account(gone, actor=me)
    gone.refresh_from_db()
    history = LeadFactory(converted_at=timezone.now())
    activity = ActivityFactory()

    assert "one and the same" in mergeable(ACCOUNTS, one, one)
    assert "“Gone” is in the trash" in mergeable(ACCOUNTS, one, gone)
    assert "kept as history" in mergeable(LEADS, LeadFactory(), history)
    assert "cannot be merged" in mergeable(ACTIVITIES, activity, ActivityFactory())
    with pytest.raises(ValidationError, match="is in the trash"):
        join(one, gone, me)


def test_a_record_that_somebody_saved_meanwhile_is_not_merged(me: User) -> None:
    survivor, loser = AccountFactory(), AccountFactory()
    seen = (survivor.version, loser.version)
    update_account(loser, actor=me, city="Kiel")

    with pytest.raises(StaleVersionError):
        join(survivor, loser, me, versions=seen)

    loser.refresh_from_db()
    assert (loser.archived_at, Merge.objects.count()) == (None, 0)


def test_rows_that_hang_there_by_the_thousand_move_in_a_few_statements(
    me: User, django_assert_max_num_queries: Any
) -> None:
    survivor, loser = AccountFactory(), AccountFactory()
    rows = [Activity(account=loser, subject=f"Call {n}", starts_at=timezone.now()) for n in range(1200)]
    Activity.objects.bulk_create(rows)

    with django_assert_max_num_queries(70):
        join(survivor, loser, me)

    assert Activity.objects.filter(account=survivor).count() == 1200


@pytest.mark.django_db(transaction=True)
def test_two_merges_of_one_pair_at_once_leave_one() -> None:
    me = UserFactory(role="admin")
    one, other = AccountFactory(), AccountFactory()
    ContactFactory(account=one)
    ContactFactory(account=other)
    start, told = threading.Barrier(2), []

    def work(survivor: Account, loser: Account) -> None:
        try:
            start.wait()
            told.append(str(merge(ACCOUNTS, survivor=survivor, loser=loser, take=[], actor=me)))
        except (ValidationError, StaleVersionError) as refusal:
            told.append(f"refused: {refusal}")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(words.startswith("refused") for words in told) == [False, True]
    assert Account.objects.active().count() == 1
    assert Contact.objects.filter(account=Account.objects.active().get()).count() == 2

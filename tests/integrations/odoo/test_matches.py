"""Rule 12: a person says which records are the same; both go on from there, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from crm.models import Contact, User
from integrations import sync
from integrations.decisions import matches
from integrations.models import Binding, InboxMessage, MatchCandidate, OutboxMessage
from tests.factories import ContactFactory
from tests.support.two_sides import TwoSides

STATUS = MatchCandidate.Status
EMAIL = "nora@example.com"

pytestmark = pytest.mark.django_db


def person(sides: TwoSides, name: str, email: str = EMAIL, **values: Any) -> int:
    return sides.control.create("res.partner", name=name, email=email, **values)


def settle(sides: TwoSides) -> None:
    """What the workers do after a decision."""
    sides.let_wait_pass()
    sync.read_back()
    sides.settle()


def names_there(sides: TwoSides) -> list[str]:
    return sorted(one["name"] for one in sides.control.dump("res.partner", "name", "email") if one["email"] == EMAIL)


def test_the_same_becomes_one_record_with_the_best_of_both(connected: TwoSides, admin_user: User) -> None:
    here = ContactFactory.create(name="N. Olsen", email=EMAIL, phone="+49 30 1", mobile="")
    there = person(connected, "Nora Olsen-Berg", mobile="+49 170 2")
    connected.pull()
    [candidate] = connected.candidates()
    assert connected.binding(here).state == Binding.State.HELD

    tie = matches.confirm_same(candidate, actor=admin_user)

    assert (tie.remote_id, tie.state, tie.base) == (there, Binding.State.BOUND, {})
    candidate.refresh_from_db()
    assert (candidate.status, candidate.settled_by) == (STATUS.SAME, admin_user)
    settle(connected)
    here.refresh_from_db()
    row = connected.row("res.partner", there)
    assert Contact.objects.filter(email=EMAIL).count() == 1
    assert names_there(connected) == ["Nora Olsen-Berg"]
    assert here.name == "Nora Olsen-Berg"  # Odoo wins by default
    assert (here.phone, here.mobile) == ("+49 30 1", "+49 170 2")
    assert (row["phone"], row["mobile"]) == ("+49 30 1", "+49 170 2")
    [kept] = connected.conflicts(here)
    assert (kept.field, kept.here, kept.winner) == ("name", "N. Olsen", "odoo")


def test_not_the_same_makes_two_on_both_sides(connected: TwoSides, admin_user: User) -> None:
    here = ContactFactory.create(name="N. Olsen", email=EMAIL)
    there = person(connected, "Bert Bolt")
    connected.pull()
    [candidate] = connected.candidates()

    matches.confirm_different(candidate, actor=admin_user)

    assert connected.binding(here).state == Binding.State.PENDING
    settle(connected)
    assert names_there(connected) == ["Bert Bolt", "N. Olsen"]
    assert sorted(Contact.objects.filter(email=EMAIL).values_list("name", flat=True)) == ["Bert Bolt", "N. Olsen"]
    assert connected.here("res.partner", there) != here


def test_told_apart_they_are_not_tied_again_by_their_likeness(
    connected: TwoSides,
    admin_user: User,
) -> None:
    """Two like records there, one here: once a person has said no to both, neither may be taken for a twin."""
    here = ContactFactory.create(name="Nora Olsen", email=EMAIL)
    first, second = person(connected, "Nora Olsen"), person(connected, "Nora Olsen")
    connected.pull()
    assert {one.remote_id for one in connected.candidates()} == {first, second}

    for candidate in connected.candidates():
        matches.confirm_different(candidate, actor=admin_user)
        sync.read_back()

    assert connected.binding(here).remote_id is None
    settle(connected)
    assert connected.remote_id(here) not in {first, second}
    assert names_there(connected) == ["Nora Olsen"] * 3
    assert Contact.objects.filter(email=EMAIL).count() == 3


def test_a_record_here_stays_held_until_its_last_candidate_is_settled(
    connected: TwoSides,
    admin_user: User,
) -> None:
    here = ContactFactory.create(name="Nora Olsen", email=EMAIL)
    person(connected, "Nora Olsen")
    person(connected, "Nora Olsen")
    connected.pull()
    one, _other = connected.candidates()

    matches.confirm_different(one, actor=admin_user)

    assert connected.binding(here).state == Binding.State.HELD
    assert not OutboxMessage.objects.filter(object_uuid=here.uuid).exists()
    assert [hint.remote_id for hint in InboxMessage.objects.all()] == [one.remote_id]


def test_the_same_closes_the_others_and_lets_them_go(connected: TwoSides, admin_user: User) -> None:
    """One there, two here: the chosen one is tied, the other is sent as a record of its own."""
    chosen, other = (ContactFactory.create(name=name, email=EMAIL) for name in ("Ann One", "Ann Two"))
    there = person(connected, "A. Nobody")
    connected.pull()
    assert len(connected.candidates()) == 2

    matches.confirm_same(MatchCandidate.objects.get(object_uuid=chosen.uuid), actor=admin_user)

    assert MatchCandidate.objects.get(object_uuid=other.uuid).status == STATUS.DIFFERENT
    assert connected.binding(other).state == Binding.State.PENDING
    settle(connected)
    assert connected.remote_id(chosen) == there
    assert connected.remote_id(other) != there
    assert len(names_there(connected)) == 2


def test_what_is_settled_is_not_settled_again(connected: TwoSides, admin_user: User) -> None:
    ContactFactory.create(name="N. Olsen", email=EMAIL)
    person(connected, "Bert Bolt")
    connected.pull()
    [candidate] = connected.candidates()
    matches.confirm_same(candidate, actor=admin_user)
    with pytest.raises(ValidationError, match="settled this already"):
        matches.confirm_different(candidate, actor=admin_user)
    with pytest.raises(ValidationError, match="settled this already"):
        matches.confirm_same(candidate, actor=admin_user)


def test_a_record_of_odoo_that_is_tied_elsewhere_is_refused_and_nothing_changes(
    connected: TwoSides,
    admin_user: User,
) -> None:
    here = ContactFactory.create(name="N. Olsen", email=EMAIL)
    person(connected, "Bert Bolt")
    connected.pull()
    [candidate] = connected.candidates()
    taken = ContactFactory.create(name="Taken")
    tie = connected.binding(here)
    Binding.objects.create(
        connection=tie.connection,
        remote_model="res.partner",
        remote_id=candidate.remote_id,
        content_type=tie.content_type,
        object_uuid=taken.uuid,
        external_name="elsewhere",
        state=Binding.State.BOUND,
    )
    with pytest.raises(ValidationError, match="another counterpart here"):
        matches.confirm_same(candidate, actor=admin_user)
    candidate.refresh_from_db()
    assert candidate.status == STATUS.OPEN
    assert connected.binding(here).state == Binding.State.HELD

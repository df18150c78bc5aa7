"""Rule 12: the first match pairs no strangers."""

from __future__ import annotations

from typing import Any

import pytest

from crm.models import Account, Contact, User
from crm.services.accounts import archive_account, create_account
from crm.services.contacts import create_contact
from integrations.models import Binding, OutboxMessage
from integrations.odoo.pulling.rehearsal import rehearse
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db


def company(sides: TwoSides, **values: Any) -> int:
    return sides.control.create("res.partner", is_company=True, **values)


def test_rule_12_nothing_leaves_before_the_first_pull_of_its_model_has_ended(
    connected: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")

    connected.push()
    assert connected.loads() == {}
    connected.settle()

    assert connected.there(account)["name"] == "Acme"


LINKED = [
    ({"name": "Acme Ltd", "vat": "DE 123"}, {"name": "Something else", "vat": "de123"}),
    ({"name": "Acme Ltd.", "email": "Info@Acme.example.com"}, {"name": "ACME", "email": "info@acme.example.com"}),
]


@pytest.mark.parametrize(("here", "there"), LINKED)
def test_rule_12_vat_or_email_with_a_similar_name_link_without_asking(
    connected: TwoSides, admin_user: User, here: dict[str, str], there: dict[str, str]
) -> None:
    account = create_account(actor=admin_user, **here)  # type: ignore[arg-type]
    partner = company(connected, **there)

    connected.settle()

    assert connected.remote_id(account) == partner
    assert Account.objects.count() == 1
    assert connected.candidates() == []


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"name": "Acme", "email": "info@example.com"}, {"name": "Quite another", "email": "info@example.com"}),
        ({"name": "Acme"}, {"name": "Acme"}),
    ],
)
def test_rule_12_email_alone_or_name_alone_goes_to_the_list_and_is_held(
    connected: TwoSides, admin_user: User, here: dict[str, str], there: dict[str, str]
) -> None:
    account = create_account(actor=admin_user, **here)  # type: ignore[arg-type]
    partner = company(connected, **there)

    connected.settle()

    (candidate,) = connected.candidates()
    assert (candidate.remote_id, candidate.object_uuid) == (partner, account.uuid)
    assert connected.binding(account).state == Binding.State.HELD
    assert connected.loads() == {}
    assert connected.message(account).status == OutboxMessage.Status.WAITING
    assert "confirm" in connected.message(account).waits_for
    # The other half waits too: it is not made here as a second one.
    assert Account.objects.count() == 1


@pytest.mark.parametrize("twice", ["here", "there"])
def test_rule_12_what_is_not_unique_on_both_sides_is_asked_about(
    connected: TwoSides, admin_user: User, twice: str
) -> None:
    for _number in range({"here": 2, "there": 1}[twice]):
        create_account(actor=admin_user, name="Acme", vat="DE1")
    for _number in range({"here": 1, "there": 2}[twice]):
        company(connected, name="Acme", vat="DE1")

    connected.settle()

    assert len(connected.candidates()) == 2
    assert Binding.objects.filter(remote_model="res.partner", remote_id__isnull=False).count() == 0


def test_rule_12_a_person_is_no_company(connected: TwoSides, admin_user: User) -> None:
    contact = create_contact(actor=admin_user, name="Acme", vat="DE1", email="a@example.com")
    partner = company(connected, name="Acme", vat="DE1", email="a@example.com")

    connected.settle()

    assert connected.remote_id(contact) != partner
    assert (Account.objects.count(), Contact.objects.count()) == (1, 1)


def test_rule_12_archived_ones_count(connected: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme", vat="DE1")
    archive_account(account, actor=admin_user)
    partner = company(connected, name="Acme", vat="DE1", active=False)

    connected.settle()

    assert connected.remote_id(account) == partner


def test_rule_12_a_linked_pair_has_no_base_equal_stays_empty_is_filled_different_goes_to_the_rule(
    connected: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", vat="DE1", city="Ulm", phone="1", website="acme.example")
    partner = company(connected, name="Acme", vat="DE1", city="Bonn", email="info@example.com", website="acme.example")

    connected.settle()

    account.refresh_from_db()
    row = connected.row("res.partner", partner)
    assert (account.phone, row["phone"]) == ("1", "1")
    assert (account.email, row["email"]) == ("info@example.com", "info@example.com")
    assert account.city == row["city"] == "Bonn"
    assert [(one.field, one.here) for one in connected.conflicts(account)] == [("city", "Ulm")]


def test_rule_12_what_matches_nobody_is_sent_after_the_first_pull(connected: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Only here")
    company(connected, name="Only there")

    connected.settle()

    assert connected.there(account)["name"] == "Only here"
    assert Account.objects.filter(name="Only there").count() == 1


def test_rule_12_the_rehearsal_shows_exactly_what_the_real_run_does_and_writes_nothing(
    connected: TwoSides, admin_user: User
) -> None:
    linked = create_account(actor=admin_user, name="Linked", vat="DE1", city="Ulm")
    create_account(actor=admin_user, name="Doubtful")
    partner = company(connected, name="Linked", vat="DE1", city="Bonn")
    company(connected, name="Doubtful")
    company(connected, name="New")
    before = (Binding.objects.count(), Account.objects.count(), OutboxMessage.objects.count())
    connected.control.reset_counters()

    with connected.session() as session:
        shown = next(one for one in rehearse(session).models if one.remote_model == "res.partner")

    assert connected.loads() == {}
    assert (Binding.objects.count(), Account.objects.count(), OutboxMessage.objects.count()) == before
    assert shown.links == [f"Linked ↔ Odoo record {partner}"]
    assert [line.split(" ↔ ")[0] for line in shown.candidates] == ["Doubtful"]
    assert len(shown.conflicts) == 1
    report = connected.pull()
    assert connected.remote_id(linked) == partner
    assert [one.remote_name for one in connected.candidates()] == ["Doubtful"]
    assert len(connected.conflicts(linked)) == 1
    assert report.held == 1

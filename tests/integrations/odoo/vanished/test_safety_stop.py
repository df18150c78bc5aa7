"""Rule 14: too many records vanish at once; a person is asked, and until then nothing is believed."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError

from crm.models import Account, Contact, User
from crm.services.contacts import update_contact
from integrations.models import Binding, OutboxMessage, SafetyStop
from integrations.odoo.vanished import stops
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATE, STATUS = Binding.State, SafetyStop.Status


@pytest.fixture
def many(connected: TwoSides) -> TwoSides:
    """120 partners, in step."""
    connected.control.seed(partners=120)
    connected.pull()
    return connected


def childless(sides: TwoSides, count: int) -> list[int]:
    """Ids of partners that nothing hangs on."""
    rows = sides.control.dump("res.partner", "parent_id")
    parents = {row["parent_id"] for row in rows}
    bound = set(Binding.objects.filter(remote_model="res.partner").values_list("remote_id", flat=True))
    return [row["id"] for row in rows if row["id"] not in parents and row["id"] in bound][-count:]


def gone() -> int:
    return Binding.objects.filter(state=STATE.GONE).count()


@pytest.mark.parametrize(
    ("missing", "bound", "stops_it"),
    [(5, 10, False), (6, 10, True), (20, 1000, False), (21, 1000, True), (50, 100_000, False), (51, 100_000, True)],
)
def test_the_stop_asks_above_two_per_cent_or_fifty_records(missing: int, bound: int, stops_it: bool) -> None:
    assert stops.too_many(missing, bound) is stops_it


def test_the_limits_are_settings(settings: LazySettings) -> None:
    settings.ODOO_SAFETY_PERCENT, settings.ODOO_SAFETY_RECORDS = 50, 10
    assert (stops.too_many(10, 30), stops.too_many(11, 1000), stops.too_many(9, 12)) == (False, True, True)


@pytest.mark.parametrize("series", [16, 18, 19])
def test_deleted_indeed_they_are_looked_into_after_a_persons_yes(many: TwoSides, admin_user: User) -> None:
    many.control.delete("res.partner", *childless(many, 8))
    assert many.compare("res.partner").stopped is True
    stop = SafetyStop.objects.get()
    assert (len(stop.remote_ids), gone(), "deleted" in stops.likely_reason(stop)) == (8, 0, True)

    stops.confirm(stop, actor=admin_user)
    assert many.compare("res.partner").stopped is False

    assert gone() == 8
    stop.refresh_from_db()
    assert (stop.status, stop.settled_by) == (STATUS.CONFIRMED, admin_user)


@pytest.mark.parametrize("series", [16, 18, 19])
def test_a_lost_right_looks_like_a_mass_deletion_and_is_told_apart(many: TwoSides, admin_user: User) -> None:
    for remote_id in childless(many, 8):
        many.hide("res.partner", remote_id)

    many.compare("res.partner")

    assert "right" in stops.likely_reason(SafetyStop.objects.get())
    assert Contact.objects.filter(archived_at__isnull=False).count() == 0


def test_while_it_asks_everything_else_goes_on(many: TwoSides, admin_user: User) -> None:
    lost = childless(many, 8)
    many.control.delete("res.partner", *lost)
    many.compare("res.partner")
    cursor_before = Account.objects.count()

    new = many.control.create("res.partner", name="Newcomer", is_company=True)
    compared = many.compare("res.partner")

    assert (compared.stopped, compared.extra) == (True, [new])
    assert Account.objects.count() == cursor_before + 1
    many.settle()
    assert gone() == 0


def test_a_push_to_one_of_them_waits_for_the_answer_and_changes_nothing(many: TwoSides, admin_user: User) -> None:
    rows = childless(many, 120)
    contact = next(one for one in (many.here("res.partner", pk) for pk in rows) if isinstance(one, Contact))
    first = many.remote_id(contact)
    many.control.delete("res.partner", first, *[pk for pk in rows if pk != first][-8:])
    many.compare("res.partner")

    update_contact(contact, actor=admin_user, phone="2")
    many.push()

    message = many.message(contact)
    assert (message.status, gone()) == (OutboxMessage.Status.WAITING, 0)
    assert "safety stop" in message.waits_for


def test_a_no_keeps_them_and_may_become_a_yes(many: TwoSides, admin_user: User) -> None:
    many.control.delete("res.partner", *childless(many, 8))
    many.compare("res.partner")
    stop = SafetyStop.objects.get()

    stops.refuse(stop, actor=admin_user)
    assert many.compare("res.partner").stopped is False
    assert gone() == 0
    stops.confirm(stop, actor=admin_user)
    many.compare("res.partner")

    assert gone() == 8


def test_it_is_over_by_itself_when_the_records_are_back(many: TwoSides, admin_user: User) -> None:
    lost = childless(many, 8)
    for remote_id in lost:
        many.hide("res.partner", remote_id)
    many.compare("res.partner")

    many.control.patch("res.partner", lost, company_id=None)
    assert many.compare("res.partner").stopped is False

    stop = SafetyStop.objects.get()
    assert (stop.status, gone()) == (STATUS.OVER, 0)
    with pytest.raises(ValidationError, match="settled"):
        stops.confirm(stop, actor=admin_user)

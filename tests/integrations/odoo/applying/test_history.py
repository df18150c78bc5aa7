"""What Odoo changes here stands in the audit log, too; what came for the first time does not."""

from __future__ import annotations

import pytest

from crm.models import Change, Origin, User
from crm.services.accounts import create_account
from crm.services.contacts import update_contact
from crm.services.tags import create_tag
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
ACTION = Change.Action


def from_odoo() -> list[tuple[str, dict[str, object]]]:
    return list(Change.objects.filter(origin=Origin.ODOO).order_by("id").values_list("action", "fields"))


def test_an_edit_in_odoo_is_noted_with_both_values_and_tags(synced: TwoSides, admin_user: User) -> None:
    tag = create_tag(actor=admin_user, name="Hot")
    account = create_account(actor=admin_user, name="Alder", phone="1")
    create_account(actor=admin_user, name="Birch", tags=[tag])
    synced.settle()
    category = synced.remote_id(tag, "res.partner.category")
    Change.objects.all().delete()

    synced.control.write("res.partner", [synced.remote_id(account)], phone="2", category_id=[[6, 0, [category]]])
    synced.settle()

    assert from_odoo() == [(ACTION.CHANGED, {"phone": ["1", "2"], "tags": [[], [tag.pk]]})]
    assert Change.objects.filter(origin=Origin.ODOO).get().actor is None


def test_a_first_pull_writes_no_log_and_an_echo_none(synced: TwoSides, admin_user: User) -> None:
    one = synced.control.create("res.partner", name="Solo")
    synced.settle()
    assert Change.objects.count() == 0

    update_contact(synced.here("res.partner", one), actor=admin_user, phone="5")
    synced.settle()

    assert list(Change.objects.values_list("origin", "fields")) == [(Origin.PROGRAM, {"phone": ["", "5"]})]


def test_who_follows_a_person_and_who_turns_into_a_company_are_noted(synced: TwoSides) -> None:
    firm = synced.control.create("res.partner", name="Firm", is_company=True)
    boss = synced.control.create("res.partner", name="Boss")
    clerk = synced.control.create("res.partner", name="Clerk", parent_id=boss)
    synced.settle()
    account = synced.here("res.partner", firm)

    synced.control.write("res.partner", [boss], parent_id=firm)
    synced.settle()
    follower = synced.here("res.partner", clerk)
    assert [one.fields for one in Change.objects.filter(object_uuid=follower.uuid)] == [{"account": [None, account.pk]}]

    Change.objects.all().delete()
    synced.control.write("res.partner", [boss], is_company=True)
    synced.settle()
    assert (ACTION.TURNED, {}) in from_odoo()

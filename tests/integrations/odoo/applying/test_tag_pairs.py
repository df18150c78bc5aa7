"""One tag here, two in Odoo: crm.tag and res.partner.category share a name, and each has a colour dealt by chance."""

from __future__ import annotations

from typing import Any

import pytest

from crm.models import Tag, User
from crm.services import tags
from integrations.models import Conflict
from leads.services import create_lead, update_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("crm.tag", "res.partner.category")


def colours(sides: TwoSides, name: str) -> list[int]:
    """The colours of the tags of this name, in Odoo, one per kind."""
    rows: list[dict[str, Any]] = [row for kind in KINDS for row in sides.control.dump(kind)]
    return [row["color"] for row in rows if row["name"] == name]


def make_both(sides: TwoSides) -> int:
    """A tag of each kind, of one name; returns the id of the crm.tag."""
    sides.control.create("res.partner.category", name="Fair", color=3)
    return sides.control.create("crm.tag", name="Fair", color=8)


def test_a_tag_made_in_odoo_has_a_colour(synced: TwoSides) -> None:
    synced.control.create("crm.tag", name="Fair")

    assert 1 <= colours(synced, "Fair")[0] <= 11


def test_two_that_share_a_name_become_one_and_keep_their_colours(synced: TwoSides) -> None:
    make_both(synced)

    synced.settle()

    assert Tag.objects.filter(name="Fair").count() == 1
    assert colours(synced, "Fair") == [8, 3]
    assert not Conflict.objects.exists()
    assert synced.loads() == {}


def test_a_colour_given_in_odoo_reaches_the_other_kind(synced: TwoSides) -> None:
    crm_tag = make_both(synced)
    synced.settle()
    synced.control.write("crm.tag", [crm_tag], color=5)

    synced.settle()

    assert Tag.objects.get(name="Fair").color == 5
    assert colours(synced, "Fair") == [5, 5]


def test_a_tag_made_on_both_sides_keeps_odoos_colour(synced: TwoSides, admin_user: User) -> None:
    tag = tags.create_tag(actor=admin_user, name="Fair")
    create_lead(actor=admin_user, name="Stand 7", tags=[tag])
    make_both(synced)

    synced.settle()

    tag.refresh_from_db()
    assert tag.color in (3, 8)
    assert not Conflict.objects.exists()


def test_a_new_tag_on_a_lead_that_odoo_converts_meanwhile_arrives(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Stand 7")
    synced.settle()
    record = synced.remote_id(lead)
    update_lead(lead, actor=admin_user, tags=[tags.create_tag(actor=admin_user, name="Fair")])
    synced.control.write("crm.lead", [record], type="opportunity")

    for _turn in range(3):  # the tag first, then the lead, which is an opportunity by now; no poll helps
        synced.let_wait_pass()
        synced.push()

    (tag,) = synced.row("crm.lead", record)["tag_ids"]
    assert synced.row("crm.tag", tag)["name"] == "Fair"

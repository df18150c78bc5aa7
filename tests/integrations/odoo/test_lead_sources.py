"""A lead source that stands for a source of Odoo travels both ways; others stay here, and words go by name."""

from __future__ import annotations

import pytest

from crm.models import User
from integrations.models import Connection
from leads.conversion import convert_lead
from leads.models import Lead
from leads.services import create_lead, update_lead
from tests.integrations.odoo.conftest import SERIES
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db


def stand_for(sides: TwoSides, **names: str) -> dict[str, int]:
    """Let each of these lead sources stand for a new source of Odoo of this name."""
    ids = {source: sides.control.create("utm.source", name=name) for source, name in names.items()}
    Connection.objects.update(source_ids=ids)
    return ids


@pytest.mark.parametrize("series", SERIES)
def test_a_mapped_source_travels_both_ways(synced: TwoSides, admin_user: User) -> None:
    ids = stand_for(synced, website="Our Site", trade_show="Fair 2026")
    lead = create_lead(actor=admin_user, name="Mill", source="website")
    other = create_lead(actor=admin_user, name="Barn", source="referral")
    synced.settle()
    assert synced.there(lead)["source_id"] == ids["website"]
    assert not synced.there(other)["source_id"]

    synced.control.write("crm.lead", [synced.remote_id(lead)], source_id=ids["trade_show"])
    synced.settle()
    lead.refresh_from_db()
    assert (lead.source, lead.utm_source) == ("trade_show", "")

    words = synced.control.create("utm.source", name="Magazine")
    synced.control.write("crm.lead", [synced.remote_id(lead)], source_id=words)
    synced.settle()
    lead.refresh_from_db()
    assert (lead.source, lead.utm_source) == ("trade_show", "Magazine")

    update_lead(lead, actor=admin_user, utm_source="")
    synced.settle()
    assert synced.there(lead)["source_id"] == ids["trade_show"]

    synced.control.write("crm.lead", [synced.remote_id(lead)], source_id=False)
    synced.settle()
    assert Lead.objects.get(pk=lead.pk).source == ""
    assert not [one for one in synced.control.dump("utm.source") if str(one["name"]).startswith("=")]


def test_a_source_taken_off_the_map_changes_nothing_on_either_side(synced: TwoSides, admin_user: User) -> None:
    ids = stand_for(synced, website="Our Site")
    lead = create_lead(actor=admin_user, name="Mill", source="website")
    synced.settle()
    Connection.objects.update(source_ids={})
    update_lead(lead, actor=admin_user, name="Mill 2")
    synced.settle()
    lead.refresh_from_db()
    assert (lead.source, lead.utm_source) == ("website", "")
    assert (synced.there(lead)["name"], synced.there(lead)["source_id"]) == ("Mill 2", ids["website"])
    assert synced.conflicts(lead) == []


def test_a_new_name_in_odoo_changes_nothing_here(synced: TwoSides, admin_user: User) -> None:
    ids = stand_for(synced, website="Our Site")
    lead = create_lead(actor=admin_user, name="Mill", source="website")
    synced.settle()
    synced.control.write("utm.source", [ids["website"]], name="Our New Site")
    second = create_lead(actor=admin_user, name="Barn", source="website")
    synced.settle()
    lead.refresh_from_db()
    assert (lead.source, lead.utm_source) == ("website", "")
    assert synced.there(second)["source_id"] == ids["website"]


def test_an_unmapped_source_leaves_the_words_alone(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Mill", source="website", utm_source="Newsletter")
    synced.settle()
    assert synced.there(lead)["source_id"]
    update_lead(lead, actor=admin_user, utm_source="")
    synced.settle()
    lead.refresh_from_db()
    assert (lead.source, synced.there(lead)["source_id"]) == ("website", False)


def test_the_source_of_a_lead_converted_before_it_was_sent_arrives(synced: TwoSides, admin_user: User) -> None:
    ids = stand_for(synced, website="Our Site")
    lead = create_lead(actor=admin_user, name="Mill", contact_name="Ada", source="website")
    opportunity = convert_lead(lead, actor=admin_user).opportunity
    synced.settle()
    assert synced.there(opportunity)["source_id"] == ids["website"]

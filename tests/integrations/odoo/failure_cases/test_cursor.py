"""Failure cases of the cursor: rows of one write_date, late commits, repeated and reordered deliveries."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from crm.models import Contact
from integrations.models import Binding, PullCursor
from integrations.odoo.applying.report import Report
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.mappers.kinds import odoo_time
from integrations.odoo.pulling import pull
from tests.support.failure_cases import length
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
TIES = 2500
AT_ONCE = 25


def poll_partners(sides: TwoSides) -> Report:
    """Poll one model, which is what a worker does most often."""
    with sides.session() as session:
        return pull.pull_model(session, BY_MODEL["res.partner"])


def high_water(sides: TwoSides) -> Any:
    return PullCursor.objects.get(connection=sides.connection, remote_model="res.partner").high_water


def people(sides: TwoSides, count: int) -> list[int]:
    """Make people in Odoo in one transaction, so that all have one write_date."""
    ids: list[int] = sides.control.call("res.partner", "create", [{"name": f"P{number}"} for number in range(count)])
    return ids


def test_failure_case_04_ties_and_unstable_pages_bring_each_row_once(unsynced: TwoSides, settings: Any) -> None:
    settings.ODOO_PAGE_SIZE = 1000
    ids = people(unsynced, TIES)

    first = unsynced.pull()

    bound = Binding.objects.filter(remote_model="res.partner", remote_id__in=ids)
    assert bound.count() == bound.values("object_uuid").distinct().count() == Contact.objects.count() == TIES
    assert first.created >= TIES
    shuffled = random.Random(4).sample(ids, TIES)
    unsynced.end_second()
    unsynced.control.write("res.partner", shuffled[:1700], city="Köln")
    seen = poll_partners(unsynced).updated
    unsynced.control.write("res.partner", shuffled[1700:], city="Köln")
    seen += poll_partners(unsynced).updated
    assert seen == Contact.objects.filter(city="Köln", version=2).count() == TIES
    assert poll_partners(unsynced).updated == 0


@pytest.mark.sandbox
def test_failure_case_05_rows_that_commit_late_behind_the_cursor_are_never_missed(sides: TwoSides) -> None:
    """Each change is made in a transaction that ends after a poll has gone on, up to five minutes behind the cursor.

    One that falls into the very second of the change before it is found when the overlap has passed.
    """
    dice = random.Random(5)
    ids = people(sides, length(50, 1000))
    clock = sides.control.create("res.partner", name="Clock")
    sides.pull()
    overlap = timedelta(seconds=settings.ODOO_OVERLAP_SECONDS)
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        late = [(one, sides.control.begin("res.partner", "write", [one], {"city": f"C{one}"})) for one in part]
        sides.control.write("res.partner", [clock], city=f"Tick {start}")
        poll_partners(sides)
        dice.shuffle(late)
        for remote_id, transaction in late:
            sides.control.commit(transaction)
            stamp = odoo_time(high_water(sides) - dice.random() * (overlap - timedelta(seconds=1)))
            sides.control.patch("res.partner", [remote_id], write_date=f"{stamp}.250000")
        poll_partners(sides)
    sides.later(settings.ODOO_OVERLAP_SECONDS + 1)
    poll_partners(sides)

    rows = {row["id"]: row["city"] for row in sides.control.dump("res.partner", "city")}
    here = dict(Binding.objects.filter(remote_id__in=ids).values_list("object_uuid", "remote_id"))
    cities = {here[uuid]: city for uuid, city in Contact.objects.filter(uuid__in=here).values_list("uuid", "city")}
    assert [one for one in ids if cities[one] != rows[one] or rows[one] != f"C{one}"] == []

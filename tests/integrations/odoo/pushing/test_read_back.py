"""Rule 1: what was sent is read back; of many new records while Odoo is busy with the next ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from crm.models import User
from integrations.mailbox import steps
from integrations.mailbox.steps import Step
from integrations.models import Binding
from integrations.odoo.pushing import push
from leads.services import create_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
EACH = 4


@pytest.fixture
def in_fours(synced: TwoSides, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, admin_user: User) -> TwoSides:
    """Twelve new leads, which go to Odoo four at a time and are read back so."""
    settings.ODOO_BATCH_SIZE = EACH
    monkeypatch.setattr(push, "READ_BACK_AT", EACH)
    for number in range(3 * EACH):
        create_lead(actor=admin_user, name=f"Enquiry {number}")
    synced.control.reset_counters()
    return synced


@pytest.fixture
def taken() -> Iterator[list[Step]]:
    """The steps that were taken, in their order."""
    found: list[Step] = []
    steps.listen(found.append)
    yield found
    steps.listen(lambda step: None)


def unread() -> int:
    """How many leads stand in Odoo without our knowing what it made of them."""
    return Binding.objects.filter(remote_model="crm.lead", remote_id__gt=0, remote_write_date=None).count()


def test_rule_1_new_records_are_read_back_while_the_next_ones_are_made(in_fours: TwoSides, taken: list[Step]) -> None:
    report = in_fours.push_report("crm.lead")

    shown = [step for step in taken if step in (Step.CALLING, Step.READ, Step.ANSWERED)]
    meanwhile = [Step.CALLING, Step.READ, Step.ANSWERED]
    assert shown == [Step.CALLING, Step.ANSWERED, *meanwhile, *meanwhile, Step.READ]
    assert (report.sent, in_fours.calls("crm.lead.load"), unread()) == (3 * EACH, 3, 0)


def test_rule_1_a_read_back_that_fails_costs_no_write_and_is_the_next_polls_business(in_fours: TwoSides) -> None:
    in_fours.control.fault("error", model="crm.lead", method="read", count=2)

    report = in_fours.push_report("crm.lead")
    left = unread()
    in_fours.pull()

    assert (report.sent, in_fours.calls("crm.lead.load"), left, unread()) == (3 * EACH, 3, 2 * EACH, 0)

"""Leads: made, changed, lost and reopened."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from crm.models import User
from integrations.models import Connection, OutboxMessage
from leads.models import Lead
from leads.services import archive_lead, create_lead, lose_lead, reopen_lead, restore_lead, update_lead
from tests.factories import LeadFactory, LostReasonFactory, TagFactory

pytestmark = pytest.mark.django_db


def test_create_times_consent_and_announces(owner: User, connection_to_odoo: Connection) -> None:
    lead = create_lead(
        actor=owner, name="Asks for prices", email="a@example.com", consent=True, tags=[TagFactory.create()]
    )
    assert lead.consent_at is not None
    assert lead.tags.count() == 1
    assert OutboxMessage.objects.get().remote_model == "crm.lead"


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "x", "score": 101},
        {"name": "x", "source": "dream"},
        {"name": "x", "expected_revenue": -1},
    ],
)
def test_bad_values_are_refused(owner: User, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        create_lead(actor=owner, **values)
    assert Lead.objects.count() == 0


def test_consent_withdrawn_loses_its_time(owner: User) -> None:
    lead = create_lead(actor=owner, name="Lead", consent=True)
    assert update_lead(lead, actor=owner, consent=True, name="Same").consent_at == lead.consent_at
    assert update_lead(lead, actor=owner, consent=False).consent_at is None
    assert update_lead(lead, actor=owner, consent=True).consent_at is not None


def test_losing_and_reopening(owner: User) -> None:
    reason = LostReasonFactory.create()
    lead = LeadFactory.create()
    with pytest.raises(ValidationError, match="is open already"):
        reopen_lead(lead, actor=owner)
    lost = lose_lead(lead, actor=owner, reason=reason)
    assert (lost.lost_at is not None, lost.lost_reason) == (True, reason)
    assert lose_lead(lost, actor=owner, reason=reason).lost_at == lost.lost_at
    reopened = reopen_lead(lost, actor=owner)
    assert (reopened.lost_at, reopened.lost_reason) == (None, None)


def test_trash(owner: User) -> None:
    lead = archive_lead(LeadFactory.create(), actor=owner)
    assert lead.archived_at is not None
    assert restore_lead(lead, actor=owner).archived_at is None

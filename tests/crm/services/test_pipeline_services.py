"""The way of an opportunity through the stages."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from crm.models import LostReason, Opportunity, Stage, StageChange, User
from crm.services.pipeline import (
    create_opportunity,
    first_open_stage,
    lose_opportunity,
    move_to_stage,
    reopen_opportunity,
    update_opportunity,
    win_opportunity,
)
from crm.services.records import StaleVersionError
from integrations.models import Connection, OutboxMessage
from tests.factories import LostReasonFactory, OpportunityFactory, StageFactory

pytestmark = pytest.mark.django_db
Stages = dict[str, Stage]


def moves(opportunity: Opportunity) -> list[tuple[str, str]]:
    rows = StageChange.objects.filter(opportunity=opportunity).order_by("id").select_related("from_stage", "to_stage")
    return [(row.from_stage.key if row.from_stage else "", row.to_stage.key) for row in rows]


def test_a_new_opportunity_starts_in_the_first_open_stage(owner: User, stages: Stages) -> None:
    deal = create_opportunity(actor=owner, name="Deal")
    assert (deal.stage.key, deal.probability, deal.probability_by_hand) == ("prospecting", Decimal(10), False)
    assert moves(deal) == [("", "prospecting")]


def test_a_probability_given_counts_as_set_by_hand(owner: User, stages: Stages) -> None:
    deal = create_opportunity(actor=owner, name="Deal", probability=Decimal(33))
    assert (deal.probability, deal.probability_by_hand) == (Decimal(33), True)
    moved = move_to_stage(deal, actor=owner, stage=stages["proposal"])
    assert (moved.probability, moved.probability_by_hand) == (Decimal(33), True)


def test_without_an_open_stage_nothing_can_start(owner: User) -> None:
    Stage.objects.filter(is_won=False, is_lost=False).delete()
    with pytest.raises(ValidationError, match="no open stage"):
        create_opportunity(actor=owner, name="Deal")
    assert Opportunity.objects.count() == 0


@pytest.mark.parametrize(
    "values", [{"name": ""}, {"name": "x", "probability": Decimal(101)}, {"name": "x", "priority": "9"}]
)
def test_bad_values_are_refused(owner: User, stages: Stages, values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        create_opportunity(actor=owner, **values)
    assert StageChange.objects.count() == 0


def test_a_move_is_noted_with_time_author_and_probability(owner: User, stages: Stages) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 9, 0, tzinfo=UTC), tick=False):
        deal = create_opportunity(actor=owner, name="Deal")
    with time_machine.travel(datetime(2026, 3, 5, 9, 0, tzinfo=UTC), tick=False):
        moved = move_to_stage(deal, actor=owner, stage=stages["proposal"], expected_version=1)
    assert (moved.stage, moved.probability, moved.stage_since) == (
        stages["proposal"],
        Decimal(50),
        datetime(2026, 3, 5, 9, 0, tzinfo=UTC),
    )
    assert moves(deal) == [("", "prospecting"), ("prospecting", "proposal")]
    last = StageChange.objects.first()
    assert last is not None
    assert (last.changed_by, last.changed_at) == (owner, moved.stage_since)


def test_moving_to_the_same_stage_is_no_move(owner: User, stages: Stages) -> None:
    deal = create_opportunity(actor=owner, name="Deal")
    same = move_to_stage(deal, actor=owner, stage=stages["prospecting"])
    assert (same.version, same.stage_since) == (1, deal.stage_since)
    assert moves(deal) == [("", "prospecting")]


def test_a_stale_move_is_refused_and_not_noted(owner: User, stages: Stages) -> None:
    deal = create_opportunity(actor=owner, name="Deal")
    move_to_stage(deal, actor=owner, stage=stages["proposal"])
    with pytest.raises(StaleVersionError):
        move_to_stage(deal, actor=owner, stage=stages["negotiation"], expected_version=1)
    assert moves(deal)[-1] == ("prospecting", "proposal")


def test_an_archived_stage_takes_nothing_in(owner: User, stages: Stages) -> None:
    old = StageFactory.create(name="Old", archived_at=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValidationError, match="“Old” is no longer used"):
        move_to_stage(create_opportunity(actor=owner, name="Deal"), actor=owner, stage=old)


def test_winning_and_reopening(owner: User, stages: Stages, connection_to_odoo: Connection) -> None:
    deal = create_opportunity(actor=owner, name="Deal")
    move_to_stage(deal, actor=owner, stage=stages["negotiation"])
    won = win_opportunity(deal, actor=owner)
    assert (won.stage.key, won.probability, won.lost_at) == ("closed-won", Decimal(100), None)
    reopened = reopen_opportunity(won, actor=owner)
    assert (reopened.stage.key, reopened.probability) == ("negotiation", Decimal(75))
    assert OutboxMessage.objects.filter(object_uuid=deal.uuid, status="waiting").count() == 1


def test_losing_keeps_reason_and_day(owner: User, stages: Stages) -> None:
    reason = LostReasonFactory.create(name="Too expensive")
    deal = create_opportunity(actor=owner, name="Deal", probability=Decimal(80))
    lost = lose_opportunity(deal, actor=owner, reason=reason)
    assert (lost.stage.key, lost.probability, lost.lost_reason) == ("closed-lost", Decimal(0), reason)
    assert lost.lost_at is not None
    assert lose_opportunity(lost, actor=owner, reason=None).lost_at == lost.lost_at
    assert moves(deal) == [("", "prospecting"), ("prospecting", "closed-lost")]


def test_losing_works_without_a_lost_stage(owner: User, stages: Stages) -> None:
    Stage.objects.filter(is_lost=True).delete()
    deal = create_opportunity(actor=owner, name="Deal")
    lost = lose_opportunity(deal, actor=owner, reason=None)
    assert (lost.stage.key, lost.lost_at is not None, lost.probability) == ("prospecting", True, Decimal(0))
    reopened = reopen_opportunity(lost, actor=owner)
    assert (reopened.lost_at, reopened.probability) == (None, Decimal(10))
    assert moves(deal) == [("", "prospecting")]


def test_dragging_a_lost_deal_back_takes_the_loss_back(owner: User, stages: Stages) -> None:
    lost = lose_opportunity(
        create_opportunity(actor=owner, name="Deal"), actor=owner, reason=LostReasonFactory.create()
    )
    back = move_to_stage(lost, actor=owner, stage=stages["proposal"])
    assert (back.lost_at, back.lost_reason, back.probability) == (None, None, Decimal(50))


def test_an_open_deal_cannot_be_reopened(owner: User, stages: Stages) -> None:
    with pytest.raises(ValidationError, match="is open already"):
        reopen_opportunity(create_opportunity(actor=owner, name="Deal"), actor=owner)


def test_winning_needs_a_won_stage(owner: User, stages: Stages) -> None:
    Stage.objects.filter(is_won=True).delete()
    with pytest.raises(ValidationError, match="No stage is marked as won"):
        win_opportunity(create_opportunity(actor=owner, name="Deal"), actor=owner)


def test_the_probability_goes_by_hand_and_back_to_the_stage(owner: User, stages: Stages) -> None:
    deal = create_opportunity(actor=owner, name="Deal")
    by_hand = update_opportunity(deal, actor=owner, probability=Decimal(60))
    assert by_hand.probability_by_hand
    back = update_opportunity(deal, actor=owner, probability_by_hand=False)
    assert (back.probability, back.probability_by_hand) == (Decimal(10), False)


def test_a_stage_without_probability_leaves_it(owner: User, stages: Stages) -> None:
    deal = create_opportunity(actor=owner, name="Deal")
    moved = move_to_stage(deal, actor=owner, stage=StageFactory.create(probability=None))
    assert moved.probability == Decimal(10)


def test_the_default_stages_come_with_the_installation(db: None) -> None:
    rows = Stage.objects.exclude(key="").values_list("key", "probability", "is_won", "is_lost")
    assert list(rows) == [
        ("prospecting", Decimal(10), False, False),
        ("qualification", Decimal(25), False, False),
        ("proposal", Decimal(50), False, False),
        ("negotiation", Decimal(75), False, False),
        ("closed-won", Decimal(100), True, False),
        ("closed-lost", Decimal(0), False, True),
    ]


def test_first_open_stage_skips_archived_ones(stages: Stages) -> None:
    Stage.objects.filter(key="prospecting").update(archived_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert first_open_stage().key == "qualification"


def test_lost_reasons_are_kept_when_deals_go(owner: User, stages: Stages) -> None:
    reason = LostReasonFactory.create()
    OpportunityFactory.create(lost_reason=reason).delete()
    assert LostReason.objects.filter(pk=reason.pk).exists()

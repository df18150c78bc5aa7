"""Another stage here for one of Odoo's: the assignment changes, and no deal does, on either side."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from crm.models import Opportunity, Stage, User
from crm.services.pipeline import create_opportunity, move_to_stage
from integrations.models import Binding, Conflict, OutboxMessage
from integrations.odoo.pulling.references import refresh
from integrations.odoo.settling import stages as settling
from tests.factories import OpportunityFactory
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
MODEL = settling.MODEL


def choose(sides: TwoSides, actor: User, **chosen: uuid.UUID) -> int:
    """Keep a choice, by “odoo_” and Odoo's id, as the page does."""
    seen = settling.stamp(settling.lines(sides.connection))
    ids = {int(name.removeprefix("odoo_")): number for name, number in chosen.items()}
    return settling.keep(sides.connection, ids, actor=actor, seen=seen)


def of_odoo(sides: TwoSides, remote_id: int) -> Stage:
    """The stage here that stands for this one of Odoo."""
    found = sides.here(MODEL, remote_id)
    assert isinstance(found, Stage)
    return found


def open_ids(sides: TwoSides) -> list[int]:
    """The stages of Odoo that are not won ones, in order."""
    return [line.remote_id for line in settling.lines(sides.connection) if not line.stage.is_won]


def deals_in(sides: TwoSides, actor: User, ids: list[int]) -> list[Opportunity]:
    """A synced deal in each of these stages."""
    made = []
    for remote_id in ids:
        deal = create_opportunity(actor=actor, name=f"Deal {remote_id}")
        made.append(move_to_stage(deal, actor=actor, stage=of_odoo(sides, remote_id)))
    sides.settle()
    return made


def both(sides: TwoSides, deals: list[Opportunity]) -> list[tuple[Any, Any]]:
    """Each deal's stage: Odoo's id of the stage here, and the stage there."""
    for deal in deals:
        deal.refresh_from_db()
    return [(sides.remote_id(deal.stage), sides.there(deal)["stage_id"]) for deal in deals]


def test_two_stages_change_places_and_nothing_is_sent_or_disputed(synced: TwoSides, admin_user: User) -> None:
    one, two = open_ids(synced)[:2]
    first, second = of_odoo(synced, one), of_odoo(synced, two)
    Stage.objects.filter(pk=first.pk).update(probability=Decimal(15))
    deals = deals_in(synced, admin_user, [one, two])
    pending = move_to_stage(deals[0], actor=admin_user, stage=second)
    synced.control.reset_counters()
    waiting = OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING).count()

    assert choose(synced, admin_user, **{f"odoo_{one}": second.uuid, f"odoo_{two}": first.uuid}) == 2

    assert (of_odoo(synced, one).uuid, of_odoo(synced, two).uuid) == (second.uuid, first.uuid)
    assert (of_odoo(synced, one).name, of_odoo(synced, two).name) == (first.name, second.name)
    assert of_odoo(synced, two).probability == Decimal(15)
    assert OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING).count() == waiting
    synced.settle()
    assert both(synced, [pending, deals[1]]) == [(two, two), (two, two)]  # what waited said Odoo's second, and went
    assert synced.loads() == {"crm.lead.load": 1}
    assert not Conflict.objects.exists()


def test_afterwards_poll_and_push_find_nothing_and_a_move_travels_both_ways(synced: TwoSides, admin_user: User) -> None:
    one, two, three = open_ids(synced)[:3]
    deals = deals_in(synced, admin_user, [one, two, three])
    turn = {f"odoo_{one}": of_odoo(synced, two).uuid, f"odoo_{two}": of_odoo(synced, three).uuid}
    choose(synced, admin_user, **turn, **{f"odoo_{three}": of_odoo(synced, one).uuid})
    synced.control.reset_counters()

    with synced.session() as session:
        refresh(session, MODEL)
    synced.settle(compare_ids=True)

    assert (synced.loads(), Conflict.objects.count()) == ({}, 0)
    assert both(synced, deals) == [(one, one), (two, two), (three, three)]
    synced.control.write("crm.lead", [synced.remote_id(deals[0])], stage_id=two)
    deals[1] = move_to_stage(deals[1], actor=admin_user, stage=of_odoo(synced, three))
    synced.settle()
    assert both(synced, deals) == [(two, two), (three, three), (three, three)]
    assert not Conflict.objects.exists()


def test_a_stage_that_is_no_longer_used_takes_over(synced: TwoSides, admin_user: User) -> None:
    (one, *_others) = open_ids(synced)
    (deal,) = deals_in(synced, admin_user, [one])
    before = of_odoo(synced, one)
    old = Stage.objects.create(name="Trial", probability=Decimal(60), sequence=99)
    with synced.session() as session:
        refresh(session, MODEL)
    assert Stage.objects.get(pk=old.pk).archived_at is not None

    choose(synced, admin_user, **{f"odoo_{one}": old.uuid})

    now = of_odoo(synced, one)
    assert (now.uuid, now.name, now.probability, now.archived_at) == (old.uuid, before.name, Decimal(60), None)
    left = Stage.objects.get(uuid=before.uuid)
    assert left.archived_at is not None
    assert not Binding.objects.filter(object_uuid=left.uuid).exists()
    synced.control.reset_counters()
    synced.settle()
    assert (synced.loads(), both(synced, [deal])) == ({}, [(one, one)])
    back = choose(synced, admin_user, **{f"odoo_{one}": before.uuid})
    assert (back, of_odoo(synced, one).uuid) == (1, before.uuid)


def test_what_cannot_be_is_a_sentence_at_its_stage_and_changes_nothing(synced: TwoSides, admin_user: User) -> None:
    one, two = open_ids(synced)[:2]
    won = next(line for line in settling.lines(synced.connection) if line.stage.is_won)
    lost = Stage.objects.get(is_lost=True)
    full = Stage.objects.create(name="Made here")
    OpportunityFactory.create(stage=full)
    before = settling.stamp(settling.lines(synced.connection))
    wrong: dict[str, dict[str, uuid.UUID]] = {
        "stands for another stage of Odoo already": {f"odoo_{one}": of_odoo(synced, two).uuid},
        "is a won stage, and this one of Odoo is not": {f"odoo_{one}": won.stage.uuid},
        "This stage of Odoo is a won one, and": {f"odoo_{won.remote_id}": of_odoo(synced, one).uuid},
        "is our lost stage: Odoo has none": {f"odoo_{one}": lost.uuid},
        "has deals in it. Move them to another stage first": {f"odoo_{one}": full.uuid},
        "There is no such stage here": {f"odoo_{one}": uuid.uuid4()},
        "Odoo has no such stage": {"odoo_9999": of_odoo(synced, one).uuid},
    }
    for sentence, chosen in wrong.items():
        with pytest.raises(ValidationError, match=sentence):
            choose(synced, admin_user, **chosen)
    with pytest.raises(ValidationError, match="Somebody else has changed the stages"):
        settling.keep(synced.connection, {}, actor=admin_user, seen="other")
    assert settling.stamp(settling.lines(synced.connection)) == before


def test_the_number_of_deals_costs_nothing(synced: TwoSides, admin_user: User) -> None:
    one, two = open_ids(synced)[:2]
    swap = {f"odoo_{one}": of_odoo(synced, two).uuid, f"odoo_{two}": of_odoo(synced, one).uuid}
    with CaptureQueriesContext(database) as none:
        choose(synced, admin_user, **swap)
    deals_in(synced, admin_user, [one] * 5)
    swap = {f"odoo_{one}": of_odoo(synced, two).uuid, f"odoo_{two}": of_odoo(synced, one).uuid}
    with CaptureQueriesContext(database) as five:
        choose(synced, admin_user, **swap)
    assert len(five) == len(none)
    assert [line.deals for line in settling.lines(synced.connection)][:2] == [5, 0]

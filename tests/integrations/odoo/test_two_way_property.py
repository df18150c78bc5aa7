"""Whatever two people do on both sides, at the end both sides say the same and nothing is lost, doubled or idle.

The short form runs in CI; `make property` (PROPERTY_FULL=1) runs 200 records over 50 rounds. PROPERTY_SERIES and
PROPERTY_SEED choose the Odoo and the dice, PROPERTY_TRANSPORT the way to it; PROPERTY_SHRINK=1 looks for the shortest
script that fails (minutes). PROPERTY_ODOO_URL plays on a real Odoo (tests/support/real_odoo.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from crm.models import Account, Contact, Opportunity, Tag, User
from integrations.models import Binding, Conflict, OutboxMessage
from leads.models import Lead
from tests.support.real_odoo import real_odoo
from tests.support.sandbox import RunningSandbox
from tests.support.two_sides import TwoSides, two_sides
from tests.support.two_way_compare import differences
from tests.support.two_way_world import STEPS, Step, World


@dataclass(frozen=True)
class Size:
    """How much is played."""

    records: int
    rounds: int
    examples: int
    steps: int


FULL = bool(os.environ.get("PROPERTY_FULL"))
EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "2" if FULL else "4"))
SIZE = Size(200, 50, EXAMPLES, 12) if FULL else Size(40, 8, EXAMPLES, 10)
SERIES = [int(one) for one in os.environ.get("PROPERTY_SERIES", "16,18,19" if FULL else "18").split(",")]

steps = st.tuples(st.sampled_from(STEPS), st.integers(0, 250), st.integers(0, 250))
rounds = st.lists(st.lists(steps, max_size=SIZE.steps), min_size=SIZE.rounds, max_size=SIZE.rounds)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("series", SERIES)
def test_after_any_edits_on_both_sides_both_are_equal_and_nothing_is_lost_or_doubled(
    sandboxes: Callable[[int], RunningSandbox], series: int
) -> None:
    odoo = real_odoo() or sandboxes(series)

    @seed(int(os.environ.get("PROPERTY_SEED", "1")))
    @settings(
        # The first script that hypothesis tries is always the empty one: the records meet, and nobody edits.
        max_examples=SIZE.examples + 1,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if os.environ.get("PROPERTY_SHRINK") else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(script=rounds)
    def play(script: list[list[Step]]) -> None:
        world = fresh_world(odoo)
        world.begin(SIZE.records)
        world.settle()
        for number, played in enumerate(script):
            for step in played:
                note(f"{number}: {step}")
                world.step(step)
        world.settle()
        found = differences(world.sides)
        assert not found, "\n".join(found)
        assert idle_settle(world.sides) == ({}, [])

    play()


def fresh_world(odoo: RunningSandbox) -> World:
    """Empty tables, an Odoo with its base data, and both after their first sync."""
    call_command("flush", interactive=False, verbosity=0)
    odoo.control.reset()
    actor = User.objects.create_superuser(email="ada@example.com", password="-", name="Ada")
    sides = two_sides(odoo, transport=os.environ.get("PROPERTY_TRANSPORT", "auto"))
    sides.pull()
    return World(sides, actor)


def idle_settle(sides: TwoSides) -> tuple[dict[str, int], list[str]]:
    """Settle once more; returns the loads made in Odoo and the rows written here, of which there must be none."""
    before = everything()
    sides.control.reset_counters()
    sides.settle()
    after = everything()
    return sides.loads(), [key for key in {*before, *after} if before.get(key) != after.get(key)]


def everything() -> dict[str, Any]:
    """All business rows, bindings, conflicts and messages, but for when a binding was last looked at."""
    found: dict[str, Any] = {}
    for table in (Account, Contact, Lead, Opportunity, Tag, Conflict, OutboxMessage):
        found.update({f"{table.__name__} {row['id']}": row for row in table._default_manager.values()})
    for row in Binding.objects.values():
        del row["seen_at"], row["confirmed"]
        found[f"Binding {row['id']} {row['remote_model']}({row['remote_id']})"] = row
    return found

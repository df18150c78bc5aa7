"""The sandbox is held to recordings of real Odoo 16, 18 and 19: the same requests, in their order.

Each recorded case is one test: HTTP status, content type, error names and texts, keys, types and values.
"""

from __future__ import annotations

import pytest

from tests.integrations.odoo.sandbox.replay import (
    Answer,
    Recording,
    Replay,
    differences,
    recorded_value,
    recordings,
)
from tests.support.sandbox import RunningSandbox, running_sandbox

SERIES = (16, 18, 19)
ALL = [one for series in SERIES for one in recordings(series)]
Exchanges = dict[str, tuple[Answer, Answer]]


INTEGRATION_NAME = {16: "Integration User", 18: "Integration Bot", 19: "Integration User"}
FILTERS = {16: "filters-by-user-id", 18: "filters-by-user-id", 19: "filters-by-user-ids"}


def prepare(odoo: RunningSandbox) -> None:
    """Give the sandbox what the recorded server held before its run."""
    control, series = odoo.control, odoo.series
    control.patch("res.users", [odoo.uid], name=INTEGRATION_NAME[series])
    control.patch("res.partner", [odoo.uid + 1], name=INTEGRATION_NAME[series])
    for _, name in recorded_value(series, "xmlrpc", "name-search-utm-source"):
        control.create("utm.source", name=name)
    for number in range(2):
        control.create("res.partner", name=f"Partner {number}", country_id=57)
    *older, _own = sorted(recorded_value(series, "xmlrpc", FILTERS[series]), key=lambda one: one["id"])
    for one in older:
        values = {name: one[name] for name in ("name", "domain", "context", "sort")}
        control.create("ir.filters", model_id="res.partner", **values)


def play_all(series: int) -> Exchanges:
    with running_sandbox(series=series, database=f"odoo{series}") as odoo:
        prepare(odoo)
        replay = Replay(odoo)
        return {one.label: replay.play(one) for one in recordings(series)}


@pytest.fixture(scope="module")
def exchanges() -> Exchanges:
    """All exchanges of all series, played once."""
    played: Exchanges = {}
    for series in SERIES:
        played.update(play_all(series))
    return played


@pytest.mark.parametrize("recording", ALL, ids=lambda one: one.label)
def test_sandbox_answers_like_the_recorded_odoo(recording: Recording, exchanges: Exchanges) -> None:
    recorded, present = exchanges[recording.label]

    assert differences(recording.case, recorded, present) == []


def test_every_recording_is_played() -> None:
    assert len(ALL) == len({one.label for one in ALL}) == 890

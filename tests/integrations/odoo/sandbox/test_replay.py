"""The comparison behind the contract test sees what is different."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.odoo.sandbox.replay import Answer, differences

ERROR = {"code": 200, "data": {"name": "builtins.ValueError", "message": "Wrong value"}}


def answer(value: Any = None, *, status: int = 200, kind: str = "application/json", error: Any = None) -> Answer:
    return Answer(status, kind, value, error)


@pytest.mark.parametrize(
    ("recorded", "present"),
    [
        (answer(True), answer(False)),
        (answer(1), answer(True)),
        (answer(False), answer("")),
        (answer(5000), answer("5000")),
        (answer(7), answer(8)),
        (answer([1]), answer([1, 2])),
        (answer({"a": 1}), answer({"a": 1, "b": 2})),
        (answer({"a": 1}), answer({"b": 1})),
        (answer([{"name": "New"}]), answer([{"name": "Neu"}])),
        (answer([{"probability": 1.5}]), answer([{"probability": False}])),
        (answer({"a": [{"b": "x"}]}), answer({"a": [{"b": "y"}]})),
        (answer(), answer(status=404)),
        (answer(), answer(kind="text/html")),
        (answer(error=ERROR), answer(True)),
        (answer(error=ERROR), answer(error={**ERROR, "code": 0})),
        (answer(error=ERROR), answer(error={**ERROR, "data": {**ERROR["data"], "name": "builtins.TypeError"}})),
    ],
)
def test_a_difference_is_found(recorded: Answer, present: Answer) -> None:
    assert differences("any", recorded, present) != []


@pytest.mark.parametrize(
    ("recorded", "present"),
    [
        (
            answer([{"id": 56433, "write_date": "2026-11-22 03:14:59"}]),
            answer([{"id": 3, "write_date": "2027-01-01 00:00:00"}]),
        ),
        (answer("Record(res.partner(56433,))"), answer("Record(res.partner(7,))")),
        (answer([{"probability": 99.55}]), answer([{"probability": 25.0}])),
    ],
)
def test_ids_and_moments_of_another_run_are_no_difference(recorded: Answer, present: Answer) -> None:
    assert differences("any", recorded, present) == []

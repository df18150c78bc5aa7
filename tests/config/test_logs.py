"""A log line tells the event and what came with it."""

from __future__ import annotations

import json
import logging
import sys

from config.logs import JsonFormatter, LineFormatter


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("integrations.push", logging.INFO, __file__, 1, "push.done", (), None)
    made.created = 1_800_000_000.0
    vars(made).update(extra)
    return made


def test_a_line_ends_with_what_came_along() -> None:
    line = LineFormatter().format(record(rows=200, model="crm.lead"))
    assert line == "2027-01-15T08:00:00Z INFO integrations.push push.done rows=200 model=crm.lead"


def test_json_carries_the_same() -> None:
    assert json.loads(JsonFormatter().format(record(rows=200))) == {
        "time": "2027-01-15T08:00:00+00:00",
        "level": "INFO",
        "logger": "integrations.push",
        "event": "push.done",
        "rows": 200,
    }


def test_an_exception_is_told_in_both() -> None:
    try:
        raise ValueError("no such stage")
    except ValueError:
        made = record(exc_info=sys.exc_info())
    assert "ValueError: no such stage" in LineFormatter().format(made)
    assert "ValueError: no such stage" in json.loads(JsonFormatter().format(made))["error"]

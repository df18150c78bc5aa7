"""Long work in whole processes: rung by its commit, killed in its middle, gone on with by another worker, done once.

The short form runs in CI, the long one (FAULTS_FULL=1) by `make faults`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.sandbox import running_sandbox
from tests.support.tandem import KINDS, PATIENCE, kill, running_tandem, until

WORK = "tests.support.long_work"
FULL = os.environ.get("FAULTS_FULL") == "1"
ROWS = 2000 if FULL else 600


@pytest.mark.parametrize("kind", KINDS if FULL else KINDS[1:])
def test_a_job_whose_worker_is_killed_is_done_once_by_the_next(kind: str, tmp_path: Path) -> None:
    with running_sandbox() as odoo, running_tandem(odoo, kind, tmp_path) as tandem:
        first = tandem.start_worker()
        tandem.ask(WORK, "begin", ROWS)
        until(lambda: tandem.ask(WORK, "stands")["done"] >= 100, PATIENCE, "the first part is done")
        kill(first)
        stopped = tandem.ask(WORK, "stands")

        tandem.start_worker()
        until(lambda: tandem.ask(WORK, "stands")["state"] == "done", PATIENCE, "another worker goes on")

        assert 0 < stopped["done"] < ROWS
        assert stopped["dealers"] == stopped["done"]
        assert tandem.ask(WORK, "stands") == {"state": "done", "done": ROWS, "dealers": ROWS, "most": 2}

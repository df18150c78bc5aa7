"""The first sync, killed again and again while people edit: complete, single, and nobody waits.

The short form runs in CI; `make kills` runs the whole one (KILLS_FULL=1): 20,000 partners, ten kills, 200 edits.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import KINDS, PATIENCE, Tandem, kill, running_tandem, until
from tests.support.web_editor import WebEditor

FULL = os.environ.get("KILLS_FULL") == "1"
PARTNERS, KILLS, EDITS = (20_000, 10, 200) if FULL else (3_000, 4, 40)
# Seconds. CI shares its two cores with five processes that boot again and again, so there only a hang counts.
SLOWEST = 2.0 if FULL else 10.0


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tandem, RunningSandbox]]:
    """A Tandem whose web process answers, beside a sandbox with many partners, on both kinds of database."""
    with (
        running_sandbox(series=18, partners=PARTNERS, leads=20) as odoo,
        running_tandem(odoo, request.param, tmp_path, ODOO_PAGE_SIZE="500") as tandem,
    ):
        tandem.start_web()
        yield tandem, odoo


def test_a_first_sync_killed_again_and_again_ends_complete_and_single(house: tuple[Tandem, RunningSandbox]) -> None:
    tandem, odoo = house
    editor = WebEditor(tandem, EDITS)
    editor.start()
    for number in range(KILLS):
        worker = tandem.start_worker()
        goal = PARTNERS * number // (KILLS + 1)
        until(lambda goal=goal: progress(tandem) > goal, PATIENCE, "the first sync goes on")
        time.sleep(random.Random(number).uniform(0, 0.3))
        kill(worker)
    tandem.start_worker()
    found = until_quiet(tandem, editor)
    print(f"slowest of {len(editor.saved)} saves: {editor.slowest:.2f} s")
    assert editor.problem == ""
    assert len(editor.saved) == EDITS
    assert editor.slowest < SLOWEST
    there = {row["id"]: row for row in odoo.control.dump("res.partner", "phone", "type", "partner_share")}
    assert found["phase"] == "polling"
    assert found["records"] == found["bound"] == found["single"] == found["objects"]
    assert found["bound"] >= PARTNERS * 0.9
    assert found["parked"] == found["conflicts"] == 0
    assert found["phones"] == editor.saved
    assert sorted(editor.saved.values()) == sorted(
        row["phone"] for row in there.values() if str(row["phone"]).startswith("edit-")
    )


def progress(tandem: Tandem) -> int:
    """How many partners the first sync has committed so far."""
    rows = tandem.query("SELECT done FROM integrations_pullcursor WHERE remote_model = 'res.partner'")
    return int(rows[0][0]) if rows else 0


def until_quiet(tandem: Tandem, editor: WebEditor) -> dict[str, Any]:
    """Wait until the first sync has ended, all edits are made, and nothing waits to be sent; what stands then."""
    deadline = time.monotonic() + (3 * PATIENCE if FULL else PATIENCE)
    while time.monotonic() < deadline:
        found: dict[str, Any] = tandem.ask("tests.support.inspecting", "first_sync")
        if found["phase"] == "polling" and not editor.is_alive() and not found["waiting"]:
            return found
        time.sleep(1)
    editor.enough.set()
    pytest.fail(f"not quiet: {found}, {len(editor.saved)} edits, {editor.problem}")

"""Processes killed at each step of the sync: whoever dies and wherever, nothing is lost and nothing doubled.

Worker, web and Odoo, on both kinds of database; Redis is emptied in between, the disk is full once. The short form
runs in CI; `make faults` (FAULTS_FULL=1) goes through all of it three times.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import redis

from integrations.mailbox.steps import Step
from tests.support.followed import QUICK, Followed
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import KINDS, PATIENCE, Tandem, kill, running_tandem, until
from tests.support.web_editor import WebEditor

FULL = os.environ.get("FAULTS_FULL") == "1"
ROUNDS = 3 if FULL else 1
OF_A_WORKER = (Step.CLAIMED, Step.CALLING, Step.ANSWERED, Step.BOUND, Step.SETTLED, Step.DONE, Step.APPLIED)
OF_ODOO = (Step.CLAIMED, Step.CALLING, Step.ANSWERED, Step.BOUND) if FULL else (Step.CALLING,)
OF_THE_WEB = (Step.ANNOUNCED, Step.HINTED)


@dataclass
class Scene:
    """A Tandem in step with a sandbox, the orders to kill, and what was written meanwhile."""

    tandem: Tandem
    odoo: RunningSandbox
    orders: Path
    worker: subprocess.Popen[bytes]
    web: subprocess.Popen[bytes]
    followed: Followed
    struck: int = 0

    def order(self, step: Step, victim: subprocess.Popen[bytes] | None) -> Path:
        """Let whoever comes to this step first kill itself, or the victim."""
        order = self.orders / step
        draft = self.orders / "draft"
        draft.write_text(str(victim.pid) if victim else "")
        return draft.rename(order)

    def carried_out(self, order: Path) -> None:
        """Wait until it has happened."""
        until(lambda: not order.exists(), PATIENCE, lambda: f"somebody comes to {order}: {self.tandem.still_waiting()}")
        self.struck += 1

    def edit_there(self) -> None:
        """Some edits in Odoo."""
        leads = [row["id"] for row in self.odoo.control.dump("crm.lead", "type") if row["type"] == "lead"]
        for number, lead in enumerate(leads[:5]):
            self.odoo.control.write("crm.lead", [lead], city=f"there {self.struck} {number}")

    def empty_redis(self) -> None:
        """All bells are forgotten."""
        if url := self.tandem.env["REDIS_URL"]:
            redis.Redis.from_url(url).flushall()


@pytest.fixture(params=KINDS if FULL else KINDS[1:])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """Both sides in step, with one worker and one web process that take orders."""
    orders = tmp_path / "orders"
    orders.mkdir()
    with (
        running_sandbox(series=18, partners=40, leads=30) as odoo,
        running_tandem(
            *(odoo, request.param, tmp_path),
            settings="tests.support.settings_steps",
            STEP_ORDERS=str(orders),
            **QUICK,
        ) as tandem,
    ):
        tandem.manage("odoo", "sync")
        followed = Followed(tandem, odoo)
        yield Scene(tandem, odoo, orders, tandem.start_worker(), tandem.start_web(), followed)


def test_whoever_is_killed_and_wherever_nothing_is_lost_and_nothing_doubled(scene: Scene) -> None:
    for _round in range(ROUNDS):
        for step in OF_A_WORKER:
            kill_a_worker(scene, step)
            scene.empty_redis()
        for step in OF_ODOO:
            kill_odoo(scene, step)
        for step in OF_THE_WEB:
            kill_the_web(scene, step)
    if not scene.tandem.env["DATABASE_URL"]:
        fill_the_disk(scene)
    found = scene.followed.settle()
    print(f"{scene.struck} kills, {len(scene.followed.written)} values, {scene.followed.facts.total()} facts followed")
    scene.followed.check(found)
    assert found["conflicts"] == 0


def kill_a_worker(scene: Scene, step: Step) -> None:
    """It dies at this step, with all its children; another takes its place."""
    order = scene.order(step, None)
    scene.edit_there() if step is Step.APPLIED else scene.followed.edit_here(15)
    scene.carried_out(order)
    assert scene.worker.wait(30) == -signal.SIGKILL
    scene.worker = scene.tandem.start_worker()


def kill_odoo(scene: Scene, step: Step) -> None:
    """Odoo dies while a worker is at this step, and comes back with what it had committed."""
    order = scene.order(step, scene.odoo.process)
    scene.followed.edit_here(15)
    scene.carried_out(order)
    assert scene.odoo.process is not None
    scene.odoo.process.wait(30)
    scene.odoo.restart()


def kill_the_web(scene: Scene, step: Step) -> None:
    """A web process dies with a person's save, or a webhook, in its hands; what it had not confirmed is sent again."""
    kill(scene.worker)  # it announces, too, and is not meant here
    order = scene.order(step, None)
    assert "Error" in save_or_hook(scene, step)
    scene.carried_out(order)
    scene.web.wait(30)
    scene.web, scene.worker = scene.tandem.start_web(), scene.tandem.start_worker()
    assert save_or_hook(scene, step) == ""


def save_or_hook(scene: Scene, step: Step) -> str:
    """Do what leads to this step: a person saves an account, or Odoo tells of a change; returns what went wrong."""
    if step is Step.ANNOUNCED:
        editor = WebEditor(scene.tandem, 1, pages=1)
        editor.run()
        scene.followed.saved_in_pages(editor.saved)
        return editor.problem
    partner = scene.odoo.control.dump("res.partner", "id")[-1]["id"]
    body = {"_model": "res.partner", "_id": partner, "_name": "-"}
    try:
        return "" if httpx2.post(scene.tandem.hook, json=body, timeout=20).status_code == 202 else "refused"
    except httpx2.TransportError as error:
        return type(error).__name__


def fill_the_disk(scene: Scene) -> None:
    """A worker finds the disk full; what it could not write comes when there is room again."""
    kill(scene.worker)
    pages = scene.tandem.query("PRAGMA page_count")[0][0]
    full = scene.tandem.start_worker(DISK_PAGES=str(pages + 2))
    for number in range(200):
        scene.odoo.control.create("res.partner", name=f"On a full disk {number}", comment="<p>" + "x" * 2000 + "</p>")
    until(lambda: "full" in scene.tandem.complaints.read_text(), PATIENCE, "the disk is full")
    kill(full)
    scene.worker = scene.tandem.start_worker()

"""Three workers and two web processes on one PostgreSQL and one Redis, webhooks in storms, people on both sides."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.followed import QUICK, Followed, PeopleInOdoo
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import KINDS, PATIENCE, Tandem, running_tandem, until
from tests.support.web_editor import WebEditor

FULL = os.environ.get("FAULTS_FULL") == "1"
ROUNDS, EDITS, SAVES, PARTNERS, LEADS = (10, 300, 40, 240, 80) if FULL else (1, 100, 5, 60, 40)
COPIES = 22


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[tuple[Tandem, RunningSandbox]]:
    """A big Tandem in step with a sandbox that tells of each change 22 times."""
    with (
        running_sandbox(series=18, partners=PARTNERS, leads=LEADS) as odoo,
        running_tandem(odoo, KINDS[1], tmp_path, **QUICK) as tandem,
    ):
        tandem.manage("odoo", "sync")
        tandem.start_web(workers=2)
        odoo.control.settings(webhook_url=tandem.hook, webhook_copies=COPIES)
        yield tandem, odoo


def test_many_workers_and_storms_of_webhooks_leave_both_sides_equal(crowd: tuple[Tandem, RunningSandbox]) -> None:
    tandem, odoo = crowd
    followed, people, editor = Followed(tandem, odoo), PeopleInOdoo(odoo, pause=0.5), WebEditor(tandem, SAVES, pages=1)
    for number in range(3):
        tandem.start_worker(beat=number == 0)
    people.start()
    for _round in range(ROUNDS):
        followed.edit_here(EDITS, EDITS / 20)
    people.end()
    editor.run()
    followed.saved_in_pages(editor.saved)

    all_told = COPIES * len(people.written)
    until(lambda: sum(odoo.control.counters()["webhooks"].values()) >= all_told, PATIENCE, "webhooks are sent")
    found = followed.settle()
    counters = odoo.control.counters()
    told, reads = counters["webhooks"]["sent"], counters["calls"]
    hooks = dict(tandem.query("SELECT status, count(*) FROM integrations_inboxmessage GROUP BY status"))
    print(f"{followed.sent} messages sent, {len(people.written)} values written in Odoo, {told} webhooks told: {hooks}")
    print(f"reads of partners {reads.get('res.partner.read', 0)}, of leads {reads.get('crm.lead.read', 0)}")
    print(f"{len(editor.saved)} saves in pages, {editor.came_back} forms came back")
    assert sum(hooks.values()) >= told >= COPIES
    assert (editor.problem, len(editor.saved)) == ("", SAVES)
    followed.check(found)
    assert people.lost() == []

"""A storm: many pushes, a fault on one call in five, and people who edit the same records on both sides meanwhile.

Real Celery workers. The short form runs in CI; `make faults` (FAULTS_FULL=1) sends 10,000 messages on each kind of
database, a third of them over each transport.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faultproxy import RunningProxy, running_proxy
from tests.support.followed import QUICK, Followed, PeopleInOdoo
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import KINDS, Tandem, running_tandem

FULL = os.environ.get("FAULTS_FULL") == "1"
PUSHES, EDITS, PARTNERS, LEADS = (3_334, 500, 300, 200) if FULL else (200, 200, 60, 40)
WIRES = [(18, "jsonrpc"), (16, "xmlrpc"), (19, "json2")]
# On the way these together strike one call in five; of the writes that arrive Odoo refuses some, too.
FAULTS = ("lost_answer", "timeout", "reset", "rate_limit", "status", "html")
SHARE = 0.2
ENDLESS = 1_000_000
REFUSALS = {"conflict": 9, "bad_row": 11}  # one write in so many
# In such weather a good row, too, is refused alone three times now and then; what is set aside waits for a person.
PATIENT = "from integrations import options; options.change({'alone_tries': 20}, actor=None)"
Storm = tuple[Tandem, RunningSandbox, RunningProxy]


WHERE = [(kind, *wire) for kind in KINDS for wire in WIRES] if FULL else [(KINDS[1], *WIRES[0])]


@pytest.fixture(params=WHERE, ids=str)
def storm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storm]:
    """A Tandem in step with a sandbox, a fault proxy in between."""
    kind, series, transport = request.param
    with (
        running_sandbox(series=series, partners=PARTNERS, leads=LEADS) as odoo,
        running_proxy(odoo.url, seed=11) as proxy,
        running_tandem(odoo, kind, tmp_path, url=proxy.url, ODOO_TRANSPORT=transport, **QUICK) as tandem,
    ):
        tandem.manage("shell", "-c", PATIENT)
        tandem.manage("odoo", "sync")
        yield tandem, odoo, proxy


def test_in_a_storm_of_faults_nothing_is_lost_and_nothing_doubled(storm: Storm) -> None:
    tandem, odoo, proxy = storm
    followed = Followed(tandem, odoo)
    people = PeopleInOdoo(odoo)
    workers = [tandem.start_worker(beat=number == 0) for number in range(2 if tandem.env["DATABASE_URL"] else 1)]
    before = proxy.state()["seen"]
    for fault in FAULTS:
        left = 1 - SHARE * FAULTS.index(fault) / len(FAULTS)
        proxy.rule(fault, count=-1, path="/", probability=SHARE / len(FAULTS) / left, seconds=0.2, status=500)
    for refusal, every in REFUSALS.items():
        odoo.control.fault(refusal, method="load", every=every, count=ENDLESS)
    people.start()
    while followed.sent < PUSHES:
        followed.edit_here(EDITS, EDITS / 50)
        assert [worker.poll() for worker in workers] == [None] * len(workers), tandem.complaints.read_text()
    people.end()
    struck = proxy.state()
    refused = {one["kind"]: ENDLESS - one["count"] for one in odoo.control.request("GET", "faults")}
    proxy.clear()
    odoo.control.clear_faults()

    found = followed.settle()
    calls = struck["seen"] - before
    print(
        f"{followed.sent} messages sent, {calls} calls, faults {struck['struck']}, {len(people.written)} values of "
        f"{len(people.records)} records written in Odoo, {found['conflicts']} conflicts settled by rule, "
        f"writes refused {refused}"
    )
    assert followed.sent >= PUSHES
    spread = math.sqrt(calls * SHARE * (1 - SHARE))  # of a binomial count; 4 of them are missed once in 30,000 runs
    assert sum(struck["struck"].values()) > calls * SHARE - 4 * spread
    assert set(struck["struck"]) == set(FAULTS)
    assert set(refused) == set(REFUSALS)
    assert min(refused.values()) > 0
    followed.check(found)
    assert people.lost() == []

"""How long an edit takes to the other side of a whole Tandem, while people work on both."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.bench.house import whole_tandem
from tests.bench.table import Line, Size, p95
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import Tandem, until

WARM_UP = 5
SECONDS = 1
CALLS = "SELECT count(*) FROM integrations_integrationevent WHERE kind LIKE 'call %'"
HOOKS = "SELECT coalesce(sum(reads), 0), coalesce(sum(received), 0) FROM integrations_hookday"


def live(size: Size) -> Iterator[Line]:
    """The seconds of an edit here and of one in Odoo, at one edit a second on each side."""
    with running_sandbox(series=18, partners=120, leads=60, keep_alive=True) as odoo, whole_tandem(odoo) as tandem:
        tandem.manage("odoo", "sync")
        tandem.start_web(workers=2)
        for queues in ("push", "hooks"):
            tandem.start_worker(queues=queues, beat=False)
        tandem.start_worker(queues="pull,mail,default")
        tandem.ask("tests.bench.asked", "set_up", odoo.admin_key, tandem.address)
        odoo.control.settings(pace=True, webhook_synchronous=True)
        _edits(tandem, odoo, WARM_UP)
        yield from _measure(tandem, odoo, size.edits)


def _measure(tandem: Tandem, odoo: RunningSandbox, edits: int) -> Iterator[Line]:
    calls, (reads, hooks) = tandem.query(CALLS)[0][0], tandem.query(HOOKS)[0]
    found = _edits(tandem, odoo, edits)
    calls = tandem.query(CALLS)[0][0] - calls
    reads, hooks = (now - before for now, before in zip(tandem.query(HOOKS)[0], (reads, hooks), strict=True))
    yield Line(
        "seconds until an edit here is in Odoo, p95",
        p95(found["here"]),
        SECONDS,
        f"median {median(found['here']):.2f} s of {edits}; {calls / edits:.1f} calls an edit on each side",
    )
    yield Line(
        "seconds until an edit in Odoo is here, p95",
        p95(found["there"]),
        SECONDS,
        f"median {median(found['there']):.2f} s of {edits}; {reads} read-backs of {hooks} webhooks",
    )


def _edits(tandem: Tandem, odoo: RunningSandbox, edits: int) -> dict[str, list[float]]:
    """So many edits on each side; returns the seconds that they took, when all is worked off."""
    found: dict[str, list[float]] = tandem.ask("tests.bench.edits", "edit", odoo.port, edits)
    until(lambda: not tandem.queued(), 120, tandem.still_waiting)
    return found

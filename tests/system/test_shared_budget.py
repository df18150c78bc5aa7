"""Three worker processes on one connection: together under the limit, nobody starved, nothing lost, nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import KINDS, PATIENCE, Tandem, running_tandem, until

LIMIT, RECORDS = 40, 60
PREPARE = f"""
from crm.models import User
from crm.services.accounts import create_account
from integrations.models import Connection
from leads.services import create_lead
me = User.objects.create_superuser("budget@example.com", "only-for-this-test")
Connection.objects.update(sync_per_minute={LIMIT})
for number in range({RECORDS}):
    create_account(actor=me, name=f"Burst {{number}}", email=f"burst{{number}}@example.com")
    create_lead(actor=me, name=f"Burst {{number}}")
"""
WORKER = """
import time
from integrations import sync
from integrations.errors import IntegrationError
from integrations.models import OutboxMessage
deadline = time.monotonic() + 600
while OutboxMessage.objects.filter(status__in=["waiting", "claimed"]).exists() and time.monotonic() < deadline:
    try:
        sync.push_due()
        with sync.working_session(work="poll") as session:
            if session is not None:
                session.client.search("res.partner", [], limit=1)
    except IntegrationError:
        pass
"""


House = tuple[Tandem, RunningSandbox]


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[dict[str, House]]:
    """On each kind of database a connection after its first sync, with a burst of records that waits to be sent.

    Both at once, since all they do for minutes is wait.
    """
    with ExitStack() as stack:
        made: dict[str, House] = {}
        for kind in KINDS:
            odoo = stack.enter_context(running_sandbox(series=18))
            folder = tmp_path / kind.partition(" ")[0]
            folder.mkdir()
            made[kind] = (stack.enter_context(running_tandem(odoo, kind, folder, ODOO_BATCH_SIZE="3")), odoo)
        for tandem, odoo in made.values():
            tandem.manage("odoo", "sync")
            tandem.manage("shell", "-v0", "-c", PREPARE)
            odoo.control.reset_counters()
        yield made


def calls_of_the_sync(odoo: RunningSandbox) -> list[float]:
    """When Odoo was called by the sync, which names companies; a person's doctor does not."""
    return sorted(line["at"] for line in odoo.control.diary() if line["context"].get("allowed_company_ids"))


def test_three_workers_stay_under_the_limit_and_lose_and_double_nothing(houses: dict[str, House]) -> None:
    begun = {kind: Burst(kind, *house) for kind, house in houses.items()}
    for burst in begun.values():
        burst.ask_the_doctor()
    for burst in begun.values():
        burst.check()


class Burst:
    """Three workers who send what waits in one house."""

    def __init__(self, kind: str, tandem: Tandem, odoo: RunningSandbox) -> None:
        self.kind, self.tandem, self.odoo = kind, tandem, odoo
        self.workers = [tandem.start("manage.py", "shell", "-v0", "-c", WORKER) for _worker in range(3)]
        self.doctor_took = 0.0

    def ask_the_doctor(self) -> None:
        """Once the minute is full, a person is still served."""
        until(lambda: len(calls_of_the_sync(self.odoo)) >= LIMIT, PATIENCE, "the minute is full")
        before = time.monotonic()
        assert "[  ok] CRM app" in self.tandem.manage("odoo", "doctor")
        self.doctor_took = time.monotonic() - before

    def check(self) -> None:
        """Wait for the end, and look at every call and at what arrived."""
        ended = [worker.wait(PATIENCE) for worker in self.workers]
        assert ended == [0, 0, 0], self.tandem.complaints.read_text()
        sync = calls_of_the_sync(self.odoo)
        fullest = max(sum(1 for at in sync if start <= at < start + 60) for start in sync)
        print(f"{self.kind}: {len(sync)} calls, {fullest} in the fullest minute; doctor {self.doctor_took:.1f} s")
        assert len(sync) > LIMIT
        assert fullest <= LIMIT
        assert fullest > LIMIT * 0.8
        assert self.doctor_took < 60
        for model in ("res.partner", "crm.lead"):
            names = [row["name"] for row in self.odoo.control.dump(model, "name") if row["name"].startswith("Burst")]
            assert sorted(names) == sorted(f"Burst {number}" for number in range(RECORDS))

"""Three worker processes on one connection: together under the limit, nobody starved, nothing lost, nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator
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


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tandem, RunningSandbox]]:
    """A connected database after its first sync, with a burst of records that waits to be sent."""
    with (
        running_sandbox(series=18) as odoo,
        running_tandem(odoo, request.param, tmp_path, ODOO_BATCH_SIZE="3") as tandem,
    ):
        tandem.manage("odoo", "sync")
        tandem.manage("shell", "-v0", "-c", PREPARE)
        odoo.control.reset_counters()
        yield tandem, odoo


def calls_of_the_sync(odoo: RunningSandbox) -> list[float]:
    """When Odoo was called by the sync, which names companies; a person's doctor does not."""
    return sorted(line["at"] for line in odoo.control.diary() if line["context"].get("allowed_company_ids"))


def test_three_workers_stay_under_the_limit_and_lose_and_double_nothing(house: tuple[Tandem, RunningSandbox]) -> None:
    tandem, odoo = house
    workers = [tandem.start("manage.py", "shell", "-v0", "-c", WORKER) for _worker in range(3)]
    until(lambda: len(calls_of_the_sync(odoo)) >= LIMIT, PATIENCE, "the minute is full")
    before = time.monotonic()
    assert "[  ok] CRM app" in tandem.manage("odoo", "doctor")
    doctor_took = time.monotonic() - before
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0, 0], tandem.complaints.read_text()

    sync = calls_of_the_sync(odoo)
    fullest = max(sum(1 for at in sync if start <= at < start + 60) for start in sync)
    print(f"{len(sync)} calls of the sync, {fullest} in the fullest minute; doctor {doctor_took:.1f} s")
    assert len(sync) > LIMIT
    assert fullest <= LIMIT
    assert fullest > LIMIT * 0.8
    assert doctor_took < 60
    for model in ("res.partner", "crm.lead"):
        names = [row["name"] for row in odoo.control.dump(model, "name") if row["name"].startswith("Burst")]
        assert sorted(names) == sorted(f"Burst {number}" for number in range(RECORDS))

"""A job of many rows, begun and looked at in a house of its own; see tests/support/answering.py."""

from __future__ import annotations

from typing import Any

from crm.models import Account, Job, User
from crm.services import bulk, bulk_jobs, jobs
from crm.workbook import ACCOUNTS


def begin(count: int) -> None:
    """Make so many accounts and begin a job that makes dealers of them."""
    actor = User.objects.create_user(email="boss@example.com", password="only-for-this-test", role="sales_manager")
    made = [Account(name=f"Long {n}", type="customer", manager=actor, search_text="long") for n in range(count)]
    rows = Account.objects.bulk_create(made)
    action = bulk.action_of(ACCOUNTS, "type")
    assert action is not None
    jobs.begin(bulk_jobs.ask(ACCOUNTS, [row.uuid for row in rows], action, "dealer", actor=actor))


def stands() -> dict[str, Any]:
    """How far the job is, and how often its rows were saved."""
    job = Job.objects.get()
    versions = Account.objects.filter(name__startswith="Long").values_list("version", flat=True)
    dealers = Account.objects.filter(name__startswith="Long", type="dealer").count()
    return {"state": job.state, "done": job.done, "dealers": dealers, "most": max(versions)}

"""One measured piece of work in a process of its own: `python -m tests.bench.work NAME`; prints one JSON line."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from crm.models import Account, Contact, User
from crm.services import records
from integrations.models import Binding, IntegrationEvent
from integrations.odoo.mappers import BY_MODEL
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.pulling import pull
from integrations.odoo.pulling.references import refresh_all
from integrations.odoo.pushing.outgoing import batches, new_line, pad_new
from integrations.odoo.pushing.push import push_model
from integrations.odoo.setup import connect
from integrations.odoo.vanished import compare
from integrations.odoo.wire.session import Session, open_session
from leads.models import Lead

TABLES = (
    "crm_account crm_contact crm_tag leads_lead crm_opportunity integrations_binding integrations_pullcursor "
    "integrations_syncrun integrations_integrationevent integrations_pendinglink integrations_outboxmessage "
    "integrations_remotename integrations_conflict integrations_inboxmessage"
)
Figures = dict[str, Any]


@contextmanager
def measured(figures: Figures) -> Iterator[None]:
    """Wall seconds, CPU seconds of this process, and its peak memory in MiB."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    figures["wall"] = time.perf_counter() - wall
    figures["cpu"] = time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["peak_mib"] = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


@contextmanager
def session() -> Iterator[Session]:
    """A session on a connection whose database here is empty."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES.split())} CASCADE")
    target = connect.connect_from_settings()
    target.sync_per_minute = 100_000  # how fast we are is measured here, not how polite
    target.save(update_fields=["sync_per_minute"])
    with open_session(target) as found:
        yield found


def _before_partners(found: Session) -> None:
    refresh_all(found)
    for name in ("crm.tag", "res.partner.category"):
        pull.pull_model(found, BY_MODEL[name])
    found.fields(BY_MODEL["res.partner"])


def bare_fetch() -> Figures:
    """Fetch the raw pages of all partners, one after the other, and throw them away."""
    figures: Figures = {"rows": 0}
    with session() as found:
        _before_partners(found)
        partner, last_id = BY_MODEL["res.partner"], 0
        domain = pull.scope(found.connection, partner)
        with measured(figures):
            while rows := found.page(partner, [*domain, ["id", ">", last_id]], limit=settings.ODOO_PAGE_SIZE):
                last_id, figures["rows"] = rows[-1]["id"], figures["rows"] + len(rows)
                if len(rows) < settings.ODOO_PAGE_SIZE:
                    break
    return figures


def first_pull() -> Figures:
    """The first sync of all partners."""
    figures: Figures = {}
    with session() as found:
        _before_partners(found)
        with measured(figures):
            report = pull.pull_model(found, BY_MODEL["res.partner"])
        figures["rows"] = report.created
    return figures


def bare_insert() -> Figures:
    """A bare bulk_create of the rows and bindings that a first pull makes; making the objects is not counted."""
    first_pull()
    groups: list[tuple[Any, list[Any]]] = []
    for model in (Account, Contact, Binding):
        rows = list(model.objects.order_by("pk"))
        for row in rows:
            row.pk = None
        groups.append((model, rows))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE crm_account, crm_contact, integrations_binding CASCADE")
    # Rows that point to rows of this very set would need a second pass.
    for _model, rows in groups[:2]:
        for row in rows:
            for name in ("parent_id", "account_id", "reports_to_id"):
                if hasattr(row, name):
                    setattr(row, name, None)
    figures: Figures = {"rows": sum(len(rows) for _model, rows in groups[:2])}
    with measured(figures), transaction.atomic():
        for model, rows in groups:
            model._default_manager.bulk_create(rows, batch_size=1000)
    return figures


def _leads(count: int) -> list[Lead]:
    owner = User.objects.filter(is_active=True).first() or User.objects.create_superuser("bench@example.com", "x")
    leads = (
        Lead(
            name=f"Enquiry {number}",
            contact_name=f"Person {number}",
            company_name=f"Company {number}",
            email=f"person{number}@example.com",
            phone=f"+49 30 {number:07}",
            expected_revenue=1000 + number,
        )
        for number in range(count)
    )
    return records.insert_many(leads, actor=owner)


def push() -> Figures:
    """Send new leads."""
    figures: Figures = {}
    with session() as found:
        pull.pull_all(found)
        leads = _leads(int(os.environ["BENCH_LEADS"]))
        found.log.flush()
        before = IntegrationEvent.objects.count()
        with measured(figures):
            pushed = push_model(found, "crm.lead")
        found.log.flush()
        figures["rows"], figures["calls"] = pushed.sent, IntegrationEvent.objects.count() - before
        assert pushed.sent == len(leads), pushed.counts()
    return figures


def bare_loads() -> Figures:
    """Send the same rows by bare `load` calls, rendered before."""
    figures: Figures = {}
    with session() as found:
        pull.pull_all(found)
        leads = _leads(int(os.environ["BENCH_LEADS"]))
        noun, refs = BY_MODEL["crm.lead"].noun_for("leads.Lead"), RefIndex(found.connection)
        bindings = {one.object_uuid: one for one in Binding.objects.filter(remote_model="crm.lead", remote_id=None)}
        for lead in leads:
            lead.tag_ids = []  # type: ignore[attr-defined]
        lines = [new_line(found, None, bindings[lead.uuid], lead, noun, refs) for lead in leads]  # type: ignore[arg-type]
        pad_new(lines)
        prefix = f"bare_{time.time_ns()}"
        calls = [
            (["id", *columns], [[f"{prefix}.{line.obj.uuid}", *(line.cells[c] for c in columns)] for line in part])
            for columns, part in batches(lines, size=settings.ODOO_BATCH_SIZE)
        ]
        with measured(figures):
            for columns, rows in calls:
                assert found.load("crm.lead", columns, rows).ids is not None
        figures["rows"], figures["calls"] = len(lines), len(calls)
    return figures


def compare_ids() -> Figures:
    """Compare all ids of both sides, against searching for them and throwing them away; pairs in this one process."""
    partner, pairs = BY_MODEL["res.partner"], []
    with session() as found:
        pull.pull_all(found)
        domain = pull.scope(found.connection, partner)
        for _pair in range(int(os.environ["BENCH_PAIRS"])):
            bare: Figures = {}
            ours: Figures = {}
            with measured(bare):
                ids = found.client.search("res.partner", domain, order="id", context=found.read_context)
            with measured(ours):
                compared = compare.compare_ids(found, partner)
            assert compared == compare.Compared(), compared
            pairs.append((ours["wall"], bare["wall"]))
    return {
        "ids": len(ids),
        "wall": median(ours for ours, _bare in pairs),
        "bare": median(bare for _ours, bare in pairs),
        "ratio": median(ours / bare for ours, bare in pairs),
    }


def calls_by_model() -> Counter[str]:
    """All calls by Odoo model; idle polls have one row an hour that counts them."""
    counted = IntegrationEvent.objects.order_by().values_list("remote_model").annotate(Sum("count"))
    return Counter(dict(counted))


def idle_poll() -> Figures:
    """Polls when nothing changed: calls per model, and business or binding rows written."""
    figures: Figures = {}
    with session() as found:
        pull.pull_all(found)
        time.sleep(settings.ODOO_OVERLAP_SECONDS + 2)
        pull.pull_all(found)  # reads once more what is younger than the overlap
        found.log.flush()
        before = calls_by_model()
        with measured(figures), CaptureQueriesContext(connection) as queries:
            pull.pull_all(found)
        found.log.flush()
        calls = calls_by_model() - before
        figures["calls"], figures["models"], figures["most"] = calls.total(), len(calls), max(calls.values())
        writes = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE", "COPY"))]
        ours = ("crm_", "leads_", "integrations_binding")
        figures["rows_written"] = sum(any(f'"{name}' in sql for name in ours) for sql in writes)
    return figures


WORK: dict[str, Callable[[], Figures]] = {
    work.__name__: work for work in (bare_fetch, first_pull, bare_insert, push, bare_loads, compare_ids, idle_poll)
}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]]()))

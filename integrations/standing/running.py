"""Syncs under way, among the long work of whoever may open the sync's pages."""

from __future__ import annotations

from django.urls import reverse

from crm.models import User
from crm.selectors.jobs import Running, register_running
from integrations.models import PullCursor, SyncRun

KINDS = (SyncRun.Kind.FIRST, SyncRun.Kind.COMPARE, SyncRun.Kind.UNDO)
MOST = 10


def register() -> None:
    """Join the pages of long work; called once when the app is ready."""
    register_running(syncs)


def syncs(user: User) -> list[Running]:
    """First syncs, comparisons and undos that run; polls are over in a moment. Two queries."""
    if not user.has_perm("integrations.view_syncrun"):
        return []
    runs = list(SyncRun.objects.filter(finished_at=None, kind__in=KINDS).order_by("-id")[:MOST])
    cursors = {(one.connection_id, one.remote_model): one for one in PullCursor.objects.all()} if runs else {}
    return [Running(f"Odoo: {run}", _percent(run, cursors), reverse("sync:run", args=(run.pk,))) for run in runs]


def _percent(run: SyncRun, cursors: dict[tuple[int, str], PullCursor]) -> int | None:
    cursor = cursors.get((run.connection_id, run.remote_model))
    if run.kind == SyncRun.Kind.FIRST:
        return min(100, 100 * cursor.done // cursor.total) if cursor and cursor.total else None
    return 100 * (run.total - run.unknown) // run.total if run.total else None

"""manage.py odoo: connect, sync, status, doctor and drift."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from integrations import sync
from integrations.errors import IntegrationError
from integrations.models import Connection, OutboxMessage, PullCursor
from integrations.odoo.pulling import pull, rehearsal
from integrations.odoo.setup import check, connect, drift
from integrations.odoo.setup.doctor import Finding
from integrations.odoo.wire.session import Session, open_session

WIDTH = 28


class Command(BaseCommand):
    """Connects, syncs, rehearses and checks; every trouble is one sentence."""

    help = "Work with the Odoo connection: connect, sync (or rehearse it with --dry-run), status, doctor, drift."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the subcommands."""
        commands = parser.add_subparsers(dest="what", required=True)
        commands.add_parser("connect", help="check the ODOO_… settings and make them the live connection")
        sync = commands.add_parser("sync", help="pull what changed in Odoo, then send what waits here")
        sync.add_argument("--dry-run", action="store_true", help="say what a sync would do; write on neither side")
        commands.add_parser("status", help="say how far each model is, and what waits")
        commands.add_parser("doctor", help="check the connection line by line")
        drift = commands.add_parser("drift", help="say what an upgrade of Odoo changes for what is synced")
        drift.add_argument("--to", type=int, default=None, help="the series to upgrade to; the next one by default")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        """Run one subcommand."""
        try:
            getattr(self, f"_{what}")(**options)
        except IntegrationError as error:
            raise CommandError(error.message) from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None

    def _connect(self, **options: Any) -> None:
        connection = connect.connect_from_settings()
        self.stdout.write(
            f"Connected to Odoo {connection.series} at {connection.url}, database {connection.database}, "
            f"as {connection.username}."
        )

    def _sync(self, *, dry_run: bool = False, **options: Any) -> None:
        with open_session(self._live()) as session:
            if dry_run:
                rehearsal.rehearse(session).tell(self.stdout.write)
                return
            bar = _Bar(self.stdout)
            report = pull.pull_all(session, progress=bar.show)
            bar.end()
            counts = report.counts()
            self.stdout.write(
                "From Odoo: {created} new, {updated} changed, {unchanged} unchanged, {conflicts} conflicts, "
                "{held} to confirm, {refused} refused.".format(**counts)
            )
            self._send(session)

    def _send(self, session: Session) -> None:
        pushed = sync.push_all(session)
        waiting = OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING).count()
        self.stdout.write(f"To Odoo: {pushed.sent} sent, {pushed.failed} parked, {waiting} waiting.")

    def _status(self, **options: Any) -> None:
        connection = self._live()
        self.stdout.write(f"{connection.url} ({connection.database}): {connection.get_state_display()}")
        if connection.state_reason:
            self.stdout.write(f"  {connection.state_reason}")
        for cursor in PullCursor.objects.filter(connection=connection).order_by("remote_model"):
            self.stdout.write(
                f"  {cursor.remote_model}: {cursor.get_phase_display()}, {cursor.done} of {cursor.total} in the "
                f"first sync, last poll {cursor.polled_at or 'never'}"
            )
        for status in (OutboxMessage.Status.WAITING, OutboxMessage.Status.PARKED):
            count = OutboxMessage.objects.filter(connection=connection, status=status).count()
            self.stdout.write(f"  outgoing, {status.label.lower()}: {count}")

    def _doctor(self, **options: Any) -> None:
        findings = check.check_live(Connection.live(secret=True))
        self._tell(findings)
        if any(finding.level == "fail" for finding in findings):
            raise CommandError("The connection needs attention, see above.")

    def _drift(self, *, to: int | None = None, **options: Any) -> None:
        found = drift.report(self._live(), to)
        self.stdout.write(f"From Odoo {found.series} to {found.target}")
        self._tell(found.findings)

    def _tell(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.stdout.write(f"[{finding.level:>4}] {finding.title}: {finding.sentence}")
            if finding.remedy:
                self.stdout.write(f"       {finding.remedy}")

    def _live(self) -> Connection:
        connection = Connection.live(secret=True)
        if connection is None:
            raise CommandError(
                "No Odoo is connected. Set ODOO_URL, ODOO_DB, ODOO_USERNAME and ODOO_API_KEY, then run "
                "“manage.py odoo connect”."
            )
        return connection


class _Bar:
    """A progress bar on a terminal, a line per model elsewhere."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._live = sys.stdout.isatty()
        self._model = ""
        self._drawn = 0.0

    def show(self, model: str, done: int, total: int) -> None:
        """Draw, ten times a second at most."""
        if model != self._model:
            self.end()
            self._model = model
        finished = done >= total
        if not self._live:
            if finished:
                self._out.write(f"{model}: {done} of {total}")
            return
        now = time.monotonic()
        if not finished and now - self._drawn < 0.1:
            return
        self._drawn = now
        filled = WIDTH * done // max(total, 1)
        bar = "█" * filled + "░" * (WIDTH - filled)
        self._out.write(f"\r  {model:<22} {bar} {done:,} of {total:,}", ending="")

    def end(self) -> None:
        """Leave the line of the model that is done."""
        if self._live and self._model:
            self._out.write("")
        self._model = ""

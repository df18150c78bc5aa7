"""A Tandem made of separate processes, so that each can be killed: web, workers, and its own database and broker.

``with running_tandem(odoo, "sqlite", folder) as tandem:`` yields one that is migrated, connected and answers; on
"postgres and redis" it has throw-away servers of its own. `start_worker` starts as many workers as are wanted.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.support import migrated, servers
from tests.support.sandbox import RunningSandbox

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("sqlite", "postgres and redis")
QUEUES = "push,pull,hooks,mail,default"
WEBHOOK_KEY = "only-for-this-test-webhook-key"
# Seconds. How long a test waits for what must come in the end: a busy machine is no defect, only a hang is one.
PATIENCE = 600.0

# The tests are in a hurry: the budget of calls is lifted.
CONNECT = """
from django.core.management import call_command
from integrations.models import Connection
call_command("odoo", "connect")
Connection.objects.update(sync_per_minute=100_000)
"""


def until(done: Callable[[], object], seconds: float, what: str | Callable[[], str]) -> float:
    """Wait until something holds; returns the seconds it took, fails after `seconds` saying `what` did not happen."""
    started = time.monotonic()
    while not done():
        if time.monotonic() - started > seconds:
            pytest.fail(f"not within {seconds:.0f} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.05)
    return time.monotonic() - started


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the whole group, as a power cut would; one that is dead already is left alone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class Tandem:
    """One house. `env` is what all its processes get."""

    env: dict[str, str]
    port: int = field(default_factory=servers.free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _answering: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hook(self) -> str:
        """Where Odoo's webhooks go, with the key in the query, as Odoo sends them."""
        return f"{self.address}/api/v1/integrations/odoo?key={WEBHOOK_KEY}"

    def manage(self, *arguments: str) -> str:
        """Run one command to its end; returns its output."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, module: str, function: str, *arguments: Any) -> Any:
        """Call a function of the tests in this house's environment; returns what it returns, by way of JSON."""
        if self._answering is None:
            with self.complaints.open("ab") as log:
                self._answering = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.answering"],
                    cwd=ROOT,
                    env=self.env,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
        questions, answers = self._answering.stdin, self._answering.stdout
        assert questions is not None
        assert answers is not None
        questions.write(json.dumps([module, function, *arguments]) + "\n")
        questions.flush()
        answer = answers.readline()
        assert answer, self.complaints.read_text()[-4000:]
        return json.loads(answer)

    def compare(self, odoo: RunningSandbox) -> dict[str, Any]:
        """How this house and its Odoo stand to each other; see tests/support/inspecting.py."""
        found: dict[str, Any] = self.ask("tests.support.inspecting", "compare", odoo.series, odoo.port)
        return found

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a process group of its own; what it complains of stands in `complaints`."""
        with self.complaints.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**self.env, **env},
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.processes.append(process)
        return process

    @property
    def complaints(self) -> Path:
        return Path(self.env["TANDEM_DATA_DIR"]) / "complaints.log"

    def start_worker(self, *, beat: bool = True, queues: str = QUEUES, **env: str) -> subprocess.Popen[bytes]:
        """Start a Celery worker, with the schedule in it unless another has it."""
        arguments = ["-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "4", "-l", "ERROR"]
        arguments += ["-Q", queues, "-n", f"worker-{len(self.processes)}@%h", *(["-B"] if beat else [])]
        return self.start(*arguments, **env)

    def start_web(self, *, workers: int = 1, **env: str) -> subprocess.Popen[bytes]:
        """Start gunicorn and wait until it answers."""
        web = self.start(
            *("-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "-w", str(workers)),
            *("-k", "gthread", "--threads", "8", "--no-control-socket"),
            **env,
        )
        until(self.answers, PATIENCE, "the web process answers")
        return web

    def answers(self) -> bool:
        """Whether the web process answers."""
        try:
            return httpx2.get(f"{self.address}/admin/login/", timeout=30).status_code == 200
        except httpx2.TransportError:
            return False

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database beside Django, so that it costs nothing."""
        if url := self.env["DATABASE_URL"]:
            with psycopg.connect(url) as database:
                return database.execute(sql).fetchall()
        with closing(sqlite3.connect(Path(self.env["TANDEM_DATA_DIR"]) / "tandem.sqlite3", timeout=20)) as lite:
            return lite.execute(sql).fetchall()

    def queued(self) -> int:
        """How many messages are still to be sent or read."""
        sql = "SELECT count(*) FROM integrations_{} WHERE status IN ('waiting', 'claimed')"
        return sum(int(self.query(sql.format(name))[0][0]) for name in ("outboxmessage", "inboxmessage"))

    def waiting(self) -> int:
        """How many messages are still to be sent or read, and records to be read once more after the overlap."""
        unsure = "SELECT count(*) FROM integrations_binding WHERE remote_model IN ('res.partner', 'crm.lead') "
        unsure += "AND remote_id IS NOT NULL AND NOT confirmed"
        return self.queued() + int(self.query(unsure)[0][0])

    def still_waiting(self) -> str:
        """What `waiting` counts, and what the processes complained of last, in words."""
        rows = self.query(
            "SELECT remote_model, status, attempts, due_at, waits_for, explanation FROM integrations_outboxmessage "
            "WHERE status IN ('waiting', 'claimed') ORDER BY id"
        )
        complaints = self.complaints.read_text()[-2000:]
        return f"{self.waiting()} things to do, {len(rows)} of them to be sent: {rows[:5]}\n{complaints}"

    def close(self) -> None:
        """End all that was started."""
        if self._answering is not None:
            self._answering.communicate()  # nobody asks any more
        for process in self.processes:
            kill(process)


@contextmanager
def running_tandem(
    odoo: RunningSandbox, kind: str, folder: Path, *, url: str = "", settings: str = "config.settings", **env: str
) -> Iterator[Tandem]:
    """A migrated, connected Tandem of one of `KINDS`, without processes yet; `url` leads to Odoo by another way."""
    with ExitStack() as stack:
        addresses = {"DATABASE_URL": "", "REDIS_URL": ""}
        if kind == "sqlite":
            migrated.lite(folder)
        else:
            try:
                addresses = {
                    "DATABASE_URL": stack.enter_context(migrated.postgres()),
                    "REDIS_URL": stack.enter_context(servers.redis()),
                }
            except servers.Missing as missing:
                pytest.skip(str(missing))
        tandem = Tandem(
            {
                **migrated.base_env(),
                "DJANGO_SETTINGS_MODULE": settings,
                "TANDEM_DATA_DIR": str(folder),
                "ODOO_URL": url or odoo.url,
                "ODOO_DB": odoo.database,
                "ODOO_USERNAME": odoo.username,
                "ODOO_API_KEY": odoo.api_key,
                "ODOO_WEBHOOK_KEYS": WEBHOOK_KEY,
                "LOG_LEVEL": "WARNING",
                **addresses,
                **env,
            }
        )
        tandem.manage("shell", "-v0", "-c", CONNECT)
        try:
            yield tandem
        finally:
            tandem.close()

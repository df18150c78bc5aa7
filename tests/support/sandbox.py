"""Start a real sandbox process for a test, and talk to its control API.

``with running_sandbox(series=18) as odoo:`` yields an object with ``url``, ``database``, ``username``,
``password``, ``api_key`` and ``control``; ``kill()`` is a power cut, ``restart()`` comes back with the same data
on the same port.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600.0  # a busy machine is no defect


def free_port() -> int:
    """Return a port on this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ControlError(AssertionError):
    """The control API refused; the message is its answer."""


@dataclass
class Control:
    """Client of ``/_sandbox/…``; every method is one request."""

    port: int

    def request(self, method: str, name: str, values: dict[str, Any] | None = None) -> Any:
        """Send one control request; raises ``ControlError`` with what was said against it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=150)
        try:
            query = f"?{urlencode(values)}" if method == "GET" and values else ""
            body = orjson.dumps(values or {}) if method == "POST" else None
            connection.request(method, f"/_sandbox/{name}{query}", body)
            answer = connection.getresponse()
            data = orjson.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ControlError(f"{name}: {data.get('error')}")
        return data

    def health(self) -> dict[str, Any]:
        return self.request("GET", "health")

    def counters(self) -> dict[str, Any]:
        """calls, mails, webhooks, records, twins."""
        return self.request("GET", "counters")

    def diary(self) -> list[dict[str, Any]]:
        """The last calls since the counters were reset: at (seconds), uid, call ("crm.lead.load"), context."""
        return self.request("GET", "diary")

    def reset_counters(self) -> None:
        self.request("POST", "counters/reset")

    def dump(self, model: str, *fields: str) -> list[dict[str, Any]]:
        """All records of a model with raw ids, archived too, and ``xmlids``."""
        return self.request("GET", "dump", {"model": model, "fields": ",".join(fields)})

    def reset(self, *, partners: int = 0, leads: int = 0, seed: int = 1, same_write_date: bool = False) -> None:
        self.request(
            "POST",
            "reset",
            {"partners": partners, "leads": leads, "seed": seed, "same_write_date": same_write_date},
        )

    def seed(
        self, *, partners: int = 0, leads: int = 0, seed: int = 1, same_write_date: bool = False
    ) -> dict[str, int]:
        return self.request(
            "POST",
            "seed",
            {"partners": partners, "leads": leads, "seed": seed, "same_write_date": same_write_date},
        )

    def call(self, model: str, method: str, *args: Any, user: str = "admin", **kwargs: Any) -> Any:
        """Do what a person does in Odoo, by default the administrator."""
        values = {"model": model, "method": method, "args": args, "kwargs": kwargs, "user": user}
        return self.request("POST", "call", values)["result"]

    def create(self, model: str, user: str = "admin", **values: Any) -> int:
        """Make one record as a person would."""
        return int(self.call(model, "create", values, user=user))

    def write(self, model: str, ids: list[int], user: str = "admin", **values: Any) -> None:
        self.call(model, "write", ids, values, user=user)

    def archive(self, model: str, *ids: int) -> None:
        self.call(model, "action_archive", list(ids))

    def delete(self, model: str, *ids: int) -> None:
        self.call(model, "unlink", list(ids))

    def merge_partners(self, into: int, *losers: int) -> None:
        wizard = self.create(
            "base.partner.merge.automatic.wizard",
            partner_ids=[[6, 0, [into, *losers]]],
            dst_partner_id=into,
            state="selection",
        )
        self.call("base.partner.merge.automatic.wizard", "action_merge", [wizard])

    def merge_leads(self, *ids: int) -> int:
        """Merge leads; returns the survivor that Odoo picked."""
        return int(self.call("crm.lead", "merge_opportunity", list(ids))[0])

    def begin(self, model: str, method: str, *args: Any, user: str = "admin", **kwargs: Any) -> int:
        """Make a call in a transaction that stays open, rows locked; returns its number."""
        values = {"model": model, "method": method, "args": args, "kwargs": kwargs, "user": user}
        return int(self.request("POST", "begin", values)["tx"])

    def commit(self, tx: int) -> None:
        self.request("POST", "commit", {"tx": tx})

    def rollback(self, tx: int) -> None:
        self.request("POST", "rollback", {"tx": tx})

    def fault(self, kind: str, **values: Any) -> None:
        """Order conflict, exhausted, bad_row, late_commit, rollback or error for the next calls."""
        self.request("POST", "fault", {"kind": kind, **values})

    def clear_faults(self) -> None:
        self.request("POST", "faults/clear")

    def settings(self, **values: Any) -> dict[str, Any]:
        """Set switches (none: only read them)."""
        return self.request("POST", "settings", values)

    def expire_key(self, user: str, *, renew: bool = False) -> None:
        self.request("POST", "expire_key", {"user": user, "renew": renew})

    def patch(self, model: str, ids: list[int], **values: Any) -> None:
        """Store values without rules, events or a new write_date."""
        self.request("POST", "patch", {"model": model, "ids": ids, "values": values})


@dataclass
class RunningSandbox:
    """One sandbox process and how to reach it."""

    series: int
    port: int
    data: Path
    options: tuple[str, ...]
    database: str = "sandbox"
    username: str = "integration@example.com"
    password: str = "integration"
    api_key: str = "sandbox-integration-key"
    admin_key: str = "sandbox-admin-key"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def uid(self) -> int:
        """The integration user."""
        return 5 if self.series >= 19 else 6

    @property
    def control(self) -> Control:
        return Control(self.port)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        command = [sys.executable, "-m", "integrations.odoo.sandbox", "--port", str(self.port)]
        command += ["--series", str(self.series), "--data", str(self.data), "--database", self.database]
        self.process = subprocess.Popen([*command, *self.options], cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.control.health()
                return
            except (OSError, HTTPException):
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("The sandbox did not start") from None
                time.sleep(0.03)

    def stop(self) -> int:
        """Ask it to stop; returns the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=15)

    def kill(self) -> None:
        """Cut the power."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=15)

    def restart(self) -> None:
        """Stop if it still runs, and start with the same data on the same port."""
        assert self.process is not None
        if self.process.poll() is None:
            self.stop()
        self.start()


@contextmanager
def running_sandbox(
    *,
    series: int = 18,
    partners: int = 0,
    leads: int = 0,
    seed: int = 1,
    pace: bool = False,
    keep_alive: bool = False,
    webhook: str = "",
    data: Path | None = None,
    database: str = "sandbox",
) -> Iterator[RunningSandbox]:
    """Yield a sandbox in its own process, with its own storage; it ends with the block."""
    options = ["--partners", str(partners), "--leads", str(leads), "--seed", str(seed)]
    options += ["--pace"] if pace else []
    options += ["--keep-alive"] if keep_alive else []
    options += ["--webhook", webhook] if webhook else []
    with tempfile.TemporaryDirectory(prefix="sandbox") as folder:
        running = RunningSandbox(
            series=series,
            port=free_port(),
            data=data or Path(folder),
            options=tuple(options),
            database=database,
        )
        running.start()
        try:
            yield running
        finally:
            assert running.process is not None
            running.process.kill()
            running.process.wait(timeout=15)

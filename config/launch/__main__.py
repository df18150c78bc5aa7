"""`python -m config.launch`: the story of a run, from the lock to Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.celery import READY_FILE
from config.env import DATA_DIR, SECRETS_FILE
from config.launch import keys
from config.launch.children import Child, Family, end, spawn
from config.launch.guards import Lock, Refusal, require_free
from config.launch.plan import Plan, read_plan
from config.launch.prepare import ADMIN_EMAIL
from config.launch.terminal import paint, refuse, say, step, warn

READY_SECONDS = 60
TICK_SECONDS = 0.2


class Interrupted(Exception):
    """Somebody pressed Ctrl-C, closed the terminal, or asked us to end."""


class Run:
    """One run of the whole house."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.env = plan.environment()
        self.family = Family(warn)
        self._over = threading.Event()

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """The signal handler: the first signal ends the run in order, the second at once."""
        if self._over.is_set():
            self.family.kill()
        self._over.set()

    def go(self) -> None:
        """Start everything, then look after it. Raises Interrupted at the end, Refusal when it cannot go on."""
        plan = self.plan
        require_free(plan.host, plan.port, what="Tandem", setting="TANDEM_PORT")
        sandbox = None
        if plan.sandbox_port is not None:
            require_free("127.0.0.1", plan.sandbox_port, what="the Odoo sandbox", setting="SANDBOX_PORT")
            sandbox = self._child("sandbox", "the Odoo sandbox", plan.sandbox())
        self._prepare(demo=sandbox is not None)
        with step("Starting"):
            web = self._child("web", "the web server", plan.web())
            if sandbox is not None:
                self._wait_for(sandbox, plan.odoo_address)
            self._wait_for(web, f"{plan.address}health/live")
        self._first_sync()
        self._start_worker()
        self._greet()
        while True:
            self._tick()

    def _child(self, key: str, name: str, command: list[str]) -> Child:
        return self.family.start(Child(name, command, self.env, self.plan.data / "log" / f"{key}.log"))

    def _tick(self) -> None:
        if self._over.wait(TICK_SECONDS):
            raise Interrupted
        self.family.tend()

    def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._tick()

    def _prepare(self, *, demo: bool) -> None:
        command = [sys.executable, "-m", "config.launch.prepare", *(["--demo"] if demo else [])]
        with tempfile.TemporaryFile() as output:
            with step("Preparing the database"):
                code = self._finish(spawn(command, env=self.env, output=output.fileno()))
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()
        made: dict[str, Any] = {}
        for line in lines:
            if line.startswith("{"):
                made |= json.loads(line)
        if made.get("password"):
            say(f"\n  Your account:  {paint(ADMIN_EMAIL, 'bold')}   password: {paint(made['password'], 'bold')}")
            say(paint("  The password is shown this once only.\n", "dim"))
        if code:
            log = self.plan.data / "log" / "prepare.log"
            log.write_text("\n".join(line for line in lines if not line.startswith("{")) + "\n")
            raise Refusal(
                f"The database could not be prepared: {lines[-1] if lines else 'no reason given'}\nMore: {log}"
            )
        if made.get("demo"):
            say("Demo data is in place.")

    def _finish(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a short-lived command, tending the children meanwhile; returns its exit code."""
        try:
            self._until(lambda: process.poll() is not None)
        finally:
            end(process)
            process.wait()
        return process.returncode

    def _wait_for(self, child: Child, url: str) -> None:
        """Until the child answers at `url`. Raises Refusal when it does not in a minute."""
        deadline = time.monotonic() + READY_SECONDS

        def answered() -> bool:
            if time.monotonic() > deadline:
                raise Refusal(f"{child.name.capitalize()} did not answer within {READY_SECONDS} s; see {child.log}.")
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                    return True
            except urllib.error.HTTPError:
                return True
            except OSError:
                return False

        self._until(answered)

    def _first_sync(self) -> None:
        """Tell Tandem which Odoo to work with and bring both in step; the commands speak for themselves."""
        for arguments in (("odoo", "connect"), ("odoo", "sync")):
            code = self._finish(spawn(self.plan.manage(*arguments), env=self.env))
            if code:
                warn(
                    f"`manage.py {' '.join(arguments)}` did not finish (code {code}). "
                    "Tandem goes on; `manage.py odoo doctor` says what is wrong, and the worker tries again by itself."
                )
                return

    def _start_worker(self) -> None:
        """Start the worker and wait until it listens, so that the first edit already travels at once."""
        READY_FILE.unlink(missing_ok=True)
        deadline = time.monotonic() + READY_SECONDS
        with step("Starting the worker"):
            self._child("worker", "the worker", self.plan.worker())
            self._until(lambda: READY_FILE.exists() or time.monotonic() > deadline)

    def _greet(self) -> None:
        odoo = "The Odoo sandbox" if self.plan.sandbox_port is not None else "Your Odoo"
        say(f"\n{paint('Tandem is ready.', 'green')}")
        say(f"  Tandem             {paint(self.plan.address, 'cyan')}   (sign in as {ADMIN_EMAIL})")
        say(f"  {odoo:<18} {paint(self.plan.odoo_address, 'cyan')}")
        say(
            "  To try             change a phone number in one of them and look at the other: seconds later it is there"
        )
        say(f"  Logs               {self.plan.data / 'log'}")
        say(f"  Password lost?     {sys.executable} manage.py changepassword {ADMIN_EMAIL}")
        say("  To end             Ctrl-C; the data stays, `make run` goes on with it\n")


def main() -> int:
    """Run until somebody ends it; 0 then, 1 after a sentence when it could not run."""
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    (DATA_DIR / "log").mkdir(exist_ok=True)
    try:
        lock = Lock(DATA_DIR / "run.lock")
        keys.complete(SECRETS_FILE)
        run = Run(read_plan())
    except (Refusal, ImproperlyConfigured) as error:
        refuse(error)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, run.interrupt)
    code = 1
    try:
        run.go()
    except Interrupted:
        code = 0
        say("\nEnding …")
    except (Refusal, ImproperlyConfigured) as error:
        refuse(error)
    finally:
        run.family.stop()
        lock.release()
    if code == 0:
        say("Ended; nothing is left running.")
    return code


if __name__ == "__main__":
    sys.exit(main())

"""The children of a run: started behind the shim, watched, started again when they fall, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.launch.guards import Refusal

SHIM = Path(__file__).with_name("shim.py")
GRACE_SECONDS = 6.0
MAX_FALLS = 5
STEADY_SECONDS = 60.0
MAX_LOG_BYTES = 10_000_000


def spawn(
    command: list[str], *, env: Mapping[str, str], output: int | None = None, grace: float = GRACE_SECONDS
) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own that ends when this process does.

    `output`: a file descriptor for both its outputs; None leaves them on our terminal.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(SHIM), str(grace), *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env),
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], *, at_once: bool = False) -> None:
    """Ask a spawned process to end; `at_once` kills it and all it started."""
    if process.stdin and not process.stdin.closed:
        with suppress(OSError):
            process.stdin.close()
    if at_once:
        _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


@dataclass
class Child:
    """One long-running program. `name` is what people read: "web", "worker", "the sandbox"."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    due: float = field(default=0.0)

    def start(self) -> None:
        """Start it, with its output appended to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        trim(self.log)
        output = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self.process = spawn(self.command, env=self.env, output=output)
        finally:
            os.close(output)
        self.started = time.monotonic()

    def last_words(self) -> str:
        """The last line of its log that is not empty."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "")


def trim(log: Path) -> None:
    """Keep a log from growing without end: beyond 10 MB it is copied aside and emptied in place."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)


class Family:
    """All children of this run. `say` gets a sentence whenever one falls and is started again."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.children: list[Child] = []

    def start(self, child: Child) -> Child:
        """Start a child and look after it from now on."""
        child.start()
        self.children.append(child)
        return child

    def tend(self) -> None:
        """Start fallen children again, later each time. Raises Refusal when one falls again and again."""
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.due:
                    child.start()
                continue
            code = child.process.poll()
            if code is None:
                trim(child.log)
                continue
            end(child.process, at_once=True)
            child.process = None
            child.falls = 1 if now - child.started > STEADY_SECONDS else child.falls + 1
            words = child.last_words()
            if child.falls >= MAX_FALLS:
                raise Refusal(
                    f"{child.name.capitalize()} ended {child.falls} times in a row; Tandem stops.\n"
                    f"Its last words: {words}\nAll of them: {child.log}"
                )
            pause = 2.0 ** (child.falls - 1)
            child.due = now + pause
            self._say(
                f"{child.name.capitalize()} ended unexpectedly (code {code}: {words}). "
                f"Starting it again in {pause:.0f} s; its log is {child.log}."
            )

    def kill(self) -> None:
        """Kill all at once, for a person who will not wait."""
        for child in self.children:
            if child.process is not None:
                _kill_group(child.process)

    def stop(self) -> None:
        """Ask all to end together; what has not gone after the grace is killed, and all that it started."""
        alive = [child.process for child in self.children if child.process is not None]
        for process in alive:
            end(process)
        deadline = time.monotonic() + GRACE_SECONDS + 2
        for process in alive:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _kill_group(process)
            process.wait()
        self.children.clear()

"""Children end with us however we end, and are started again when they fall."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.launch import children
from config.launch.children import Child, Family
from config.launch.guards import Refusal

# A program with a child of its own; both tell their ids and stay.
PAIR = """
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {inner.pid}")
time.sleep(600)
"""
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(600)
"""


def until(done: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def ids(path: Path) -> list[int]:
    """The process ids that a program wrote down."""
    until(lambda: path.exists() and path.read_text() != "")
    return [int(word) for word in path.read_text().split()]


def gone(pid: int) -> bool:
    """Whether a process runs no more; one that nobody has buried yet does not run."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def family(said: list[str]) -> Iterator[Family]:
    made = Family(said.append)
    yield made
    made.stop()


def child(folder: Path, source: str, *arguments: str) -> Child:
    return Child("the helper", [sys.executable, "-c", source, *arguments], os.environ, folder / "log" / "helper.log")


def test_stop_ends_a_child_and_what_it_started(tmp_path: Path, family: Family) -> None:
    family.start(child(tmp_path, PAIR, str(tmp_path / "ids")))
    running = ids(tmp_path / "ids")
    family.stop()
    until(lambda: all(map(gone, running)), 3)


def test_a_child_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: Family) -> None:
    monkeypatch.setattr(children, "GRACE_SECONDS", 0.5)
    process = children.spawn([sys.executable, "-c", STUBBORN, str(tmp_path / "ids")], env=os.environ, grace=0.5)
    (pid,) = ids(tmp_path / "ids")
    children.end(process)
    process.wait(5)
    until(lambda: gone(pid), 2)


def test_kill_9_of_the_parent_leaves_no_child(tmp_path: Path) -> None:
    parent_source = (
        "import os, sys, time; from config.launch.children import spawn\n"
        f"spawn([sys.executable, '-c', {PAIR!r}, sys.argv[1]], env=os.environ)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_source, str(tmp_path / "ids")])
    running = ids(tmp_path / "ids")
    parent.kill()
    parent.wait()
    until(lambda: all(map(gone, running)), 10)


def test_a_fallen_child_is_told_and_started_again(tmp_path: Path, family: Family, said: list[str]) -> None:
    helper = family.start(child(tmp_path, PAIR, str(tmp_path / "ids")))
    outer, inner = ids(tmp_path / "ids")
    (tmp_path / "ids").unlink()
    os.kill(outer, signal.SIGKILL)

    def tended() -> bool:
        family.tend()
        return (tmp_path / "ids").exists()

    until(tended)
    assert said == [f"The helper ended unexpectedly (code 137: ). Starting it again in 1 s; its log is {helper.log}."]
    until(lambda: gone(inner), 2)


def test_a_shim_that_is_killed_takes_its_child_along(tmp_path: Path, family: Family) -> None:
    helper = family.start(child(tmp_path, PAIR, str(tmp_path / "ids")))
    running = ids(tmp_path / "ids")
    assert helper.process is not None
    helper.process.kill()
    helper.process.wait()
    family.tend()
    until(lambda: all(map(gone, running)), 3)


def test_a_child_that_falls_again_and_again_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: Family, said: list[str]
) -> None:
    family.start(child(tmp_path, "raise SystemExit('the port is gone')"))
    pauses = []

    def tended() -> bool:
        family.tend()
        pauses.extend(round(one.due - time.monotonic()) for one in family.children if one.process is None)
        for one in family.children:
            one.due = 0.0
        return False

    with pytest.raises(Refusal) as raised:
        until(tended, 30)
    assert str(raised.value).startswith(
        "The helper ended 5 times in a row; Tandem stops.\nIts last words: the port is gone\n"
    )
    assert pauses == [1, 2, 4, 8]
    assert len(said) == 4


def test_a_log_that_has_grown_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "MAX_LOG_BYTES", 10)
    log = tmp_path / "web.log"
    log.write_text("more than ten bytes")
    children.trim(log)
    assert (log.read_text(), (tmp_path / "web.log.1").read_text()) == ("", "more than ten bytes")


def test_the_log_of_a_child_is_for_its_owner(tmp_path: Path, family: Family) -> None:
    helper = family.start(child(tmp_path, "print('hello', flush=True); import time; time.sleep(600)"))
    until(lambda: helper.last_words() == "hello")
    assert helper.log.stat().st_mode & 0o077 == 0

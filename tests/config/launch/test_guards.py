"""Nothing starts twice, nothing starts on a taken port, and the reason is a sentence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.launch.guards import Lock, Refusal, require_free
from tests.support.servers import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_second_run_is_told_who_runs(tmp_path: Path) -> None:
    first = Lock(tmp_path / "run.lock")
    with pytest.raises(Refusal, match=rf"running already from this data folder \(process {os.getpid()}\)"):
        Lock(tmp_path / "run.lock")
    first.release()
    Lock(tmp_path / "run.lock").release()


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from config.launch.guards import Lock\n"
    hold += "lock = Lock(Path(sys.argv[1])); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "run.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Refusal, match=f"process {holder.pid}"):
        Lock(tmp_path / "run.lock")
    holder.kill()
    holder.communicate()
    Lock(tmp_path / "run.lock").release()


def test_a_free_port_passes() -> None:
    require_free("127.0.0.1", free_port(), what="Tandem", setting="TANDEM_PORT")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_named_with_another_that_is_free(taken: int, host: str) -> None:
    with pytest.raises(Refusal) as raised:
        require_free(host, taken, what="the Odoo sandbox", setting="SANDBOX_PORT")
    words = str(raised.value)
    assert words.startswith(f"Port {taken} for the Odoo sandbox is taken by another program. Choose another")
    other = int(words.split("SANDBOX_PORT=")[1].split()[0])
    require_free(host, other, what="the Odoo sandbox", setting="SANDBOX_PORT")


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(Refusal, match=r"192\.0\.2\.1:\d+ cannot be opened for Tandem"):
        require_free("192.0.2.1", free_port(), what="Tandem", setting="TANDEM_PORT")

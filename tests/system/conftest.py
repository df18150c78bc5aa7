"""A whole house as a newcomer starts it: `make run` in a clean copy of the project, on ports of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.support.servers import free_port
from tests.support.tandem import until

ROOT = Path(__file__).resolve().parents[2]
READY = "Tandem is ready."


@dataclass
class House:
    """One run of `make run`; `output` is what stands on its terminal."""

    folder: Path
    data: Path
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_address(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def output(self) -> str:
        return self._terminal.read_text()

    @property
    def password(self) -> str:
        """The password of the first account, from the run that made it."""
        found = re.search(r"Your account:\s+admin@example\.com\s+password: (\S+)", self.output)
        assert found, self.output
        return found[1]

    @property
    def _terminal(self) -> Path:
        return self.data.with_suffix(".terminal")

    def start(self) -> House:
        """Begin; does not wait."""
        inherited = {
            name: os.environ[name] for name in os.environ if not name.startswith(("ODOO_", "DJANGO_", "TEST_"))
        }
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS"):
            inherited.pop(name, None)
        ours = {"TANDEM_DATA_DIR": str(self.data), "TANDEM_ENV_FILE": ""}
        ours |= {"TANDEM_PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port), "PYTHON": sys.executable}
        with self._terminal.open("wb") as terminal:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder,
                env={**inherited, **ours, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_ready(self, seconds: float) -> float:
        """Until it says that it is ready; returns the seconds that took."""
        return until(lambda: READY in self.output or self.ended(), seconds, lambda: self.output)

    def ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def ctrl_c(self) -> int:
        """What the terminal does on Ctrl-C: SIGINT to its foreground group. Returns make's exit code."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(20)

    def supervisor(self) -> psutil.Process:
        return psutil.Process(int((self.data / "run.lock").read_text()))

    def processes(self) -> list[psutil.Process]:
        """All processes that still run for this house: they carry its data folder in their environment."""
        mine = []
        for process in psutil.process_iter():
            try:
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and process.environ().get("TANDEM_DATA_DIR") == str(self.data):
                    mine.append(process)
            except psutil.Error:
                continue
        return mine

    def close(self) -> None:
        """End it, however."""
        if self.process is not None and not self.ended():
            self.ctrl_c()
        for process in self.processes():
            process.kill()


@pytest.fixture(scope="session")
def clean_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files as a clone would hold them, without what this machine made beside them."""
    folder = tmp_path_factory.mktemp("clone") / "tandem"
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


@pytest.fixture(scope="session")
def house(clean_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that runs; its environment was made from nothing, as on a fresh machine."""
    made = House(clean_copy, tmp_path_factory.mktemp("house") / "data", {"TANDEM_VENV": ""}).start()
    try:
        made.wait_ready(400)
        assert not made.ended(), made.output
        yield made
    finally:
        made.close()


@pytest.fixture
def another(clean_copy: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes further houses beside it, with the environment of the tests; all are ended."""
    made: list[House] = []

    def make(**env: str) -> House:
        made.append(House(clean_copy, tmp_path / f"data-{len(made)}", {"TANDEM_VENV": sys.prefix, **env}))
        return made[-1]

    yield make
    for one in made:
        one.close()

"""Make .venv and install what a requirement file pins; mend it when an earlier attempt was interrupted.

Runs under the system's Python with the standard library alone: `python -I venv.py runtime|dev`.
A stamp inside .venv holds the hash of what was installed, so that a second run costs nothing. A marker stands there
while pip works: where it is found, the last attempt was interrupted and .venv is made anew.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MARKER = "tandem-installing"
FILES = {"runtime": ("runtime.txt",), "dev": ("runtime.txt", "dev.txt")}


def main(wanted: str) -> int:
    """Make the environment hold `wanted`; 0, or 1 after a sentence on standard error."""
    ready_made = os.environ.get("TANDEM_VENV")
    if ready_made:
        if (Path(ready_made) / "bin" / "python").exists():
            return 0
        return _say_no(f"TANDEM_VENV={ready_made} holds no bin/python. Unset it, and `make run` makes .venv by itself.")
    folder = ROOT / ".venv"
    stamp = folder / f"tandem-{wanted}.stamp"
    digest = _digest(wanted)
    if _works(folder) and stamp.is_file() and stamp.read_text() == digest:
        return 0
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return _say_no(
            f"This Python ({sys.executable}) cannot make virtual environments: its venv module is missing.\n"
            f"Debian and Ubuntu keep it in a package of its own: sudo apt install python3-venv "
            f"(or python{version}-venv)"
        )
    if folder.exists() and not _works(folder):
        print("The virtual environment in .venv is half made or broken; making it anew.", flush=True)
        shutil.rmtree(folder)
    started = time.monotonic()
    folder.mkdir(exist_ok=True)
    (folder / MARKER).touch()
    if not (folder / "bin" / "python").exists() and not _run(
        "Making a virtual environment in .venv", [sys.executable, "-m", "venv", str(folder)]
    ):
        return _say_no("The virtual environment could not be made: see the lines above.")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-input", "--no-warn-script-location"]
    for name in FILES[wanted]:
        pip += ["-r", str(ROOT / "requirements" / name)]
    if not _run("Installing the libraries (a minute or so, once)", pip):
        return _say_no("The libraries could not be installed: see the lines above. Is this machine online?")
    stamp.write_text(digest)
    (folder / MARKER).unlink()
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def _digest(wanted: str) -> str:
    """What must be installed, as one hash."""
    content = b"".join((ROOT / "requirements" / name).read_bytes() for name in FILES[wanted])
    return hashlib.sha256(content).hexdigest()


def _works(folder: Path) -> bool:
    """Whether the environment was finished, its Python starts, is one we support, and has pip."""
    python = folder / "bin" / "python"
    if (folder / MARKER).exists() or not python.exists():
        return False
    probe = "import sys, pip; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))"
    try:
        return subprocess.run([python, "-I", "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(title: str, command: list[str]) -> bool:
    """Run quietly with a word on what happens; what the command said is shown only when it failed."""
    with _clock(title):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).strip().splitlines()[-20:]), file=sys.stderr, flush=True)
    return done.returncode == 0


@contextmanager
def _clock(title: str) -> Iterator[None]:
    """Show the title, and on a terminal the seconds that pass."""
    if not sys.stdout.isatty():
        print(f"{title} …", flush=True)
        yield
        return
    over = threading.Event()
    started = time.monotonic()

    def tick() -> None:
        while not over.wait(1):
            print(f"\r{title} … {time.monotonic() - started:.0f} s", end="", flush=True)

    print(f"{title} …", end="", flush=True)
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()
        print(flush=True)


def _say_no(sentence: str) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        print("\nInterrupted; the next run takes it up again.", file=sys.stderr)
        sys.exit(130)

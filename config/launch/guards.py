"""What must hold before anything starts: one run per data folder, free ports."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path


class Refusal(Exception):
    """The start cannot go on; the message is a sentence for the person at the terminal."""


class Lock:
    """Held as long as this process lives; the system lets go of it even after `kill -9`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "a+")  # noqa: SIM115 - stays open for as long as the lock is held
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise Refusal(
                f"Tandem is running already from this data folder (process {holder or 'unknown'}). "
                "End it with Ctrl-C in its window, or start a second one with TANDEM_DATA_DIR, TANDEM_PORT and "
                "SANDBOX_PORT set."
            ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let go; only tests need it, the end of the process does it otherwise."""
        self._file.close()


def require_free(host: str, port: int, *, what: str, setting: str) -> None:
    """Raise Refusal when something listens on the port or it may not be opened."""
    if _answers(port):
        raise Refusal(_taken(host, port, what, setting))
    try:
        _open(host, port)
    except PermissionError:
        raise Refusal(
            f"Port {port} for {what} is reserved for the administrator. Choose one above 1023 with {setting}."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refusal(_taken(host, port, what, setting)) from None
        raise Refusal(f"{host}:{port} cannot be opened for {what}: {error.strerror}.") from None


def _answers(port: int) -> bool:
    """Whether somebody listens there; needed beside `_open`, which may succeed on another address of the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _open(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _opens(host: str, port: int) -> bool:
    try:
        _open(host, port)
    except OSError:
        return False
    return True


def _taken(host: str, port: int, what: str, setting: str) -> str:
    other = next((number for number in range(port + 1, 65536) if not _answers(number) and _opens(host, number)), 0)
    return (
        f"Port {port} for {what} is taken by another program. Choose another, for example: {setting}={other} make run"
    )

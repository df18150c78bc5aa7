"""Throw-away PostgreSQL and Redis servers for the tests, and where the browser is.

Each server listens on a free port of this machine, keeps its data in a temporary folder and is gone when the tests
end, however they end. A server of your own is used instead when TEST_DATABASE_URL or TEST_REDIS_URL names it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.launch.children import end, spawn

POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
OLDEST_POSTGRES = 14
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


class Missing(Exception):
    """Something is not installed; the message says how to get it."""


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_browser() -> str:
    """The path of a Chromium or Chrome. Raises Missing."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return found
    if MAC_BROWSER.exists():
        return str(MAC_BROWSER)
    raise Missing("Chromium (Debian: sudo apt install chromium; or set CHROMIUM to its path)")


def find_postgres() -> Path:
    """The folder with initdb and postgres of the newest version installed. Raises Missing."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    for pattern in POSTGRES_FOLDERS:
        folders += Path("/").glob(pattern.lstrip("/"))
    versions = [(_version(folder), folder) for folder in folders if (folder / "initdb").exists()]
    usable = sorted(pair for pair in versions if pair[0] >= OLDEST_POSTGRES)
    if usable:
        return usable[-1][1]
    raise Missing("PostgreSQL (Debian: sudo apt install postgresql; macOS: brew install postgresql@17)")


def _version(folder: Path) -> int:
    words = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()
    return int(words[2].split(".")[0])


@contextmanager
def postgres() -> Iterator[str]:
    """A running PostgreSQL; yields the URL of an empty database. Raises Missing when none is installed."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        yield named
        return
    programs = find_postgres()
    # PostgreSQL refuses to run as root; the package made a user for it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="tandem-pg-", ignore_cleanup_errors=True) as folder:
        if as_user:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data = Path(folder) / "data"
        locale = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"]
        subprocess.run(
            [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "tandem", *locale],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        port = free_port()
        options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
        options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]
        command = [*as_user, str(programs / "postgres"), "-D", str(data)]
        for option in options:
            command += ["-c", option]
        with _running(command, Path(folder) / "log", port):
            server = f"postgres://tandem@127.0.0.1:{port}"
            with _first_connection(f"{server}/postgres") as connection:
                connection.execute("CREATE DATABASE tandem")
            yield f"{server}/tandem"


def _first_connection(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """The port answers before the server takes connections: ask again while it says that it is starting up."""
    for _ in range(3000):
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError as error:
            refused = error
            time.sleep(0.1)
    raise refused


@contextmanager
def redis() -> Iterator[str]:
    """A running Redis or Valkey; yields its URL. Raises Missing when none is installed."""
    named = os.environ.get("TEST_REDIS_URL")
    if named:
        yield named
        return
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        raise Missing("Redis (Debian: sudo apt install redis-server; macOS: brew install redis)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tandem-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
        with _running([program, *options], Path(folder) / "log", port):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    """The server until the block ends; yields when its port answers."""
    with log.open("wb") as output:
        process = spawn(command, env=os.environ, output=output.fileno(), grace=3)
    try:
        for _ in range(3000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{command} ended:\n{log.read_text()}")
            time.sleep(0.1)
        yield
    finally:
        end(process)
        process.wait()

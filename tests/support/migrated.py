"""Migrated databases with one account in them: the first of a kind takes its time, all others are copies of it.

The PostgreSQL server, and what is copied, last as long as the process that runs the tests.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path

import psycopg

from tests.support import servers

ROOT = Path(__file__).resolve().parents[2]
EMAIL = "kill@example.com"
PASSWORD = "only-for-this-test-0123456789"
FILE = "tandem.sqlite3"
TEMPLATE = f"tandem_{uuid.uuid4().hex[:12]}_migrated"
PREPARE = f"""
from django.core.management import call_command
from crm.models import User
call_command("migrate", verbosity=0)
User.objects.create_superuser("{EMAIL}", "{PASSWORD}")
"""
_until_the_end = ExitStack()
atexit.register(_until_the_end.close)


def base_env() -> dict[str, str]:
    """The environment of a process of a house, without its addresses."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": ""}


def _prepare(**env: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", PREPARE],
        cwd=ROOT,
        env={**base_env(), **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@cache
def _lite() -> Path:
    """A folder with a migrated SQLite database."""
    folder = Path(_until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="tandem-migrated-")))
    _prepare(TANDEM_DATA_DIR=str(folder), DATABASE_URL="")
    return folder


@cache
def _server() -> str:
    """The address of a PostgreSQL with a migrated database; the name of the database is left out. Raises Missing."""
    address, _slash, _name = _until_the_end.enter_context(servers.postgres()).rpartition("/")
    _on(address, f"CREATE DATABASE {TEMPLATE}")
    _until_the_end.callback(_on, address, f"DROP DATABASE {TEMPLATE} WITH (FORCE)")
    with tempfile.TemporaryDirectory(prefix="tandem-migrated-") as folder:
        _prepare(TANDEM_DATA_DIR=folder, DATABASE_URL=f"{address}/{TEMPLATE}")
    return address


def _on(address: str, order: str) -> None:
    with psycopg.connect(f"{address}/postgres", autocommit=True) as server:
        server.execute(order)


def lite(folder: Path) -> None:
    """Put a migrated SQLite database into a house's folder."""
    with closing(sqlite3.connect(_lite() / FILE)) as source, closing(sqlite3.connect(folder / FILE)) as target:
        source.backup(target)


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a migrated database of one's own, dropped at the end. Raises Missing."""
    address, name = _server(), f"tandem_{uuid.uuid4().hex[:12]}"
    _on(address, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    try:
        yield f"{address}/{name}"
    finally:
        _on(address, f"DROP DATABASE {name} WITH (FORCE)")

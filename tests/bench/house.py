"""What is measured: throw-away databases, a sandbox, and a whole Tandem of separate processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import servers
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.tandem import KINDS, Tandem, running_tandem

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "TANDEM_ENV_FILE": "",
    "SECRET_KEY": "bench-only-0123456789-0123456789-0123456789",
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "LOG_LEVEL": "WARNING",
}


@contextmanager
def sandbox(partners: int, *, pace: bool) -> Iterator[dict[str, str]]:
    """A sandbox with so many partners; yields the settings that connect to it."""
    with running_sandbox(series=18, partners=partners, leads=50, pace=pace, keep_alive=True) as odoo:
        yield {
            "ODOO_URL": odoo.url,
            "ODOO_DB": odoo.database,
            "ODOO_USERNAME": odoo.username,
            "ODOO_API_KEY": odoo.api_key,
        }


@contextmanager
def database() -> Iterator[dict[str, str]]:
    """An empty, migrated PostgreSQL database and a data folder; yields their settings."""
    with servers.postgres() as address, tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        env = {
            **SETTINGS,
            "DATABASE_URL": address,
            "TANDEM_DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "REDIS_URL": "",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env={**os.environ, **env}, check=True)
        yield env


@contextmanager
def whole_tandem(odoo: RunningSandbox, **settings: str) -> Iterator[Tandem]:
    """A connected Tandem on its own PostgreSQL and Redis, none of its processes started yet."""
    with (
        tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder,
        running_tandem(odoo, KINDS[1], Path(folder), **SETTINGS, **settings) as tandem,
    ):
        yield tandem

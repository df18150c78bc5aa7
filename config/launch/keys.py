"""The secrets that `make run` makes for itself, once, in a file of the data folder that only its owner may read."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

HEAD = "# Made by `make run`. Keep it with the database: stored API keys can only be read with it.\n"


def fernet_key() -> str:
    """32 random bytes in the form FIELD_ENCRYPTION_KEYS wants."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


MADE_HERE: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "FIELD_ENCRYPTION_KEYS": fernet_key,
    "ODOO_WEBHOOK_KEYS": lambda: secrets.token_urlsafe(24),
}


def complete(path: Path) -> list[str]:
    """Make each secret that is set nowhere, add it to the file and to this process; returns the names made.

    Call it after the environment files were read. What exists is never changed.
    """
    missing = [name for name in MADE_HERE if not os.environ.get(name)]
    if not missing:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [] if path.exists() else [HEAD]
    for name in missing:
        os.environ[name] = MADE_HERE[name]()
        lines.append(f"{name}={os.environ[name]}\n")
    with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)
    return missing

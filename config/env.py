"""Typed readers of the environment; a wrong value stops the start with a sentence, not a traceback later.

What the process was given comes first, then `.env`, then the secrets that `make run` made for itself.
"""

from __future__ import annotations

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def read_file(path: Path) -> None:
    """Take the settings of a file that are not set yet. A missing file sets nothing."""
    if path.is_file():
        environ.Env.read_env(path, overwrite=False)


ENV_FILE = os.environ.get("TANDEM_ENV_FILE", str(BASE_DIR / ".env"))
if ENV_FILE:
    read_file(Path(ENV_FILE))
DATA_DIR = Path(os.environ.get("TANDEM_DATA_DIR") or BASE_DIR / "var").expanduser().resolve()
SECRETS_FILE = DATA_DIR / "secrets.env"
read_file(SECRETS_FILE)


def text(name: str, default: str = "") -> str:
    """Read a setting as it stands; an empty one counts as not set.

    Not by `env.str`, which takes a password that begins with $ for the name of another variable.
    """
    return os.environ.get(name, "").strip() or default


def whole_number(name: str, default: int, *, low: int, high: int) -> int:
    """Read an integer setting between `low` and `high`, both included.

    Raises ImproperlyConfigured naming the variable when the value is no number or out of range.
    """
    raw = text(name, str(default))
    try:
        value = int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from error
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} must lie between {low} and {high}, not {value}.")
    return value


def truth(name: str, default: bool) -> bool:
    """Read a yes-or-no setting; an empty one counts as not set.

    Raises ImproperlyConfigured naming the variable when the value is neither.
    """
    raw = text(name).lower()
    if raw in ("1", "true", "yes", "on"):
        return True
    if raw in ("0", "false", "no", "off"):
        return False
    if raw:
        raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")
    return default


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated setting; empty parts are dropped."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def secret(name: str) -> str:
    """Read a secret that must not be empty. Raises ImproperlyConfigured saying where to put it."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Put it into the environment or into .env; `make run` makes one by itself."
        )
    return value

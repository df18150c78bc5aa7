"""What the person at the terminal reads: short lines, in colour only where colour can be seen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def paint(text: str, colour: str) -> str:
    """The text in a colour when standard output is a terminal that wants it (NO_COLOR is heeded)."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m"


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def warn(text: str) -> None:
    """Print a line that wants attention."""
    say(paint(text, "yellow"))


def refuse(reason: Exception) -> None:
    """Say on standard error why it does not go on."""
    print(paint(str(reason), "red"), file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print what is being done and, when it is done, how long it took."""
    print(f"{title} … ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    say(paint(f"{time.monotonic() - started:.1f} s", "dim"))

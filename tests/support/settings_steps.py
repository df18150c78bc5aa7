"""Settings of a process that a test may kill at a step of the sync (integrations/mailbox/steps.py), or starve of disk.

STEP_ORDERS names a folder. A file in it called like a step is an order for the first process that gets there: it holds
the pid to kill, or nothing for the process itself and all its children. DISK_PAGES bounds the SQLite database.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import DATABASES
from integrations.mailbox import steps

ORDERS = Path(os.environ["STEP_ORDERS"])


def strike(step: steps.Step) -> None:
    """Carry out the order for this step; of many processes that come to it, one."""
    order = ORDERS / step
    taken = order.with_suffix(f".{os.getpid()}")
    try:
        order.rename(taken)
    except FileNotFoundError:
        return
    victim = taken.read_text().strip()
    if victim:
        with suppress(ProcessLookupError):
            os.kill(int(victim), signal.SIGKILL)
    else:
        os.killpg(os.getpgrp(), signal.SIGKILL)


steps.listen(strike)
if pages := os.environ.get("DISK_PAGES"):
    DATABASES["default"]["OPTIONS"]["init_command"] += f"PRAGMA max_page_count={pages};"

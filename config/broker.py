"""The broker of the small set-up: a folder. Kombu's, made safe for several processes that start, write and die at once.

Kombu creates a message's file under its last name and fills it then; a worker that finds it empty ends for good. Its
table of queues is created in the same way, so that of two processes that bind their first queue one loses it. Here a
message appears whole or not at all, a torn file is passed over, and the tables are used by one at a time.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Kombu's channel with its reading and writing of files replaced."""

    def _put(self, queue: str, payload: Any, **options: Any) -> None:  # type: ignore[override]  # as Kombu names it
        """Put a message onto a queue: written aside, then given its name."""
        folder, name = Path(self.data_folder_out), f"{time_ns()}_{uuid.uuid4()}"
        draft = folder / f"{name}.draft"
        draft.write_bytes(str_to_bytes(dumps(payload)))
        draft.rename(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message of a queue. Raises Empty."""
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"{name}.taken"
            # Another worker may be quicker; what was torn is only a bell that will not ring.
            with suppress(FileNotFoundError, ValueError):
                (folder / name).rename(taken)
                payload = taken.read_bytes()
                taken.unlink()
                return loads(bytes_to_str(payload))
        raise Empty

    def get_table(self, exchange: str) -> Any:
        """The queues of an exchange."""
        with self._alone():
            return super().get_table(exchange)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        with self._alone():
            super()._queue_bind(exchange, routing_key, pattern, queue)

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **options: Any) -> None:
        with self._alone():
            super()._delete(queue, exchange, routing_key, pattern, *args, **options)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process or thread uses the tables meanwhile. The lock ends with its holder, however that ends."""
        self.control_folder.mkdir(exist_ok=True)
        with (self.control_folder / "tables.lock").open("ab") as file:
            filesystem.lock(file, filesystem.LOCK_EX)
            try:
                yield
            finally:
                filesystem.unlock(file)


class Transport(filesystem.Transport):
    """Kombu's transport with this channel."""

    Channel = Channel


def use() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"

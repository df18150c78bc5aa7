"""The folder that is the broker of the small set-up: many processes use it at once, and any of them may die."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config.broker import Transport

Open = Callable[[], Any]
WRITERS, READERS, MESSAGES = 4, 3, 150


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    (tmp_path / "messages").mkdir()
    return tmp_path / "messages"


@pytest.fixture
def channel(tmp_path: Path, messages: Path) -> Open:
    """Opens a channel, as another process would."""
    options = {"data_folder_in": str(messages), "data_folder_out": str(messages)}
    options["control_folder"] = str(tmp_path / "control")

    @contextmanager
    def opened() -> Iterator[Any]:
        with Connection("filesystem://", transport=Transport, transport_options=options) as connection:
            yield connection.channel()

    return opened


def test_messages_come_in_their_order_and_to_their_queue(channel: Open) -> None:
    with channel() as one, channel() as other:
        for number in range(3):
            one._put("push", {"number": number})
        one._put("pull", {"number": 9})
        assert [other._get("push")["number"] for _ in range(3)] == [0, 1, 2]
        assert other._get("pull") == {"number": 9}
        with pytest.raises(Empty):
            other._get("push")


def test_many_writers_and_readers_pass_on_every_message_once_and_none_fails(channel: Open, messages: Path) -> None:
    written = threading.Event()

    def write(writer: int) -> None:
        with channel() as one:
            for number in range(MESSAGES):
                one._put("push", [writer, number])

    def read(_reader: int) -> list[tuple[int, int]]:
        found = []
        with channel() as one:
            while True:
                over = written.is_set()
                try:
                    found.append(tuple(one._get("push")))
                except Empty:
                    if over:
                        return found

    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        readers = [pool.submit(read, number) for number in range(READERS)]
        for writer in [pool.submit(write, number) for number in range(WRITERS)]:
            writer.result()
        written.set()
        found = Counter(one for reader in readers for one in reader.result())
    assert found == Counter((writer, number) for writer in range(WRITERS) for number in range(MESSAGES))
    assert list(messages.iterdir()) == []


@pytest.mark.parametrize("torn", [b"", b'{"body": "aGFs'])
def test_what_a_power_cut_has_torn_ends_no_worker(channel: Open, messages: Path, torn: bytes) -> None:
    (messages / "1_0.push.msg").write_bytes(torn)
    (messages / "1_0.draft").write_bytes(torn)
    with channel() as one:
        one._put("push", "whole")
        assert one._get("push") == "whole"
        with pytest.raises(Empty):
            one._get("push")


def test_processes_that_bind_their_first_queues_at_once_lose_none(channel: Open) -> None:
    together = threading.Barrier(8)

    def bind(number: int) -> None:
        with channel() as one:
            together.wait()
            one._queue_bind("tasks", "key", "", f"queue-{number}")

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(bind, number) for number in range(8)]:
            done.result()
    with channel() as one:
        assert {row.queue for row in one.get_table("tasks")} == {f"queue-{number}" for number in range(8)}


def test_the_application_uses_it() -> None:
    from config.celery import app

    assert isinstance(app.connection_for_write("filesystem://").transport, Transport)

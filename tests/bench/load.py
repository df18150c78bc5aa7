"""A load on a web server of this machine: many connections, bounded in time, each answer checked and timed."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bench.table import p95

WAIT = 10.0
# What the bench's web processes serve beside the house (tests/bench/urls.py): a view, and a header that is answered.
EMPTY = "/bench/empty"
STATEMENTS = "X-Bench-Statements"


@dataclass
class Load:
    """What a load met. `latencies` in seconds; of a paced load they count from the moment the request was due."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def p95_ms(self) -> float:
        return 1000 * p95(self.latencies)


def load(
    port: int,
    request: Callable[[int], bytes],
    status: int,
    *,
    seconds: float,
    connections: int = 8,
    rate: float | None = None,
) -> Load:
    """Send `request(number)` over kept connections for so long, as fast as they are answered or `rate` a second.

    Raises AssertionError when an answer has another status.
    """
    found, numbers, troubles = Load(), itertools.count(), list[BaseException]()
    began = time.perf_counter()

    def work() -> None:
        try:
            with _connected(port) as wire:
                for number in numbers:
                    due = began + number / rate if rate else time.perf_counter()
                    if due >= began + seconds:
                        return
                    time.sleep(max(0.0, due - time.perf_counter()))
                    wire.sendall(request(number))
                    answer = _answer(wire)
                    found.latencies.append(time.perf_counter() - due)
                    assert int(answer[9:12]) == status, answer.decode()
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    found.seconds = time.perf_counter() - began
    return found


def ask(port: int, request: bytes) -> bytes:
    """One request over a connection of its own; returns the answer, head included."""
    with _connected(port) as wire:
        wire.sendall(request)
        return _answer(wire)


def _connected(port: int) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _answer(wire: socket.socket) -> bytes:
    """One whole answer. Raises ConnectionError when the server hangs up."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0):
            return data
        more = wire.recv(65536)
        if not more:
            raise ConnectionError(f"hung up after {data!r}")
        data += more

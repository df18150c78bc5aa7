"""Each fault is met by a plain socket client, with a tiny server behind the proxy that counts what reaches it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.faultproxy import RunningProxy, running_proxy

BODY = b'{"jsonrpc": "2.0", "id": 1, "result": [1, 2, 3]}'


class Behind(ThreadingHTTPServer):
    """Counts the requests that arrive."""

    daemon_threads = True

    def __init__(self) -> None:
        self.arrived: list[tuple[str, str, bytes]] = []
        super().__init__(("127.0.0.1", 0), BehindHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class BehindHandler(BaseHTTPRequestHandler):
    server: Behind

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.arrived.append((self.path, self.headers.get("Authorization", ""), body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def behind() -> Iterator[Behind]:
    server = Behind()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(behind: Behind) -> Iterator[RunningProxy]:
    with running_proxy(behind.url, hooks=behind.url, seed=7) as running:
        yield running


def exchange(port: int, body: bytes = b"{}", path: str = "/jsonrpc") -> bytes:
    """Send one request on a plain socket and return every byte that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: bearer k\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    return received


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


def test_without_a_rule_everything_passes(proxy: RunningProxy, behind: Behind) -> None:
    received = exchange(proxy.port, b'{"a": 1}')

    assert status(received) == 200
    assert received.endswith(BODY)
    assert behind.arrived == [("/jsonrpc", "bearer k", b'{"a": 1}')]


def test_lost_answer_reaches_the_server_and_never_comes_back(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("lost_answer")

    with pytest.raises(ConnectionResetError):
        exchange(proxy.port)

    assert len(behind.arrived) == 1
    assert proxy.struck("lost_answer") == 1


def test_reset_never_reaches_the_server(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("reset")

    with pytest.raises(ConnectionResetError):
        exchange(proxy.port)

    assert behind.arrived == []


def test_timeout_holds_the_request_and_never_forwards_it(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("timeout", seconds=0.3)
    started = time.monotonic()

    with pytest.raises(ConnectionResetError):
        exchange(proxy.port)

    assert time.monotonic() - started >= 0.3
    assert behind.arrived == []


def test_slow_then_lost_does_the_work_and_keeps_silent(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("slow_then_lost", seconds=0.3)
    started = time.monotonic()

    with pytest.raises(ConnectionResetError):
        exchange(proxy.port)

    assert time.monotonic() - started >= 0.3
    assert len(behind.arrived) == 1


def test_slow_answers_whole_but_late(proxy: RunningProxy) -> None:
    proxy.rule("slow", seconds=0.3)
    started = time.monotonic()

    received = exchange(proxy.port)

    assert time.monotonic() - started >= 0.3
    assert received.endswith(BODY)


def test_rate_limit_says_when_to_come_back(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("rate_limit", seconds=17)

    received = exchange(proxy.port)

    assert status(received) == 429
    assert b"\r\nRetry-After: 17\r\n" in received
    assert behind.arrived == []


def test_rate_limit_may_keep_the_time_to_itself(proxy: RunningProxy) -> None:
    proxy.rule("rate_limit")

    received = exchange(proxy.port)

    assert status(received) == 429
    assert b"Retry-After" not in received


@pytest.mark.parametrize("code", [500, 502, 503])
def test_status_comes_with_an_html_page(proxy: RunningProxy, behind: Behind, code: int) -> None:
    proxy.rule("status", status=code)

    received = exchange(proxy.port)

    assert status(received) == code
    assert b"text/html" in received
    assert behind.arrived == []


@pytest.mark.parametrize(("kind", "arrivals"), [("html", 0), ("html_after", 1)])
def test_html_takes_the_place_of_the_answer(proxy: RunningProxy, behind: Behind, kind: str, arrivals: int) -> None:
    proxy.rule(kind)

    received = exchange(proxy.port)

    assert status(received) == 200
    assert b"<!doctype html>" in received
    assert len(behind.arrived) == arrivals


def read_until_reset(port: int) -> bytes:
    """Return what arrives before the connection is reset; fails if it ends in order."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"POST /jsonrpc HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        try:
            while chunk := client.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received
    raise AssertionError("The connection ended in order")


def test_truncated_sends_half_of_what_it_promised(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("truncated")

    received = read_until_reset(proxy.port)

    assert f"Content-Length: {len(BODY)}".encode() in received
    assert received.endswith(BODY[: len(BODY) // 2])
    assert len(behind.arrived) == 1


def test_rules_strike_only_what_they_name_and_as_often_as_told(proxy: RunningProxy) -> None:
    proxy.rule("status", contains='"load"', path="/jsonrpc", count=2, after=1)

    answers = [status(exchange(proxy.port, b'{"m": "load"}')) for _ in range(4)]
    other = status(exchange(proxy.port, b'{"m": "read"}'))

    assert answers == [200, 500, 500, 200]
    assert other == 200


def test_the_same_seed_gives_the_same_run(proxy: RunningProxy) -> None:
    def run() -> list[int]:
        proxy.clear(seed=3)
        proxy.rule("status", probability=0.5, count=-1)
        return [status(exchange(proxy.port)) for _ in range(20)]

    first = run()

    assert first == run()
    assert set(first) == {200, 500}


def test_webhooks_pass_are_dropped_or_repeated(proxy: RunningProxy, behind: Behind) -> None:
    proxy.rule("drop_hook")
    proxy.rule("repeat_hook", copies=3)

    statuses = [status(exchange(proxy.port, b"{}", f"/_hook/odoo?n={number}")) for number in range(3)]

    assert statuses == [200, 200, 200]
    assert [path for path, _, _ in behind.arrived] == ["/odoo?n=1"] * 3 + ["/odoo?n=2"]


def test_a_dead_server_behind_is_a_bad_gateway(behind: Behind) -> None:
    with running_proxy("http://127.0.0.1:9") as proxy:
        received = exchange(proxy.port)

    assert status(received) == 502


def test_an_unknown_kind_is_refused_with_the_known_ones(proxy: RunningProxy) -> None:
    with pytest.raises(AssertionError, match="lost_answer, timeout"):
        proxy.rule("explode")

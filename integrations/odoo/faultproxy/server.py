"""The proxy itself: one thread per connection, plain HTTP on this side, HTTP or HTTPS to the server behind."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .rules import Rule, Rules

CONTROL = "/_proxy/"
HOOKS = "/_hook"
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)
PAGE = b"<!doctype html>\n<html><head><title>Sorry</title></head><body><h1>Something is in the way</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server behind said."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class Lost(Exception):
    """The connection must end here without an answer."""


class Handler(BaseHTTPRequestHandler):
    """Forwards one request, or breaks it."""

    server: ProxyServer
    timeout = 300

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.path.startswith(CONTROL):
            self._control(body)
            return
        hook = bool(self.server.hooks) and (self.path + "/").startswith((HOOKS + "/", HOOKS + "?"))
        rule = self.server.rules.pick(self.command, self.path, body, hook=hook)
        try:
            self._hook(rule, body) if hook else self._exchange(rule, body)
        except Lost:
            self._drop()
        except (OSError, http.client.HTTPException) as error:
            self._page(502, f"The server behind does not answer: {type(error).__name__}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    # -- one exchange -------------------------------------------------------------------------------------

    def _exchange(self, rule: Rule | None, body: bytes) -> None:
        kind = rule.kind if rule else ""
        if rule is not None and self._refused(rule):
            return
        answer = self.server.forward(self.server.upstream, self.command, self.path, self._headers(), body)
        if rule is not None and kind in ("slow", "slow_then_lost"):
            time.sleep(rule.seconds)
        if kind in ("lost_answer", "slow_then_lost"):
            raise Lost
        if kind == "html_after":
            self._page(200, "")
            return
        self._send(answer, cut=kind == "truncated")

    def _refused(self, rule: Rule) -> bool:
        """Break before anything is forwarded; returns whether the exchange is over."""
        if rule.kind == "timeout":
            time.sleep(rule.seconds)
            raise Lost
        if rule.kind == "reset":
            raise Lost
        if rule.kind == "rate_limit":
            self._page(429, "Too many requests", retry_after=rule.seconds)
            return True
        if rule.kind in ("status", "html"):
            self._page(200 if rule.kind == "html" else rule.status, "")
            return True
        return False

    def _hook(self, rule: Rule | None, body: bytes) -> None:
        if rule is not None and rule.kind == "drop_hook":
            self._json(200, {})
            return
        path = self.path.removeprefix(HOOKS)
        copies = rule.copies if rule is not None else 1
        answer = None
        for _ in range(max(1, copies)):
            answer = self.server.forward(self.server.hooks, self.command, path, self._headers(), body)
        if answer is not None:
            self._send(answer)

    def _headers(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name.lower() not in {*HOP_BY_HOP, "host"}}

    # -- answering ----------------------------------------------------------------------------------------

    def _send(self, answer: Answer, *, cut: bool = False) -> None:
        self.send_response(answer.status, answer.reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command == "HEAD":
            return
        if cut:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.wfile.flush()
            raise Lost
        self.wfile.write(answer.body)

    def _page(self, status: int, text: str, *, retry_after: float = 0.0) -> None:
        body = PAGE + text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if retry_after > 0:
            self.send_header("Retry-After", str(int(retry_after)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(body)

    def _json(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        answer = Answer(status, "OK" if status == 200 else "Refused", [("Content-Type", "application/json")], body)
        self._send(answer)

    def _drop(self) -> None:
        """Reset the connection: the caller sees neither status nor end of file in order."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        try:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        except OSError:
            pass
        self.rfile.close()
        self.connection.close()

    # -- control ------------------------------------------------------------------------------------------

    def _control(self, body: bytes) -> None:
        """``GET state``, ``POST rule`` with the fields of a rule, ``POST clear`` with an optional ``seed``."""
        if not self.client_address[0].startswith(("127.", "::1", "::ffff:127.")):
            self._json(403, {"error": "The control path answers only to this machine"})
            return
        name = self.path.removeprefix(CONTROL)
        try:
            values = json.loads(body or b"{}")
            if name == "rule" and self.command == "POST":
                self.server.rules.add(Rule(**values))
            elif name == "clear" and self.command == "POST":
                self.server.rules.clear(values.get("seed"))
            elif name != "state" or self.command != "GET":
                self._json(404, {"error": f"No such control: {self.command} {name}"})
                return
        except (TypeError, ValueError, AttributeError) as error:
            self._json(400, {"error": str(error)})
            return
        self._json(200, self.server.rules.describe())

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: secrets travel here."""


class ProxyServer(ThreadingHTTPServer):
    """Forwards to ``upstream``; with ``hooks`` set, ``/_hook/…`` goes there, for webhooks on their way back."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], *, upstream: str, hooks: str = "", seed: int = 1) -> None:
        self.upstream = upstream.rstrip("/")
        self.hooks = hooks.rstrip("/")
        self.rules = Rules(seed)
        super().__init__(address, Handler)

    def forward(self, base: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send one request on and return the answer. Raises ``OSError`` or ``HTTPException`` when there is none."""
        parts = urlsplit(base)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=180, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=180)
        try:
            connection.request(method, parts.path + path, body or None, headers)
            received = connection.getresponse()
            data = received.read()
            kept = [(name, value) for name, value in received.getheaders() if name.lower() not in HOP_BY_HOP]
            return Answer(received.status, received.reason, kept, data)
        finally:
            connection.close()

    def shutdown_request(self, request: Any) -> None:
        """A dropped connection is closed already."""
        if request.fileno() != -1:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error of ours."""

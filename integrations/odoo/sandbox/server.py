"""The HTTP server: one process, one thread per connection, loopback unless told otherwise.

Like Odoo's own server it answers HTTP/1.0 and closes; ``keep_alive`` behaves as behind a reverse proxy.
"""

from __future__ import annotations

import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from .app import answer
from .engine import Engine
from .http_types import Request, Response, page

MOST_BYTES = 128 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """Reads one request and writes one answer."""

    server: SandboxServer
    timeout = 120
    server_version = "Werkzeug"
    sys_version = ""

    def _serve(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = 0
        if length > MOST_BYTES:
            self._send(page(413, "Request Entity Too Large"))
            return
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=parts.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            client=self.client_address[0],
        )
        try:
            response = answer(self.server.engine, request)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = page(500, "Internal Server Error", "The sandbox met an error of its own.")
        self._send(response)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - names of the standard library

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        if not self.server.keep_alive:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: calls are counted, secrets travel in bodies."""


class SandboxServer(ThreadingHTTPServer):
    """Serves one engine."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], engine: Engine, *, keep_alive: bool = False) -> None:
        self.engine = engine
        self.keep_alive = keep_alive
        handler = type("BoundHandler", (Handler,), {"protocol_version": "HTTP/1.1" if keep_alive else "HTTP/1.0"})
        super().__init__(address, handler)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; small answers go out at once."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error of ours."""

"""A mail server for tests: takes mails over a real socket and keeps them; may refuse recipients."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any


@dataclass
class Mailbox:
    """What has arrived at the server on this port. `refuse`: answer 550 to every recipient."""

    port: int = 0
    refuse: bool = False
    mails: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)


class _Talk(socketserver.StreamRequestHandler):
    """One conversation, as far as a client needs it to send plain mail."""

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")

    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        to: list[str] = []
        self._say("220 tests")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"RCPT"):
                to.append(line.decode().partition("<")[2].partition(">")[0])
                self._say("550 no such person" if box.refuse else "250 ok")
            elif word == b"DATA":
                self._say("354 go on")
                self._take(box, to)
                to = []
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self, box: Mailbox, to: list[str]) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        box.mails.append(message_from_bytes(b"".join(lines)))
        box.recipients.append(to)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    box: Mailbox


@contextmanager
def running_smtp() -> Iterator[Mailbox]:
    """A server on a free port of this machine, as long as the block runs."""
    server: Any = _Server(("127.0.0.1", 0), _Talk)
    server.box = Mailbox(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.box
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

"""The webhook endpoint beside an empty view, on the same web processes, PostgreSQL and Redis.

No worker runs, so that the processors serve the web alone: what is stored is worked off later.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from urllib.parse import quote

import orjson

from tests.bench.house import whole_tandem
from tests.bench.load import EMPTY, STATEMENTS, Load, ask, load
from tests.bench.table import Line, Size
from tests.support.sandbox import running_sandbox
from tests.support.tandem import WEBHOOK_KEY, Tandem

# So much of the empty view's throughput must be reached; then also the load under which p95 is looked at.
SHARE = 0.6


class Endpoint:
    """Loads on one running web server."""

    def __init__(self, tandem: Tandem, seconds: float) -> None:
        self.port = tandem.port
        self.seconds = seconds
        self.session = tandem.ask("tests.bench.asked", "session")
        self.accepted = 0

    def empty(self, _number: int, *headers: str) -> bytes:
        """A request for the empty view."""
        return _request(f"GET {EMPTY}", b"", f"Cookie: sessionid={self.session}", *headers)

    def hook(self, number: int, *headers: str) -> bytes:
        """A webhook as Odoo sends it, of another record each time."""
        record = 1 + number
        body = {"_action": "Send Webhook Notification(#237)", "_id": record, "_model": "res.partner", "id": record}
        data = orjson.dumps({**body, "write_date": "2025-05-05 05:05:05"})
        return _request(f"POST /api/v1/integrations/odoo/{quote(WEBHOOK_KEY)}", data, *headers)

    def load_empty(self) -> Load:
        """The empty view, as fast as it can."""
        return _told("empty view", load(self.port, self.empty, 200, seconds=self.seconds))

    def load_hooks(self, rate: float | None = None) -> Load:
        """Webhooks, as fast as they are answered or `rate` a second."""
        found = load(self.port, self.hook, 202, seconds=self.seconds, rate=rate)
        self.accepted += len(found.latencies)
        return _told("webhook", found)

    def statements(self) -> list[str]:
        """The SQL statements of one webhook."""
        self.accepted += 1
        head = ask(self.port, self.hook(0, f"{STATEMENTS}: tell")).partition(b"\r\n\r\n")[0].decode()
        told = [line.partition(":")[2] for line in head.splitlines() if line.lower().startswith(STATEMENTS.lower())]
        return told[0].split()


def endpoint(size: Size) -> Iterator[Line]:
    """Statements, throughput and p95 of a webhook."""
    with running_sandbox() as odoo, whole_tandem(odoo, settings="tests.bench.settings", DATABASE_POOL="true") as tandem:
        tandem.start_web(workers=2)
        yield from _measure(tandem, Endpoint(tandem, size.load_seconds), size)


def _measure(tandem: Tandem, web: Endpoint, size: Size) -> Iterator[Line]:
    web.load_empty()  # all threads have a database connection now
    web.load_hooks()
    statements = web.statements()
    yield Line("SQL statements of a webhook", len(statements), 1, " ".join(statements))
    pairs = [(web.load_hooks(), web.load_empty()) for _ in range(size.pairs)]
    most = median(empty.rate for _hooks, empty in pairs)
    yield Line(
        "throughput of the webhook : empty authenticated view",
        median(hooks.rate / empty.rate for hooks, empty in pairs),
        SHARE,
        f"{median(hooks.rate for hooks, _empty in pairs):.0f} : {most:.0f} a second",
        least=True,
    )
    steps = [(web.load_hooks(SHARE * most), web.load_hooks(SHARE * most / 2)) for _ in range(size.pairs)]
    yield Line(
        "p95 of the webhook at that load : at half of it",
        median(full.p95_ms / half.p95_ms for full, half in steps),
        3,
        f"{median(full.p95_ms for full, _half in steps):.1f} ms at {SHARE * most:.0f} a second : "
        f"{median(half.p95_ms for _full, half in steps):.1f} ms",
    )
    stored = tandem.query("SELECT count(*) FROM integrations_inboxmessage")[0][0]
    yield Line("webhooks answered but not stored once", abs(web.accepted - stored), 0, f"{stored} stored")


def _request(line: str, body: bytes, *headers: str) -> bytes:
    length = [f"Content-Length: {len(body)}", "Content-Type: application/json"] if body else []
    return "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *length, *headers, "", ""]).encode() + body


def _told(name: str, found: Load) -> Load:
    print(f"      {name}: {found.rate:.0f} a second, p95 {found.p95_ms:.1f} ms", flush=True)
    return found

"""Webhooks as Odoo's "Send Webhook Notification" action sends them.

17 and 18 send inside the transaction, before commit; 19 after it. One second time-out, no retry, no signature.
16 has none of its own; the sandbox sends them there too when it is given a URL. Measured on Odoo 18 and 19.
"""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from .fields import MANY, Row

if TYPE_CHECKING:
    from .engine import Engine
    from .transaction import Transaction

TIMEOUT = 1.0
HEADERS = {
    "User-Agent": "python-requests/2.31.0",
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
    "Connection": "keep-alive",
    "Content-Type": "application/json",
}
ACTION_NUMBER = {"res.partner": 237, "crm.lead": 238}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Rule:
    """One hook: a model, where to post and which fields to tell."""

    def __init__(self, model: str, url: str, fields: list[str], number: int, triggers: frozenset[str]) -> None:
        self.model = model
        self.url = url
        self.fields = fields
        self.number = number
        self.triggers = triggers


class Webhooks:
    """Sends hooks in order from one background thread, or at once when ``synchronous``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.synchronous = False
        self.counts: Counter[str] = Counter()
        self._queue: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def rules(self) -> list[Rule]:
        """Return the rules in force: those of the settings and those made as ``base.automation``."""
        settings = self.engine.settings
        found = []
        if settings.webhook_url:
            found = [
                Rule(model, settings.webhook_url, fields, ACTION_NUMBER.get(model, 239), frozenset())
                for model, fields in settings.webhook_fields.items()
            ]
        return found + self._automations()

    def _automations(self) -> list[Rule]:
        database = self.engine.database
        if "base.automation" not in self.engine.models:
            return []
        found = []
        with database.lock:
            for rule in database.rows("base.automation"):
                entry = database.table("ir.model").rows.get(rule.get("model_id", 0), {})
                for action_id in rule.get("action_server_ids", []):
                    action = database.table("ir.actions.server").rows.get(action_id, {})
                    if not rule.get("active") or action.get("state") != "webhook":
                        continue
                    found.append(
                        Rule(
                            entry.get("model", ""),
                            action.get("webhook_url", ""),
                            self._names(action.get("webhook_field_ids", [])),
                            action_id,
                            frozenset(self._names(rule.get("trigger_field_ids", []))),
                        )
                    )
        return found

    def _names(self, ids: list[int]) -> list[str]:
        rows = self.engine.database.table("ir.model.fields").rows
        return [rows[one]["name"] for one in ids if one in rows]

    def fire(self, transaction: Transaction) -> None:
        """Send the hooks of a transaction: one per record and rule, none for a deletion."""
        settings = self.engine.settings
        if not settings.webhook_on or not transaction.events:
            return
        rules = self.rules()
        if not rules:
            return
        sent: set[tuple[int, int]] = set()
        for kind, model, record_id, changed in transaction.events:
            for position, rule in enumerate(rules):
                fits = rule.model == model and kind != "unlink"
                if fits and rule.triggers and kind == "write":
                    fits = not rule.triggers.isdisjoint(changed)
                if not fits or (position, record_id) in sent:
                    continue
                sent.add((position, record_id))
                with self.engine.database.lock:
                    row = transaction.get(model, record_id)
                if row is not None:
                    self._send_copies(rule, row)

    def _send_copies(self, rule: Rule, row: Row) -> None:
        if self.engine.settings.webhook_drop:
            self.counts["dropped"] += 1
            return
        data = orjson.dumps(self.body(rule, row), option=orjson.OPT_SORT_KEYS)
        for _ in range(max(1, self.engine.settings.webhook_copies)):
            if self.synchronous:
                self._send(rule.url, data)
            else:
                self._start()
                self._queue.put((rule.url, data))

    def body(self, rule: Rule, row: Row) -> dict[str, Any]:
        """Return what one hook tells: bare ids, ``false`` for empty, microseconds in date-times."""
        model = self.engine.models[rule.model]
        told: dict[str, Any] = {
            "_action": f"Send Webhook Notification(#{rule.number})",
            "_id": row["id"],
            "_model": rule.model,
            "id": row["id"],
        }
        for name in rule.fields:
            own = model.fields.get(name)
            if own is not None:
                told[name] = row.get(name, [] if own.type in MANY else own.empty)
        return told

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                return
            self._send(*item)
            self._queue.task_done()

    def _send(self, url: str, data: bytes) -> None:
        parts = urlsplit(url)
        if parts.hostname not in LOOPBACK or parts.scheme not in ("http", "https"):
            self.counts["refused"] += 1
            return
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            connection.request("POST", path, data, HEADERS)
            answer = connection.getresponse()
            answer.read(4096)
            self.counts["sent" if answer.status < 400 else "failed"] += 1
        except (OSError, http.client.HTTPException):
            self.counts["failed"] += 1
        finally:
            connection.close()

    def close(self) -> None:
        """Stop sending after what is queued."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=5)

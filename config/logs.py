"""How a log line looks: time, level, logger, event, then what came along as `extra`."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings

STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    *("message", "asctime", "taskName", "data"),
    *("request", "server_time"),  # Django's own: an object, and the time once more
}


HIDDEN = "***"
# Odoo's own webhook action can send no header: its key travels in the path or the query of the address.
IN_PATH = re.compile(r"(/integrations/odoo/)[^\s/?#'\"<>]+")
IN_QUERY = re.compile(r"([?&](?:token|key)=)[^\s&#'\"<>]+")


def without_keys(text: str) -> str:
    """This text with every webhook key and API key hidden: by where they stand in an address, and by their value."""
    for key in (*settings.ODOO_WEBHOOK_KEYS, settings.ODOO_API_KEY):
        if key:
            text = text.replace(key, HIDDEN).replace(quote(key, safe=""), HIDDEN)
    return IN_QUERY.sub(rf"\1{HIDDEN}", IN_PATH.sub(rf"\1{HIDDEN}", text))


class HideKeys(logging.Filter):
    """For loggers that write by themselves, such as gunicorn's: what they write holds no key."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_keys(record.getMessage()), ()
        return True


def extras(record: logging.LogRecord) -> dict[str, object]:
    """What the caller passed as `extra`."""
    return {key: value for key, value in vars(record).items() if key not in STANDARD}


class LineFormatter(logging.Formatter):
    """One line for people: `2026-01-31T12:00:00Z INFO integrations.push push.done rows=200`."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        parts = [when, record.levelname, record.name, record.getMessage()]
        parts += [f"{key}={value}" for key, value in extras(record).items()]
        text = " ".join(parts)
        return without_keys(f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **extras(record),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return without_keys(json.dumps(entry, default=str))

"""Signatures of outgoing webhooks after Standard Webhooks 1.0 (standardwebhooks.com), scheme v1: HMAC-SHA256."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from integrations.subscriptions import MARK


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The word "v1," and the base64 of the HMAC over "id.timestamp.body".

    `secret`: "whsec_" and base64; `timestamp`: Unix seconds.
    """
    key = base64.b64decode(secret.removeprefix(MARK))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets: Iterable[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt; each secret signs, so that a receiver may change it without a gap."""
    timestamp = int(at.timestamp())
    signed = [signature(one, message_id=message_id, timestamp=timestamp, body=body) for one in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }

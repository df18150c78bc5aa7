"""Storing what Odoo's webhook says: one row, nothing believed but model and id (rule 18)."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.mailbox import hints
from integrations.mailbox.steps import Step, reached
from integrations.models import InboxMessage

# A signed request is valid for so many seconds around the time that its sender wrote into it.
SIGNATURE_WINDOW = 300
FIRST_LOOK = timedelta(seconds=0.3)
NESTED = {"lead": "crm.lead", "contact": "res.partner"}
KEPT = ("email", "note", "barcode", "task_id")
MODELS = ("res.partner", "crm.lead", "crm.tag", "res.partner.category")


class BadPayload(Exception):
    """The body says nothing that can be stored; the message says why."""


def known_key(given: str) -> bool:
    """Whether this is one of the valid keys; compared in constant time, several may be valid at once."""
    matches = [hmac.compare_digest(given.encode(), key.encode()) for key in settings.ODOO_WEBHOOK_KEYS]
    return any(matches)


def keys_of(headers: Mapping[str, str], query: Mapping[str, str], path_token: str) -> list[str]:
    """The keys that a request carries: header, path, query, or the password of Basic auth."""
    given = [headers.get("X-Odoo-Api-Key", ""), path_token, query.get("token", ""), query.get("key", "")]
    scheme, _, words = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = b64decode(words.strip(), validate=True).decode().partition(":")
            given += [password, user]
        except (Base64Error, UnicodeDecodeError):
            pass
    return [key for key in given if key]


def signed(headers: Mapping[str, str], body: bytes) -> bool | None:
    """Whether the sender signed this body with a valid key, not long ago; None when it signed nothing.

    `X-Tandem-Timestamp` holds seconds since 1970, `X-Tandem-Signature` the HMAC-SHA256 in hex of that text, a dot and
    the body. Odoo's own action cannot sign; a server action in Python, or a gateway, can.
    """
    given, moment = headers.get("X-Tandem-Signature", ""), headers.get("X-Tandem-Timestamp", "")
    if not given:
        return None
    if not (moment.isascii() and moment.isdigit()) or abs(time.time() - int(moment)) > SIGNATURE_WINDOW:
        return False
    text = moment.encode() + b"." + body
    valid = [
        hmac.compare_digest(given.encode(), hmac.new(key.encode(), text, hashlib.sha256).hexdigest().encode())
        for key in settings.ODOO_WEBHOOK_KEYS
    ]
    return any(valid)


def store(payload: Any, *, raw: bytes = b"") -> InboxMessage:
    """Store a hint, and ring for it; one INSERT and nothing else. A model that we do not sync is recorded only.

    `raw`: the body as it came, by which equal copies are known; only its digest is kept. Whose hint it is needs no
    look-up: one Odoo is live at a time. Raises BadPayload when the body is no object, or names neither a model and an
    id nor a known nested record.
    """
    remote_model, remote_id, body = _read(payload)
    known = remote_model in MODELS
    message = InboxMessage(
        remote_model=_text(remote_model)[:64],
        remote_id=remote_id,
        body=body,
        digest=hashlib.sha256(raw).hexdigest()[:32] if raw else "",
        dated=isinstance(payload.get("write_date"), str),
        status=InboxMessage.Status.WAITING if known else InboxMessage.Status.RECORDED,
        due_at=timezone.now() + FIRST_LOOK,
        explanation="" if known else _("Tandem does not sync this kind of record."),
        settled_at=None if known else timezone.now(),
        to_log=True,
    )
    message.save(force_insert=True)
    reached(Step.HINTED)
    if known:
        hints.ring(FIRST_LOOK)
    return message


def _read(payload: Any) -> tuple[str, int | None, dict[str, Any]]:
    if not isinstance(payload, dict):
        raise BadPayload("The body must be a JSON object.")
    if isinstance(payload.get("_model"), str):
        remote_id = _id(payload.get("_id") or payload.get("id"))
        if remote_id is None:
            raise BadPayload("The body names a model but no record id.")
        return payload["_model"], remote_id, {}
    for name, remote_model in NESTED.items():
        nested = payload.get(name)
        if isinstance(nested, dict):
            body = {key: nested[key] for key in KEPT if nested.get(key)}
            remote_id = _id(nested.get("id"))
            if remote_id is None and not body.get("email"):
                raise BadPayload(f"The {name} has neither an id nor an e-mail.")
            return remote_model, remote_id, _checked(body)
    raise BadPayload("The body is neither Odoo's own webhook nor a lead or contact.")


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    task_id = _id(body.pop("task_id", None))
    found = {key: _text(str(value))[:20000] for key, value in body.items() if isinstance(value, str | int)}
    return {**found, "task_id": task_id} if task_id else found


def _id(value: Any) -> int | None:
    """A database id: a positive whole number within 64 bits."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None


def _text(value: str) -> str:
    """PostgreSQL stores no NUL."""
    return value.replace("\x00", "")

"""What a person does with a connection: change its switches, pause it, resume it, ask for a sync now."""

from __future__ import annotations

import logging
from typing import TypedDict, Unpack

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.models import Connection

logger = logging.getLogger(__name__)
STATE = Connection.State


class Switches(TypedDict, total=False):
    """What may change without asking Odoo."""

    name: str
    public_url: str
    quiet: bool
    push_enabled: bool
    interactive_per_minute: int
    sync_per_minute: int


def change_switches(connection: Connection, **values: Unpack[Switches]) -> Connection:
    """Store these switches; each next call to Odoo obeys them."""
    for name, value in values.items():
        setattr(connection, name, value)
    connection.save(update_fields=list(values))
    return connection


def pause(connection: Connection, *, reason: str) -> None:
    """Stop all traffic; what changes here meanwhile waits. Raises ValidationError unless the connection is active."""
    changed = Connection.objects.filter(pk=connection.pk, state=STATE.ACTIVE).update(
        state=STATE.PAUSED, state_reason=reason[:500], lost_companies=[]
    )
    if not changed:
        raise ValidationError(_("Only an active connection can be paused."))


@transaction.atomic
def resume(connection: Connection) -> None:
    """Let traffic flow again, at once. Raises ValidationError unless the connection is paused."""
    changed = Connection.objects.filter(pk=connection.pk, state=STATE.PAUSED).update(
        state=STATE.ACTIVE, state_reason="", lost_companies=[]
    )
    if not changed:
        raise ValidationError(_("Only a paused connection can be resumed."))
    transaction.on_commit(_ring)


def sync_now(connection: Connection) -> None:
    """Wake the workers to send, read back and poll at once; returns before they do.

    Raises ValidationError when the connection is not active or the workers cannot be reached.
    """
    if connection.state != STATE.ACTIVE:
        raise ValidationError(_("This connection is not active. Resume it first."))
    if not _ring():
        raise ValidationError(_("The workers cannot be reached now. They also start by themselves every minute."))


def _ring() -> bool:
    try:
        current_app.send_task("integrations.push_due", retry=False)
        current_app.send_task("integrations.read_back", retry=False)
        current_app.send_task("integrations.poll_due", kwargs={"at_once": True}, retry=False)
    except Exception as error:  # the broker's own exceptions differ by transport; beat rings too
        logger.warning("sync.ring_failed", extra={"error": type(error).__name__})
        return False
    return True

"""What a person does with messages that were set aside."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import eventlog, outbox
from integrations.mailbox import hints
from integrations.models import InboxMessage, OutboxMessage
from integrations.models.collisions import decision

STATUS = OutboxMessage.Status


def send_again(message: OutboxMessage) -> bool:
    """Put a parked message back, due now and with a clean slate.

    Returns False when a newer message of the same record waits already: that one tells all, and this one ends as
    superseded. Raises ValidationError when the message is not parked.
    """
    parked = OutboxMessage.objects.filter(pk=message.pk, status=STATUS.PARKED)
    key = outbox.waiting_key(message.connection_id, message.remote_model, message.object_uuid)
    try:
        with transaction.atomic():
            moved = parked.update(
                status=STATUS.WAITING,
                waiting_key=key,
                due_at=timezone.now(),
                touched_at=timezone.now(),
                refusals=0,
                conflicts=0,
                attempts=0,
                reason=OutboxMessage.Reason.NONE,
                explanation="",
                settled_at=None,
            )
            outbox.ring(message.connection_id, message.remote_model)
    except IntegrityError:
        parked.update(status=STATUS.SUPERSEDED, settled_at=timezone.now())
        return False
    if not moved:
        raise ValidationError(_("Only a parked message can be sent again."))
    return True


@decision
def drop(message: OutboxMessage, *, why: str, actor: Any) -> None:
    """End a parked message unsent, and keep who did it and why. Raises ValidationError when it is not parked."""
    why = why.strip()
    if not why:
        raise ValidationError(_("Say why this message is dropped."))
    words = _("%(who)s: %(why)s") % {"who": actor, "why": why}
    if message.explanation:
        words = f"{words}\n{message.explanation}"
    dropped = OutboxMessage.objects.filter(pk=message.pk, status=STATUS.PARKED).update(
        status=STATUS.DROPPED, explanation=words, settled_at=timezone.now()
    )
    if not dropped:
        raise ValidationError(_("Only a parked message can be dropped."))
    said = _("A person dropped message %(number)d.") % {"number": message.pk}
    eventlog.note(message.connection, "message dropped", said, remote_model=message.remote_model)


@decision
def read_again(message: InboxMessage) -> None:
    """Ask Odoo once more for a record that could not be kept here. Raises ValidationError when it is not parked."""
    moved = InboxMessage.objects.filter(pk=message.pk, status=InboxMessage.Status.PARKED).update(
        status=InboxMessage.Status.WAITING, due_at=timezone.now(), tries=0, explanation="", settled_at=None
    )
    if not moved:
        raise ValidationError(_("Only a parked message can be read again."))
    hints.ring()

"""How the sync stands, in one figure on the first page and in the top bar of all pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.registry import HomeTile, register_home_tiles
from integrations.models import Conflict, Connection, InboxMessage, OutboxMessage

MOST = 1000


def register() -> None:
    """Join the first page and the top bar; called once when the app is ready."""
    register_home_tiles(sync_tile, in_top_bar=True)


def sync_tile(user: Any) -> list[HomeTile]:
    """What waits for a person, or for Odoo; the link is for those who may open the sync's pages. Five queries."""
    connection = Connection.live()
    if connection is None:
        return []
    title, icon = "Odoo", "sync"
    opens = user.has_perm("integrations.view_syncrun")
    page = reverse("sync:health") if opens else ""
    if connection.state == Connection.State.PAUSED:
        return [HomeTile(title, _("Paused"), page, icon, alert=True)]
    conflicts = _some(Conflict.objects.filter(connection=connection, status=Conflict.Status.OPEN))
    if conflicts:
        words = ngettext("%(n)s conflict", "%(n)s conflicts", conflicts) % {"n": _figure(conflicts)}
        return [HomeTile(title, words, reverse("sync:conflicts") if opens else "", icon, alert=True)]
    parked = _some(OutboxMessage.objects.filter(connection=connection, status=OutboxMessage.Status.PARKED))
    parked += _some(InboxMessage.objects.filter(connection=connection, status=InboxMessage.Status.PARKED))
    if parked:
        words = ngettext("%(n)s set aside", "%(n)s set aside", parked) % {"n": _figure(parked)}
        return [HomeTile(title, words, reverse("sync:parked") if opens else "", icon, alert=True)]
    waiting = _some(OutboxMessage.objects.filter(connection=connection, status=OutboxMessage.Status.WAITING))
    words = _("%(n)s on the way") % {"n": _figure(waiting)} if waiting else _("In step")
    return [HomeTile(title, words, page, icon)]


def _some(rows: Any) -> int:
    """How many rows, MOST + 1 for more. One query that reads no further."""
    return int(rows.order_by()[: MOST + 1].count())


def _figure(count: int) -> str:
    return f"{MOST}+" if count > MOST else str(count)

"""The sync chip on record pages, and what vanished from Odoo on the sync page; both join through registries."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import registry
from crm.icons import icon
from crm.models import Record
from integrations.counting.measures import Measure, register_measures
from integrations.models import Conflict, Connection, MissingRecord, OutboxMessage, SafetyStop
from integrations.standing.sync_state import Standing, SyncState, sync_states

# Icon and tone of each standing; the words always stand beside them.
LOOKS = {
    Standing.IN_STEP: ("circle-check", "good"),
    Standing.WAITING: ("clock", "quiet"),
    Standing.CONFLICT: ("arrows-split", "bad"),
    Standing.PARKED: ("alert-circle", "bad"),
    Standing.AWAY: ("cloud-off", "warn"),
    Standing.HELD: ("git-merge", "warn"),
    Standing.OFF: ("link-off", "quiet"),
}


def register() -> None:
    """Join the record pages and the sync page; called once when the app is ready."""
    registry.register_record_panel(sync_panel)
    registry.register_list_badges(sync_badges)
    register_measures(missing_records)


def sync_panel(record: Record, user: Any) -> SafeString:
    """The chip, why it is so, the link to settle it (for those who may see it) and the link to Odoo. Eight queries."""
    state = sync_states([record]).get(record.uuid)
    if state is None:
        return SafeString("")
    drawing, tone = LOOKS[state.standing]
    settle_url = _page_of(state.cause, user) if state.cause is not None else ""
    return render_to_string(
        "admin/sync/_panel.html", {"state": state, "drawing": drawing, "tone": tone, "settle_url": settle_url}
    )


def sync_badges(records: Sequence[Record]) -> Mapping[uuid.UUID, SafeString]:
    """A chip per row of a list, its explanation on hover. Eight queries, however many rows."""
    return {key: _badge(state) for key, state in sync_states(records).items()}


def _badge(state: SyncState) -> SafeString:
    drawing, tone = LOOKS[state.standing]
    return format_html(
        '<span class="tandem-chip tandem-chip-{}" title="{}">{} {}</span>',
        tone,
        state.explanation,
        icon(drawing),
        state.words,
    )


def missing_records(connection: Connection) -> Iterator[Measure]:
    """What vanished from Odoo and waits for a person; nothing when nothing does. Two queries."""
    waiting = MissingRecord.objects.filter(connection=connection, status=MissingRecord.Status.OPEN).count()
    if waiting:
        yield Measure(
            title=_("Deleted, hidden or merged in Odoo"),
            figure=str(waiting),
            sentence=_("A person decides what becomes of them here."),
            tone="warn",
            url=reverse("sync:deleted"),
        )
    stopped = SafetyStop.objects.filter(connection=connection, status=SafetyStop.Status.OPEN).count()
    if stopped:
        yield Measure(
            title=_("Safety stops"),
            figure=str(stopped),
            sentence=_("Many records vanished at once. Nothing happens to them until a person has answered."),
            tone="bad",
            url=reverse("sync:stops"),
        )


def _page_of(row: Any, user: Any) -> str:
    """Where a message, conflict or binding is looked at and settled; "" for somebody who may not open it."""
    opts = row._meta
    if not user.has_perm(f"{opts.app_label}.view_{opts.model_name}"):
        return ""
    if isinstance(row, Conflict):
        return f"{reverse('sync:conflicts')}?record={row.object_uuid}"
    if isinstance(row, OutboxMessage) and row.status == OutboxMessage.Status.PARKED:
        return reverse("sync:parked-message", args=(row.pk,))
    if isinstance(row, MissingRecord):
        merged = row.kind == MissingRecord.Kind.MERGED
        hidden = "?show=hidden" if row.kind == MissingRecord.Kind.HIDDEN else ""
        return f"{reverse('sync:merged' if merged else 'sync:deleted')}{hidden}"
    try:
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(row.pk,))
    except NoReverseMatch:
        return ""

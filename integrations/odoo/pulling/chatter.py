"""What Odoo's chatter holds of records that are here: messages and activities, read-only on the timeline (rule 11)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import partial
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from crm.html import sanitise
from crm.models import CommunicationLog, Task
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.leases import lease
from integrations.models import Binding, PullCursor, external_name
from integrations.models.bulk import insert_rows
from integrations.odoo.applying.build import moment
from integrations.odoo.wire.session import Session

MESSAGE, ACTIVITY = "mail.message", "mail.activity"
CARRIERS = ("res.partner", "crm.lead")
# Ids are given before the commit: a message with a lower id may appear after one with a higher.
ID_OVERLAP = 500
MESSAGE_FIELDS = ("model", "res_id", "subject", "body", "author_id", "email_from", "date", "message_type")
ACTIVITY_FIELDS = ("res_model", "res_id", "summary", "note", "date_deadline", "user_id", "write_date")
Row = Mapping[str, Any]
Carriers = dict[tuple[str, int], Any]


def pull_chatter(session: Session) -> int:
    """Bring new messages and open activities here; returns how many are new. Two calls when nothing changed."""
    with lease(f"pull:{session.connection.pk}:chatter") as held:
        if held is None:
            return 0
        return _pull_messages(session) + _pull_activities(session)


# --- messages ---


def _pull_messages(session: Session) -> int:
    cursor, _made = PullCursor.objects.get_or_create(connection=session.connection, remote_model=MESSAGE)
    made = 0
    start = max(cursor.last_id - ID_OVERLAP, 0)
    while True:
        mark, before = session.log.mark(), made
        domain = [["id", ">", start], ["model", "in", list(CARRIERS)], ["message_type", "!=", "user_notification"]]
        size = session.reading(MESSAGE).size
        rows = session.paced(MESSAGE, size, partial(_named, session, MESSAGE, domain, MESSAGE_FIELDS, limit=size))
        if rows is None:
            continue
        made += _store(session, MESSAGE, rows)
        if made == before:
            session.log.idle(mark)
        if rows:
            start = rows[-1]["id"]
            cursor.last_id = max(cursor.last_id, start)
        cursor.polled_at, cursor.phase = timezone.now(), PullCursor.Phase.POLLING
        cursor.save(update_fields=["last_id", "polled_at", "phase"])
        if len(rows) < size:
            return made


def _named(
    session: Session, model: str, domain: list[Any], fields: Sequence[str], *, limit: int | None = None
) -> list[dict[str, Any]]:
    """Rows with names beside ids: the people who wrote them need not be here."""
    options = {"fields": list(fields), "order": "id", **({"limit": limit} if limit else {})}
    found: list[dict[str, Any]] = session.client.call(
        model, "search_read", [domain], options, context=session.read_context
    )
    return found


# --- activities ---


def _pull_activities(session: Session) -> int:
    """Open activities by id: what is not open any more was done, or deleted, and both mean done."""
    domain = [["res_model", "in", list(CARRIERS)]]
    context = {**session.read_context, "active_test": True}
    mark = session.log.mark()
    rows = session.client.search_read(ACTIVITY, domain, ["write_date"], order="id", context=context)
    there = {row["id"]: moment(row["write_date"]) for row in rows}
    mine = {
        binding.remote_id: binding
        for binding in Binding.objects.filter(
            connection=session.connection,
            remote_model=ACTIVITY,
            remote_id__isnull=False,
            state=Binding.State.BOUND,
        )
    }
    gone = [binding for remote_id, binding in mine.items() if remote_id not in there]
    _close(gone)
    tasks = ContentType.objects.get_for_model(Task).pk
    wanted = [
        remote_id
        for remote_id, written in there.items()
        if remote_id not in mine
        or (mine[remote_id].content_type_id != tasks and mine[remote_id].remote_write_date != written)
    ]
    if not gone and not wanted:
        session.log.idle(mark)
    made = 0
    while wanted:
        ids = wanted[: session.reading(ACTIVITY).size]
        ask = partial(_named, session, ACTIVITY, [["id", "in", ids]], ACTIVITY_FIELDS)
        if (found := session.paced(ACTIVITY, len(ids), ask)) is not None:
            made += _store(session, ACTIVITY, found)
            wanted = wanted[len(ids) :]
    return made


def _close(bindings: Sequence[Binding]) -> None:
    """Tasks whose activity is gone are done; activities that only Odoo knew leave the timeline."""
    if not bindings:
        return
    now = timezone.now()
    with transaction.atomic():
        for obj in objects_of(bindings, lock=True).values():
            if isinstance(obj, Task) and obj.done_at is None:
                obj.done_at, obj.version, obj.updated_at = now, obj.version + 1, now
                obj.save(update_fields=["done_at", "version", "updated_at"])
            elif isinstance(obj, CommunicationLog) and obj.archived_at is None:
                obj.archived_at = now
                obj.save(update_fields=["archived_at"])
        Binding.objects.filter(pk__in=[binding.pk for binding in bindings]).update(state=Binding.State.GONE)


# --- keeping ---


def _store(session: Session, model: str, rows: Sequence[Row]) -> int:
    """Keep what belongs to records that are here; our own messages are known by their binding. Returns how many."""
    if not rows:
        return 0
    carriers = _carriers(session, rows)
    bound = set(
        Binding.objects.filter(
            connection=session.connection, remote_model=model, remote_id__in=[row["id"] for row in rows]
        ).values_list("remote_id", flat=True)
    )
    new = [row for row in rows if row["id"] not in bound and _carrier(carriers, row) is not None]
    strange = {row["id"] for row in _without_ours(session, model, new)}
    with transaction.atomic():
        known = {
            binding.remote_id: binding
            for binding in Binding.objects.select_for_update().filter(
                connection=session.connection, remote_model=model, remote_id__in=[row["id"] for row in rows]
            )
        }
        fresh = [row for row in new if row["id"] in strange and row["id"] not in known]
        logs = [_log(row, model, _carrier(carriers, row)) for row in fresh]
        insert_rows(logs)
        content_type = ContentType.objects.get_for_model(CommunicationLog)
        insert_rows(
            [
                Binding(
                    connection=session.connection,
                    remote_model=model,
                    remote_id=row["id"],
                    content_type=content_type,
                    object_uuid=log.uuid,
                    external_name=external_name(model, log.uuid),
                    state=Binding.State.BOUND,
                    confirmed=True,
                    remote_write_date=moment(row["write_date"]) if row.get("write_date") else None,
                )
                for row, log in zip(fresh, logs, strict=True)
            ]
        )
        _refresh([(row, known[row["id"]]) for row in rows if row["id"] in known], model, carriers)
    return len(logs)


def _without_ours(session: Session, model: str, rows: list[Row]) -> list[Row]:
    """Leave out what carries our external id and is not bound yet: its own answer is still under way."""
    if (
        not rows
        or not Binding.objects.filter(connection=session.connection, remote_model=model, remote_id=None).exists()
    ):
        return rows
    found = session.client.get_external_ids(model, [row["id"] for row in rows])
    prefix = f"{session.connection.prefix}."
    return [row for row in rows if not (found.get(row["id"]) or "").startswith(prefix)]


def _refresh(pairs: Iterable[tuple[Row, Binding]], model: str, carriers: Carriers) -> None:
    """An activity of Odoo's that was edited there; messages do not change."""
    changed = [(row, binding) for row, binding in pairs if model == ACTIVITY and _carrier(carriers, row) is not None]
    logs = objects_of([binding for _row, binding in changed], lock=True)
    for row, binding in changed:
        log = logs.get(binding.object_uuid)
        if isinstance(log, CommunicationLog):
            new = _log(row, model, _carrier(carriers, row))
            CommunicationLog.objects.filter(pk=log.pk).update(
                subject=new.subject, body=new.body, author_name=new.author_name, happened_at=new.happened_at
            )
            Binding.objects.filter(pk=binding.pk).update(remote_write_date=moment(row["write_date"]))


def _carriers(session: Session, rows: Sequence[Row]) -> Carriers:
    """The objects here that these rows hang on, by Odoo model and id. One query per model and table."""
    found: Carriers = {}
    for model in CARRIERS:
        ids = {row["res_id"] for row in rows if (row.get("model") or row.get("res_model")) == model}
        bindings = list(Binding.objects.filter(connection=session.connection, remote_model=model, remote_id__in=ids))
        objects = objects_of(bindings)
        for binding in bindings:
            if binding.object_uuid in objects and binding.remote_id is not None:
                found[model, binding.remote_id] = objects[binding.object_uuid]
    return found


def _carrier(carriers: Carriers, row: Row) -> Any:
    return carriers.get((row.get("model") or row.get("res_model") or "", row["res_id"]))


def _log(row: Row, model: str, carrier: Any) -> CommunicationLog:
    link = {str(carrier._meta.model_name): carrier}
    if model == MESSAGE:
        mail = row.get("message_type") in ("email", "email_outgoing")
        log = CommunicationLog(
            uuid=uuid.uuid4(),
            channel=CommunicationLog.Channel.EMAIL if mail else CommunicationLog.Channel.ODOO_MESSAGE,
            subject=str(row.get("subject") or "")[:255],
            body=sanitise(row.get("body") or ""),
            author_name=(_name(row.get("author_id")) or str(row.get("email_from") or ""))[:255],
            happened_at=moment(row["date"]),
            **link,
        )
    else:
        log = CommunicationLog(
            uuid=uuid.uuid4(),
            channel=CommunicationLog.Channel.ODOO_ACTIVITY,
            subject=str(row.get("summary") or "")[:255],
            body=sanitise(row.get("note") or ""),
            author_name=_name(row.get("user_id"))[:255],
            happened_at=_noon(row["date_deadline"]),
            **link,
        )
    log.search_text = log.build_search_text()
    return log


def _name(value: Any) -> str:
    return str(value[1]) if isinstance(value, list) and len(value) == 2 else ""


def _noon(day: str) -> datetime:
    """A deadline is a day; noon in the house's zone stands on that day for most of the world."""
    return timezone.make_aware(datetime.combine(datetime.fromisoformat(day), time(12)))

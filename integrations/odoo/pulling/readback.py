"""Working off webhook hints: read the record later, debounced, until it shows a change (rule 18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Task
from crm.services import notes
from integrations.counting import hookwatch
from integrations.mailbox import hints, runs
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.leases import lease
from integrations.models import Binding, InboxMessage, OutboxMessage, SyncRun
from integrations.odoo.applying.apply import Applier, fetch_ours
from integrations.odoo.applying.build import moment
from integrations.odoo.applying.report import Report
from integrations.odoo.mappers import ModelMap
from integrations.odoo.pulling.references import ensure_known
from integrations.odoo.wire.domains import same_text
from integrations.odoo.wire.session import Session

# Before Odoo's commit (17, 18) a read shows the old row, which settles nothing: look again after these delays.
DELAYS = (0.3, 1.0, 3.0, 10.0)
BATCH = 200
# One record: read when its hints have been quiet for so long, but at the latest after so long.
QUIET, LONGEST = timedelta(seconds=0.3), timedelta(seconds=2)
# The same body again within this window tells nothing new.
REPLAY_WINDOW = timedelta(seconds=300)
REPEATED_LOOKS = 2
STATUS = InboxMessage.Status
SEEN = ("remote_id", "remote_write_date", "seen_at")


def anything_due() -> bool:
    """Whether a hint waits. One query."""
    return InboxMessage.objects.filter(status=STATUS.WAITING, due_at__lte=timezone.now()).exists()


def work_off(session: Session) -> int:
    """Read back what is due, once per record however many copies arrived; returns the number of records read."""
    count = 0
    while anything_due():  # also what came due while the lease was given back, whose bell nobody heard
        with lease(f"hooks:{session.connection.pk}") as held:
            if held is None:
                break
            while due := _due():
                held.renew()
                for remote_model, messages in due.items():
                    count += _read_model(session, remote_model, _without_replays(session, remote_model, messages))
    return count


def _due() -> dict[str, list[InboxMessage]]:
    """What is due, by model, and with each record all its other copies that wait; what still pours in is left alone."""
    by_model: dict[str, list[InboxMessage]] = defaultdict(list)
    waiting = InboxMessage.objects.filter(status=STATUS.WAITING)
    for message in waiting.filter(due_at__lte=timezone.now()).order_by("id")[:BATCH]:
        by_model[message.remote_model].append(message)
    for remote_model, messages in by_model.items():
        ids = {message.remote_id for message in messages if message.remote_id is not None}
        known = {message.pk for message in messages}
        copies = waiting.filter(remote_model=remote_model, remote_id__in=ids).exclude(pk__in=known)
        messages += copies.order_by("id")
        by_model[remote_model] = _settled_down(messages)
    return {remote_model: messages for remote_model, messages in by_model.items() if messages}


def _settled_down(messages: list[InboxMessage]) -> list[InboxMessage]:
    """Without the records of which hints still pour in: one read at the end of a storm serves all its copies."""
    moment = timezone.now()
    by_record: dict[int | None, list[InboxMessage]] = defaultdict(list)
    for message in messages:
        by_record[message.remote_id].append(message)
    ready: list[InboxMessage] = []
    for remote_id, copies in by_record.items():
        received = [copy.received_at for copy in copies]
        pouring = max(received) > moment - QUIET and min(received) > moment - LONGEST
        if remote_id is not None and len(copies) > 1 and pouring:
            _later(copies, QUIET, burn=False)
        else:
            ready += copies
    return ready


def _without_replays(session: Session, remote_model: str, messages: Sequence[InboxMessage]) -> list[InboxMessage]:
    """Settle copies of what has just been read: their body names the moment of the change, so it is the same news.

    A copy that names no moment may be another change with the same words: it is looked at, though not for long.
    """
    moment = timezone.now()
    digests = {message.digest for message in messages if message.digest and not message.body}
    if not digests:
        return list(messages)
    ids = {message.remote_id for message in messages}
    seen = set(
        InboxMessage.objects.filter(
            remote_model=remote_model,
            remote_id__in=ids,
            status=STATUS.DONE,
            digest__in=digests,
            settled_at__gte=moment - REPLAY_WINDOW,
        ).values_list("remote_id", "digest")
    )
    if not seen:
        return list(messages)
    again = [message for message in messages if (message.remote_id, message.digest) in seen]
    absorbed = [message for message in again if message.dated]
    for message in again:
        message.tries = max(message.tries, len(DELAYS) - REPEATED_LOOKS)
    if absorbed:
        _settle(absorbed, STATUS.DONE, _("The same news as an earlier copy."))
        count = len(absorbed)
        hookwatch.count_worked_off(session.connection, remote_model, received=count, reads=0, absorbed=count)
    gone = {message.pk for message in absorbed}
    return [message for message in messages if message.pk not in gone]


def _read_model(session: Session, remote_model: str, messages: Sequence[InboxMessage]) -> int:
    model_map = session.maps.of(remote_model)
    for message in messages:
        if message.remote_id is None:
            _find(session, message)
    by_id: dict[int, list[InboxMessage]] = defaultdict(list)
    for message in messages:
        if message.remote_id is not None:
            by_id[message.remote_id].append(message)
    mine = Binding.objects.filter(connection=session.connection, remote_model=remote_model)
    known = {one.remote_id: one for one in mine.filter(remote_id__in=by_id).only(*SEEN)}
    if by_id.keys() - known.keys() and _creating(session, remote_model):
        # An unknown id may be a record of ours whose answer is still under way: its bind comes first.
        for remote_id in by_id.keys() - known.keys():
            _later(by_id.pop(remote_id), timedelta(seconds=1), burn=False)
    if not by_id:
        return 0
    rows, report = _apply(session, model_map, list(by_id))
    news = {one.row["id"] for one in report.applied if one.created or one.merged.changes or one.merged.base_changed}
    for row in rows:
        before = known.get(row["id"])
        if before and (_moved(before, row) or _is_echo(session, before, row, by_id[row["id"]])):
            news.add(row["id"])
    found = {row["id"] for row in rows}
    ended: list[list[InboxMessage]] = []
    for remote_id, copies in by_id.items():
        _take_notes(session, remote_model, remote_id, copies)
        tries = min(copy.tries for copy in copies)
        if remote_id in report.overtaken:
            _later(copies, QUIET, burn=False)
        elif remote_id in news:
            _end(copies, STATUS.DONE, "")
            ended.append(copies)
        elif tries >= len(DELAYS):
            words = _("Odoo shows no change.") if remote_id in found else _("Odoo does not have this record.")
            _end(copies, STATUS.DROPPED, words)
            ended.append(copies)
        else:
            _later(copies, timedelta(seconds=DELAYS[tries]), burn=True)
    _count(session, remote_model, list(by_id.values()), ended)
    return len(by_id)


def _apply(session: Session, model_map: ModelMap, ids: Sequence[int]) -> tuple[list[dict[str, Any]], Report]:
    """Read these records and apply them, as a part of the hour's run; returns the raw rows too."""
    runs.close_dead(session.connection, [SyncRun.Kind.HOOK], model_map.remote_model)
    book = session.book = runs.open_hour(session.connection, SyncRun.Kind.HOOK, model_map.remote_model)
    report = Report()
    try:
        book.met(len(ids))
        applier = Applier(session, model_map)
        applier.counted = True
        rows = applier.read(ids)
        report.left_out = len(ids) - len(rows)
        book.settle(skipped=report.left_out)
        ensure_known(session, model_map, applier.refs, rows)
        report.add(applier.apply(rows, ours=fetch_ours(session, model_map, rows)))
    finally:
        session.book = None
        book.close(counts=report.counts())
    return rows, report


def _count(
    session: Session,
    remote_model: str,
    looked_at: Sequence[Sequence[InboxMessage]],
    ended: Sequence[Sequence[InboxMessage]],
) -> None:
    """Note in the day's figures what came from outside; what we asked for ourselves is no webhook."""
    reads = sum(any(copy.connection_id is None for copy in copies) for copies in looked_at)
    hooks = [sum(copy.connection_id is None for copy in copies) for copies in ended]
    if reads:
        absorbed = sum(count - 1 for count in hooks if count)
        hookwatch.count_worked_off(
            session.connection, remote_model, received=sum(hooks), reads=reads, absorbed=absorbed
        )


def _moved(before: Binding, row: dict[str, Any]) -> bool:
    return bool(row["write_date"]) and before.remote_write_date != moment(row["write_date"])


def _is_echo(session: Session, before: Binding, row: dict[str, Any], copies: Sequence[InboxMessage]) -> bool:
    """Whether we wrote last, and saw our write after these hints came: it is what they told of (rule 15).

    A transaction of somebody else that called before its commit would have kept the record locked for ours.
    """
    seen = before.seen_at
    return seen is not None and row["write_uid"] == session.uid and all(copy.received_at <= seen for copy in copies)


def _creating(session: Session, remote_model: str) -> bool:
    return (
        OutboxMessage.objects.filter(
            connection=session.connection, remote_model=remote_model, status=OutboxMessage.Status.CLAIMED
        ).exists()
        or Binding.objects.filter(
            connection=session.connection, remote_model=remote_model, state=Binding.State.UNKNOWN
        ).exists()
    )


def _find(session: Session, message: InboxMessage) -> None:
    """A hint without id is looked up by e-mail; without one single hit it is only recorded."""
    email = str(message.body.get("email") or "")
    column = "email_from" if message.remote_model == "crm.lead" else "email"
    ids = (
        session.client.search(message.remote_model, [same_text(column, email)], limit=2, context=session.read_context)
        if email
        else []
    )
    if len(ids) == 1:
        message.remote_id = ids[0]
        message.save(update_fields=["remote_id"])
    else:
        _settle([message], STATUS.RECORDED, _("No record in Odoo, or more than one, has this e-mail."))


def _take_notes(session: Session, remote_model: str, remote_id: int, copies: Sequence[InboxMessage]) -> None:
    """A note in a hint exists nowhere else: it alone is taken, once per record, text and day."""
    texts = {str(copy.body["note"]): copy for copy in copies if copy.body.get("note") and not copy.body.get("kept")}
    if not texts:
        return
    binding = Binding.objects.filter(
        connection=session.connection, remote_model=remote_model, remote_id=remote_id
    ).first()
    target = objects_of([binding]).get(binding.object_uuid) if binding else None
    if target is None:
        return
    with transaction.atomic():
        for text, copy in texts.items():
            notes.keep_note(about=target, text=text, day=timezone.localdate(copy.received_at), task=_task_of(copy.body))
        for copy in copies:
            if copy.body.get("note"):
                copy.body = {**copy.body, "kept": True}
                copy.save(update_fields=["body"])


def _task_of(body: dict[str, object]) -> Task | None:
    barcode, task_id = str(body.get("barcode") or ""), body.get("task_id")
    if barcode:
        return Task.objects.filter(barcode=barcode).first()
    if isinstance(task_id, int):
        return Task.objects.filter(pk=task_id).first()
    return None


def _later(copies: Sequence[InboxMessage], after: timedelta, *, burn: bool) -> None:
    tries = min(copy.tries for copy in copies) + int(burn)
    InboxMessage.objects.filter(pk__in=[copy.pk for copy in copies]).update(due_at=timezone.now() + after, tries=tries)
    hints.ring(after)


def _end(copies: Sequence[InboxMessage], status: str, explanation: str) -> None:
    """Settle; a note that found no record to stand on exists nowhere else, and waits for a person."""
    homeless = [copy for copy in copies if copy.body.get("note") and not copy.body.get("kept")]
    if homeless:
        words = _("This note came for a record that is not here.")
        _settle(homeless, STATUS.PARKED, f"{words} {explanation}".strip())
    _settle([copy for copy in copies if copy not in homeless], status, explanation)


def _settle(copies: Sequence[InboxMessage], status: str, explanation: str) -> None:
    InboxMessage.objects.filter(pk__in=[copy.pk for copy in copies]).update(
        status=status, explanation=explanation, settled_at=timezone.now()
    )

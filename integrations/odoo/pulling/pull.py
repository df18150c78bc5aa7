"""Bringing Odoo's records here: the first time by id, then by write_date with overlap (rule 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations import outbox
from integrations.counting import hookwatch
from integrations.errors import IntegrationError
from integrations.mailbox import runs
from integrations.mailbox.leases import Held, lease
from integrations.models import Binding, Connection, MatchCandidate, PullCursor, SyncRun
from integrations.models.bulk import note_growth
from integrations.odoo.applying import matching
from integrations.odoo.applying.apply import Applier, fetch_ours
from integrations.odoo.applying.build import moment
from integrations.odoo.applying.report import Report
from integrations.odoo.mappers import TWO_WAY, ModelMap
from integrations.odoo.mappers.kinds import odoo_time
from integrations.odoo.pulling import own_fields
from integrations.odoo.pulling.chatter import pull_chatter
from integrations.odoo.pulling.pages import pages
from integrations.odoo.pulling.references import ensure_known, refresh_all
from integrations.odoo.wire.session import Session

FIRST = PullCursor.Phase.FIRST
POLLING = PullCursor.Phase.POLLING
Progress = Callable[[str, int, int], None]


def scope(connection: Connection, model_map: ModelMap) -> list[Any]:
    """Which records of a model are ours to sync (rule 10)."""
    if model_map.remote_model != "res.partner":
        return []
    types = connection.partner_types or ["contact"]
    domain: list[Any] = [["type", "in", types], ["partner_share", "=", True]]
    if connection.own_partner_ids:
        domain.append(["id", "not in", connection.own_partner_ids])
    return domain


def chunk_size() -> int:
    """Rows of one transaction: below 150 ms on SQLite, whose writers wait for each other."""
    return 1000 if database.vendor == "postgresql" else 200


def cursor_of(connection: Connection, model_map: ModelMap) -> PullCursor:
    """The cursor of one model, made when missing."""
    return PullCursor.objects.get_or_create(connection=connection, remote_model=model_map.remote_model)[0]


def pull_all(session: Session, *, progress: Progress | None = None) -> Report:
    """Pull every model once, parents first. Models that another worker pulls are left to it."""
    report = Report()
    models = [one.remote_model for one in TWO_WAY]
    ended = PullCursor.objects.filter(connection=session.connection, phase=POLLING, remote_model__in=models)
    first = ended.count() < len(TWO_WAY)
    if first:
        refresh_all(session)
    for model_map in session.maps.two_way:
        report.add(pull_model(session, model_map, progress=progress))
    pull_chatter(session)
    return report


def pull_model(session: Session, model_map: ModelMap, *, progress: Progress | None = None) -> Report:
    """Pull one model: the first time all of it, resumable; then what changed. Empty when another worker is at it.

    Raises any IntegrationError; what was applied until then stays, and the next call goes on from there.
    """
    with lease(f"pull:{session.connection.pk}:{model_map.remote_model}") as held:
        if held is None:
            return Report()
        cursor = cursor_of(session.connection, model_map)
        own_fields.note_lacking(session, model_map, cursor)
        runs.close_dead(session.connection, runs.PULLS, model_map.remote_model)
        session.renewals.append(held.renew)
        try:
            if cursor.phase == FIRST:
                with in_run(session, SyncRun.Kind.FIRST, model_map) as run:
                    return run.did(_FirstPull(session, model_map, cursor, held, progress).run())
            report = _poll(session, model_map, cursor, held)
            report.add(_read_own(session, model_map, cursor, held))
            return report
        finally:
            session.renewals.remove(held.renew)


class Running:
    """A run of a pull or comparison while it lasts; `did` notes the report that its figures by name come from."""

    def __init__(self, book: runs.RunBook) -> None:
        self.book = book
        self.report = Report()

    def did(self, report: Report) -> Report:
        self.report = report
        return report


@contextmanager
def in_run(session: Session, kind: str, model_map: ModelMap, *, idle: bool = False) -> Iterator[Running]:
    """Let what is applied within the block belong to one new run, which ends with it, well or with an error.

    `idle`: forget the run when it found nothing but what was known. For the holder of the model's pull lease.
    """
    running = Running(runs.open_pull(session.connection, kind, model_map.remote_model))
    before, session.book = session.book, running.book
    try:
        yield running
    except Exception as error:
        words = error.message if isinstance(error, IntegrationError) else type(error).__name__
        running.book.close(counts=running.report.counts(), error=words)
        raise
    finally:
        session.book = before
    report = running.report
    nothing = not (report.created or report.updated or report.refused or report.conflicts)
    if not (idle and nothing and SyncRun.objects.filter(pk=running.book.pk, images=None, made=None).delete()[0]):
        running.book.close(counts=report.counts())


class _FirstPull:
    """All records of a model by id. Killed anywhere, it goes on after the last chunk that was committed."""

    def __init__(
        self, session: Session, model_map: ModelMap, cursor: PullCursor, held: Held, progress: Progress | None
    ) -> None:
        self.session = session
        self.map = model_map
        self.cursor = cursor
        self.held = held
        self.progress = progress
        self.domain = scope(session.connection, model_map)
        self.applier = Applier(session, model_map)
        self.applier.counted = True
        self.applier.overlap = timedelta(seconds=session.options.overlap_seconds)
        self.applier.seek_twins = False  # the first match has looked at all of them
        self.report = Report()

    def run(self) -> Report:
        if self.cursor.high_water is None:
            self._begin()
        coming = pages(
            self.session,
            self.map,
            self.domain,
            after=self.cursor.last_id,
            before_asking=lambda last_id: self.applier.watch(remote_id__gt=last_id),
        )
        for number, rows in enumerate(coming):
            self._page(rows)
            if number == 0:
                note_growth(Binding)  # or each page would read all bindings of the earlier ones
        note_growth(Binding, *(noun.model for noun in self.map.nouns))
        self.cursor.phase = POLLING
        self.cursor.polled_at = timezone.now()
        self.cursor.save(update_fields=["phase", "polled_at"])
        announce_unbound(self.session.connection, self.map)
        return self.report

    def _begin(self) -> None:
        """Before page one: Odoo's highest write_date, the number of records, and the first match.

        The newest record is read whole, so that a field that Odoo refuses is known before the pages.
        """
        newest = self.session.page(self.map, self.domain, order="write_date desc, id desc", limit=1)
        self.cursor.total = self.session.client.call(
            self.map.remote_model, "search_count", [self.domain], context=self.session.read_context
        )
        if self.map.remote_model == "res.partner":
            found = matching.plan(self.session, self.map, self.domain)
            matching.store(self.session.connection, self.map, found)
        self.cursor.high_water = moment(newest[0]["write_date"]) if newest else datetime(2000, 1, 1, tzinfo=UTC)
        self.cursor.own_read = own_fields.tokens(self.map)
        self.cursor.save(update_fields=["high_water", "total", "own_read"])

    def _page(self, rows: list[dict[str, Any]]) -> None:
        self.held.renew()
        if self.session.book:
            self.session.book.met(len(rows))
        ensure_known(self.session, self.map, self.applier.refs, rows)
        ours = fetch_ours(self.session, self.map, rows)
        for chunk in chunks(rows, chunk_size()):
            part = self.applier.apply(chunk, ours=ours)
            part.applied.clear()
            self.report.add(part)
            self.cursor.last_id = chunk[-1]["id"]
            self.cursor.done += len(chunk)
            self.cursor.save(update_fields=["last_id", "done"])
            if self.progress:
                self.progress(self.map.remote_model, self.cursor.done, max(self.cursor.total, self.cursor.done))
        self.session.log.flush()


def _poll(session: Session, model_map: ModelMap, cursor: PullCursor, held: Held) -> Report:
    """What changed since the cursor, less the overlap. One call when nothing did."""
    overlap = timedelta(seconds=session.options.overlap_seconds)
    since = (cursor.high_water or timezone.now()) - overlap
    domain = [["write_date", ">=", odoo_time(since)], *scope(session.connection, model_map)]
    mark = session.log.mark()
    rows = session.client.search_read(
        model_map.remote_model, domain, ["write_date"], order="id", context=session.read_context
    )
    now = timezone.now()
    ids = _changed(session.connection, model_map, rows, now - overlap)
    report = Report()
    if ids:
        with in_run(session, SyncRun.Kind.POLL, model_map, idle=True) as run:
            report = run.did(apply_ids(session, model_map, ids, held=held, confirm_before=now - overlap, counted=True))
    else:
        session.log.idle(mark)
    hookwatch.note_polled(session.connection, model_map.remote_model, _made_there(session, report))
    highest = max((moment(row["write_date"]) for row in rows), default=cursor.high_water)
    if cursor.high_water is None or (highest is not None and highest > cursor.high_water):
        cursor.high_water = highest
    cursor.polled_at = timezone.now()
    cursor.save(update_fields=["high_water", "polled_at"])
    return report


def _read_own(session: Session, model_map: ModelMap, cursor: PullCursor, held: Held) -> Report:
    """Read bound records for own fields that are new on the map; no run and no call when none is."""
    if not own_fields.unread(model_map, cursor):
        return Report()
    with in_run(session, SyncRun.Kind.POLL, model_map, idle=True) as run:
        read = partial(apply_ids, held=held, counted=True)
        return run.did(own_fields.read_new(session, model_map, cursor, read=read))


def _made_there(session: Session, report: Report) -> list[tuple[int, datetime]]:
    """What somebody else changed or made in Odoo, with the moment by our clock: a webhook should have told of it."""
    found: list[tuple[int, datetime]] = []
    for one in report.applied:
        theirs = one.row.get("write_date") and one.row.get("write_uid") != session.uid
        if theirs and (one.created or one.merged.changes):
            found.append((one.row["id"], moment(one.row["write_date"]) - session.clock_offset))
    return found


def _changed(
    connection: Connection, model_map: ModelMap, rows: Sequence[dict[str, Any]], confirm_before: datetime
) -> list[int]:
    """Ids to read: unknown ones, those with another write_date, and those not read again since the overlap passed."""
    mine = Binding.objects.filter(connection=connection, remote_model=model_map.remote_model)
    known: dict[int | None, datetime | None] = {}
    for part in chunks([row["id"] for row in rows], 5000):
        known.update(
            (remote_id, written)
            for remote_id, written in mine.filter(remote_id__in=part).values_list("remote_id", "remote_write_date")
        )
    waiting = set(
        MatchCandidate.objects.filter(
            connection=connection, remote_model=model_map.remote_model, status=MatchCandidate.Status.OPEN
        ).values_list("remote_id", flat=True)
    )
    ids = [row["id"] for row in rows if row["id"] not in waiting and known.get(row["id"]) != moment(row["write_date"])]
    unsure = mine.filter(confirmed=False, remote_id__isnull=False, seen_at__lt=confirm_before)
    again = [one for one in unsure.values_list("remote_id", flat=True)[:5000] if one is not None]
    return sorted({*ids, *again})


def apply_ids(
    session: Session,
    model_map: ModelMap,
    ids: Sequence[int],
    *,
    held: Held | None = None,
    confirm_before: datetime | None = None,
    counted: bool = False,
) -> Report:
    """Read these records and apply them, chunk by chunk. `counted`: they are what the session's run is about."""
    report = Report()
    if not ids:
        return report
    applier = Applier(session, model_map)
    applier.counted = counted
    book = session.book if counted else None
    if book:
        book.met(len(ids))
    for part in chunks(list(ids), chunk_size()):
        if held:
            held.renew()
        rows = applier.read(part)
        if book and len(rows) < len(part):
            report.left_out += len(part) - len(rows)
            book.settle(skipped=len(part) - len(rows))
        ensure_known(session, model_map, applier.refs, rows)
        applied = applier.apply(rows, ours=fetch_ours(session, model_map, rows))
        report.add(applied)
        if confirm_before is not None:
            Binding.objects.filter(
                connection=session.connection,
                remote_model=model_map.remote_model,
                remote_id__in=part,
                confirmed=False,
                seen_at__lt=confirm_before,
            ).exclude(remote_id__in=applied.overtaken).update(confirmed=True)
    return report


def announce_unbound(connection: Connection, model_map: ModelMap) -> int:
    """After a model's first pull: queue what was here before the connection was, except what a person must confirm."""
    held = set(
        Binding.objects.filter(
            connection=connection, remote_model=model_map.remote_model, state=Binding.State.HELD
        ).values_list("object_uuid", flat=True)
    )
    queued = 0
    for noun in model_map.nouns:
        if noun.label == "crm.Tag":
            continue
        waiting = [obj for obj in matching.unbound_objects(connection, noun) if obj.uuid not in held]
        for part in chunks(waiting, 500):
            with transaction.atomic():
                queued += outbox.announce(*part)
    return queued


def chunks(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """Cut a sequence into lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])

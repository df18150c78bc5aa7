"""One piece of work with one Odoo: the client, the context of every call, and the fields that exist there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar

from django.db import connection as database
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import options
from integrations.errors import AuthRejected, CompanyLost, FieldUnknown, RightMissing, TooLarge
from integrations.eventlog import EventLog
from integrations.mailbox.runs import RunBook
from integrations.models import BatchSize, Connection, Lane
from integrations.network.budget import Meter
from integrations.network.pace import Answer, Pace, timed
from integrations.odoo.mappers import Maps, ModelMap, maps_of
from integrations.odoo.wire import companies
from integrations.odoo.wire.client import CallInfo, CallRecord, OdooClient
from integrations.odoo.wire.clients import client_of, standing_context
from integrations.odoo.wire.schema import ABSENT, Dropped, Schema, SchemaView
from integrations.options import Options

logger = logging.getLogger(__name__)
WRITE_TIMEOUT = 90.0
# No tracking notes, no word to whom an activity is assigned, no invitation to whom a meeting is held with.
QUIET = {"tracking_disable": True, "mail_activity_quick_update": True, "no_mail_to_attendees": True}

T = TypeVar("T")
Rows = list[dict[str, Any]]

_clients: dict[tuple[Any, ...], OdooClient] = {}
_lock = threading.Lock()


class Session:
    """What push and pull need of one connection.

    Every read says `active_test: False`, so that archived records are seen; every call says UTC, the language and the
    companies, so that date-times, names and records of other companies are what they seem (rule 16). `lane` and `work`
    say for whom and for what its calls are counted.
    """

    def __init__(
        self, connection: Connection, client: OdooClient, *, lane: str = Lane.SYNC, work: str = "command"
    ) -> None:
        self.connection = connection
        self.client = client
        self.log = EventLog(connection)
        self.renewals: list[Callable[[], None]] = []
        self.book: RunBook | None = None
        self.meter = Meter(connection.pk, lane, work, keep=self.renew)
        self._reading: dict[str, Pace] = {}

    def renew(self) -> None:
        """Prolong the leases of what is under way. Raises LeaseLost."""
        for renew in self.renewals:
            renew()

    @cached_property
    def options(self) -> Options:
        """What the operator has set; read once per session, one query."""
        return options.read()

    @cached_property
    def maps(self) -> Maps:
        """What maps to what, as the connection said when the session began."""
        return maps_of(self.connection)

    @property
    def read_context(self) -> dict[str, Any]:
        """The context of reads."""
        return {**standing_context(self.connection), "active_test": False}

    @property
    def load_context(self) -> dict[str, Any]:
        """The context of loads; quiet unless the connection says loud."""
        context = self.read_context
        if self.connection.quiet:
            context.update(QUIET)
        return context

    @property
    def companies(self) -> list[int]:
        """The company records belong to, then all others of our user."""
        return companies.companies_of(self.connection)

    def refuse_lost_company(self) -> None:
        """Odoo has refused a row by its message: raise CompanyLost when a lost company is why. One call."""
        companies.refuse_lost(self.connection, self.client)

    @property
    def uid(self) -> int:
        """Our user's id in Odoo."""
        return self.connection.remote_uid or self.client.uid

    @property
    def clock_offset(self) -> timedelta:
        """Odoo's clock minus ours, as the last answer told."""
        return self.client.clock_offset or timedelta(0)

    def fields(self, model_map: ModelMap) -> tuple[str, ...]:
        """The fields of the map that exist in this Odoo."""
        return fitting(model_map, schema.fields_for(self.client, model_map.remote_model, model_map.remote_fields))

    def forget_fields(self, model_map: ModelMap) -> None:
        """Ask Odoo anew, next time, which fields this model has."""
        schema.forget(self.client, model_map.remote_model)

    def present(self, remote_model: str) -> tuple[str, ...]:
        """The mapped fields that exist in this Odoo, by model name."""
        return self.fields(self.maps.of(remote_model))

    def read(self, model_map: ModelMap, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Read mapped fields of these records, raw; missing and hidden ids are left out.

        One call; more if refused, and where Odoo is slow with so many or their answer is too large.
        """
        return self._in_parts(model_map.remote_model, ids, lambda part: self._read(model_map, part))

    def _read(self, model_map: ModelMap, ids: Sequence[int]) -> Rows:
        model, context = model_map.remote_model, self.read_context
        try:
            return self._with_fields(
                model_map,
                lambda fields: self.client.read(model, ids, fields, context=context),
                alone=len(ids) == 1,
            )
        except RightMissing:
            # One hidden record fails the read of all.
            seen = self.client.search(model, [["id", "in", list(ids)]], context=context)
            if len(seen) == len(ids):
                raise
            return self.client.read(model, seen, self.fields(model_map), context=context) if seen else []

    def reading(self, model: str) -> Pace:
        """How many records of a model are read in one call. One query the first time."""
        if model not in self._reading:
            most = self.options.page_size
            self._reading[model] = Pace(self.connection.pk, model, kind=BatchSize.Kind.READ, most=most)
        return self._reading[model]

    def _in_parts(self, model: str, ids: Sequence[int], read: Callable[[Sequence[int]], Rows]) -> Rows:
        found: Rows = []
        while ids:
            part = ids[: self.reading(model).size]
            rows = self.paced(model, len(part), lambda part=part: read(part))  # type: ignore[misc]
            if rows is not None:
                found += rows
                ids = ids[len(part) :]
        return found

    def paced(self, model: str, count: int, ask: Callable[[], Rows]) -> Rows | None:
        """Ask for so many records of a model; None when that was too much: its pace is slower now, ask for fewer.

        How long it takes sets the pace of the next ones. Raises what `ask` raises.
        """
        answer = self.timed(ask)
        return answer.get() if self.reading(model).judge(count, answer) else None

    def timed(self, ask: Callable[[], T]) -> Answer[T]:
        """Ask, and take the time without what was spent waiting for a permit."""
        waited = self.meter.waited
        answer = timed(ask)
        return replace(answer, seconds=answer.seconds - (self.meter.waited - waited))

    def read_fields(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Read these fields of any model, raw; missing and hidden ids are left out. One call, three if refused."""
        if not ids:
            return []
        try:
            return self.client.read(model, list(ids), fields, context=self.read_context)
        except RightMissing:
            seen = self.client.search(model, [["id", "in", list(ids)]], context=self.read_context)
            if len(seen) == len(set(ids)):
                raise
            return self.client.read(model, seen, fields, context=self.read_context) if seen else []

    def page(
        self,
        model_map: ModelMap,
        domain: Sequence[Any],
        *,
        only: Sequence[str] = (),
        order: str = "id",
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Read a page of mapped fields, or `only` these of them."""
        model, context = model_map.remote_model, self.read_context
        return self._with_fields(
            model_map,
            lambda fields: self.client.search_read(model, domain, fields, order=order, limit=limit, context=context),
            only=only,
            alone=limit == 1,
        )

    def _with_fields(
        self,
        model_map: ModelMap,
        ask: Callable[[Sequence[str]], Rows],
        *,
        only: Sequence[str] = (),
        alone: bool = False,
    ) -> Rows:
        """Ask with the mapped fields; once more without those that Odoo refuses to our user.

        `alone`: one record is asked for. If even that is too large an answer, its long texts are left out: what a row
        lacks is left alone on both sides, and the rest of the record and of its model goes on.
        """
        model, wanted = model_map.remote_model, only or model_map.remote_fields
        fields = fitting(model_map, schema.fields_for(self.client, model, wanted))
        try:
            return ask(fields)
        except FieldUnknown as error:
            return ask(fitting(model_map, schema.without(self.client, error, model, wanted)))
        except TooLarge:
            if not alone:
                raise
            logger.warning("read.without_long_texts", extra={"remote_model": model})
            return ask([name for name in fields if name not in model_map.long_texts])
        except RightMissing:
            refused = self._refused(model, fields) if self.client.check_access(model, "read") else []
            if not refused:
                raise
            return ask(fitting(model_map, schema.refuse(self.client, model, refused, wanted)))

    def _refused(self, model: str, fields: Sequence[str]) -> list[str]:
        """Which of these fields fail a read of any record, found half by half."""
        try:
            self.client.search_read(model, [], fields, limit=1, context=self.read_context)
        except RightMissing:
            middle = len(fields) // 2
            parts = (fields[:middle], fields[middle:])
            return [name for part in parts for name in self._refused(model, part)] if middle else list(fields)
        return []

    def load(self, model: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
        """One `load` call. A field that Odoo does not know any more is asked for before the next one."""
        try:
            return self.client.load(model, columns, rows, context=self.load_context)
        except FieldUnknown:
            schema.forget(self.client, model)
            raise


def _on_dropped(dropped: Dropped) -> None:
    """A field that is there and refused is told once; what a series does not have, the doctor tells."""
    session: Session | None = getattr(_current, "session", None)
    if session is not None and dropped.reason != ABSENT:
        session.log.notice(
            "field left out",
            f"Odoo does not give our user “{dropped.field}” of {dropped.model}: it is neither read nor written.",
            remote_model=dropped.model,
            once=True,
        )


# What is known of the fields of each Odoo; one for the process.
schema = Schema(on_dropped=_on_dropped)


def fitting(model_map: ModelMap, view: SchemaView) -> tuple[str, ...]:
    """The fields that exist and, where they are the user's own, still are what the map says.

    One that was deleted and made anew with another type must not meet values of the old one.
    """
    own = model_map.own
    return tuple(name for name in view.present if name not in own or view.infos[name].type == own[name].type)


@contextmanager
def open_session(connection: Connection, *, lane: str = Lane.SYNC, work: str = "command") -> Iterator[Session]:
    """A session whose client is kept for the process; what it logged is written at the end.

    A refused key pauses the connection and keeps everything (rule of the credentials), and so does a lost company: the
    error goes on.
    `lane` is "interactive" when a person waits for the answer.
    """
    session = Session(connection, _kept_client(connection), lane=lane, work=work)
    hooks = _Hooks(session)
    with hooks:
        try:
            yield session
        except AuthRejected as error:
            pause(connection, f"{error.message} {_refusal_of(connection)}")
            raise
        except CompanyLost as error:
            pause(connection, error.message, lost_companies=error.companies)
            raise
        finally:
            session.meter.close()
            session.log.flush()


def _refusal_of(connection: Connection) -> str:
    """Why the key may be refused, and where it is changed: Odoo answers the same in all cases."""
    ends = connection.key_ends_at
    if ends is not None and ends <= timezone.now():
        why = _("The key ended on %(day)s.") % {"day": f"{ends:%Y-%m-%d}"}
    else:
        why = _("The key has ended or was deleted, or it is a password, which two-factor login refuses.")
    return f"{why} {_('Change it under Odoo sync, API key; everything is kept.')}"


_current = threading.local()


class _Hooks:
    """Leads the kept client's reports to the session that this thread works in."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        self._before = getattr(_current, "session", None)
        _current.session = self._session

    def __exit__(self, *_error: object) -> None:
        _current.session = self._before


def in_thread(session: Session, function: Callable[..., T], *, writes: bool = False) -> Callable[..., T]:
    """The same function for another thread: its calls are logged with this session, its database connection closed.

    What its first call needs of the database is done here and now: it is permitted, and what must not run out while
    it `writes` is prolonged.
    """
    permit = session.meter.reserve()
    if writes:
        session.renew()

    def run(*args: Any, **kwargs: Any) -> T:
        with _Hooks(session):
            session.meter.lend(permit)
            try:
                return function(*args, **kwargs)
            finally:
                database.close()

    return run


def write_beside(session: Session, write: Callable[[], T], meanwhile: Callable[[], None]) -> T:
    """Make one writing call in another thread, and do `meanwhile` here until it is answered; that must not raise."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(in_thread(session, write, writes=True))
        meanwhile()
        return coming.result()


def _on_call(record: CallRecord) -> None:
    session: Session | None = getattr(_current, "session", None)
    if session is not None:
        session.meter.after(record)
        session.log.call(record)


def _before_call(info: CallInfo) -> None:
    session: Session | None = getattr(_current, "session", None)
    if session is None:
        return
    session.meter.before(info)
    if info.write and not session.meter.borrowed:
        session.renew()


def _kept_client(connection: Connection) -> OdooClient:
    key = (
        connection.pk,
        connection.url,
        connection.database,
        connection.username,
        connection.secret,
        connection.transport,
        connection.remote_uid,
        repr(standing_context(connection)),
    )
    with _lock:
        client = _clients.get(key)
        if client is None:
            client = _clients[key] = client_of(
                connection,
                name_companies=True,
                on_call=_on_call,
                before_call=_before_call,
                on_refused=lambda refused: companies.refuse_lost(connection, refused),
            )
        return client


def pause(connection: Connection, reason: str, *, lost_companies: Sequence[int] = ()) -> None:
    """Stop all traffic of a connection until a person mends the reason; nothing queued is lost."""
    Connection.objects.filter(pk=connection.pk, state=Connection.State.ACTIVE).update(
        state=Connection.State.PAUSED, state_reason=reason[:500], lost_companies=list(lost_companies)
    )

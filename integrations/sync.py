"""The pieces of work that keep both sides in step; what Celery, the command line and the pages call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from integrations.counting import hookwatch, tallies
from integrations.models import (
    CallMinute,
    Connection,
    HookDay,
    InboxMessage,
    IntegrationEvent,
    Lane,
    OutboxMessage,
    PullCursor,
)
from integrations.network import budget
from integrations.odoo.mappers import BY_MODEL, TWO_WAY
from integrations.odoo.pulling import chatter, pull, readback
from integrations.odoo.pushing import facts
from integrations.odoo.pushing.delivery import Pushed
from integrations.odoo.pushing.push import push_model
from integrations.odoo.settling import undo
from integrations.odoo.setup import keys
from integrations.odoo.vanished import compare
from integrations.odoo.wire import companies
from integrations.odoo.wire.clients import client_of
from integrations.odoo.wire.session import Session, open_session

KEEP = timedelta(days=30)
PRUNE_CHUNK = 2000
MOST_TURNS = 20
PUSH_ORDER = (*(one.remote_model for one in TWO_WAY), *facts.MODELS)


@contextmanager
def working_session(connection_id: int | None = None, *, work: str, lane: str = Lane.SYNC) -> Iterator[Session | None]:
    """A session on the live connection, or None while there is none, it is paused, or Odoo is left in peace.

    `work` and `lane` ("interactive" when a person waits) say how its calls are counted. After a circuit was opened one
    worker asks for the version first, before anything is claimed; the others go home meanwhile.
    """
    connection = Connection.live(secret=True)
    usable = connection is not None and connection.state == Connection.State.ACTIVE
    if connection is None or not usable or (connection_id is not None and connection.pk != connection_id):
        yield None
        return
    outlook = budget.outlook(connection)
    if outlook.wait is not None:
        yield None
        return
    with open_session(connection, lane=lane, work=work) as session:
        if outlook.probe:
            session.client.version(refresh=True)
        yield session


def push(connection_id: int, remote_model: str) -> None:
    """Send what is due of one model."""
    with working_session(connection_id, work="push") as session:
        if session is not None:
            _push(session, remote_model)


def _push(session: Session, remote_model: str) -> Pushed:
    if remote_model in BY_MODEL:
        return push_model(session, remote_model)
    return facts.push_facts(session, remote_model) if remote_model in facts.MODELS else Pushed()


def push_all(session: Session) -> Pushed:
    """Send everything due of every model, parents first, and again as long as something went: children follow."""
    total = Pushed()
    for _turn in range(MOST_TURNS):
        turn = Pushed()
        for remote_model in PUSH_ORDER:
            turn.add(_push(session, remote_model))
        total.add(turn)
        if not turn.sent:
            break
    return total


def push_due() -> None:
    """Send what is due of every model, parents first."""
    connection = Connection.live(secret=True)
    if connection is None or connection.state != Connection.State.ACTIVE:
        return
    # What is claimed is either under way, then its writer holds the lease, or its worker is gone.
    due = Q(status=OutboxMessage.Status.WAITING, due_at__lte=timezone.now()) | Q(status=OutboxMessage.Status.CLAIMED)
    waiting = set(
        OutboxMessage.objects.filter(due, connection=connection)
        .order_by()
        .values_list("remote_model", flat=True)
        .distinct()
    )
    if not waiting:
        return
    with working_session(work="push") as session:
        if session is not None:
            for remote_model in PUSH_ORDER:
                if remote_model in waiting:
                    _push(session, remote_model)


def poll_due(*, at_once: bool = False) -> None:
    """Pull every model whose last poll is older than the interval, or all; a first sync goes on where it stopped."""
    with working_session(work="poll") as session:
        if session is None:
            return
        hookwatch.judge(session.connection)
        before = timezone.now() - timedelta(seconds=0 if at_once else session.options.poll_seconds)
        fresh = set(
            PullCursor.objects.filter(
                connection=session.connection, phase=PullCursor.Phase.POLLING, polled_at__gt=before
            ).values_list("remote_model", flat=True)
        )
        due = [one for one in session.maps.two_way if one.remote_model not in fresh]
        if len(due) == len(session.maps.two_way):
            pull.pull_all(session)
        else:
            for model_map in due:
                pull.pull_model(session, model_map)
            if chatter.MESSAGE not in fresh:
                chatter.pull_chatter(session)


def read_back() -> None:
    """Work off due hints."""
    if not readback.anything_due():
        return
    with working_session(work="read_back") as session:
        if session is not None:
            readback.work_off(session)


def compare_ids() -> None:
    """Compare the ids of both sides, model by model."""
    with working_session(work="compare") as session:
        if session is not None:
            for model_map in session.maps.two_way:
                compare.compare_ids(session, model_map)


def sweep() -> None:
    """Compare all write_dates of both sides, model by model."""
    with working_session(work="sweep") as session:
        if session is not None:
            for model_map in session.maps.two_way:
                compare.sweep(session, model_map)


def check_key() -> None:
    """Ask when the API key ends; a warning stands in the events from 14 days before."""
    with working_session(work="key") as session:
        if session is not None:
            keys.watch(session.connection, session.client)


def look_for_companies() -> None:
    """A connection that was paused for a lost company goes on once our user has it again. One call, none otherwise."""
    connection = Connection.live(secret=True)
    if connection is None or connection.state != Connection.State.PAUSED or not connection.lost_companies:
        return
    client = client_of(connection, work="context")
    try:
        companies.look_again(connection, client)
    finally:
        client.close()


def prune() -> int:
    """Delete settled mail and events older than 30 days, in chunks; waiting and parked rows never go, totals stay."""
    before = timezone.now() - KEEP
    done = (OutboxMessage.Status.DONE, OutboxMessage.Status.SUPERSEDED, OutboxMessage.Status.DROPPED)
    heard = (InboxMessage.Status.DONE, InboxMessage.Status.DROPPED, InboxMessage.Status.RECORDED)
    deleted = 0
    for rows in (
        OutboxMessage.objects.filter(status__in=done, settled_at__lt=before),
        InboxMessage.objects.filter(status__in=heard, settled_at__lt=before),
        IntegrationEvent.objects.filter(happened_at__lt=before),
        CallMinute.objects.filter(minute__lt=timezone.now() - budget.KEEP_USAGE),
        HookDay.objects.filter(day__lt=timezone.now() - hookwatch.KEEP),
    ):
        while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:PRUNE_CHUNK]):
            deleted += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return deleted + tallies.fold(before) + undo.prune(PRUNE_CHUNK)


def undo_due() -> None:
    """Go on with every undo that was asked for."""
    undo.work_off()

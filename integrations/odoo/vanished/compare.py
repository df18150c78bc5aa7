"""Comparing the ids, and at night the write_dates, of both sides: deletions leave no other trace (rules 4 and 14)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone

from integrations.mailbox.leases import lease
from integrations.mailbox.runs import PULLS, close_dead
from integrations.models import Binding, MatchCandidate, SyncRun
from integrations.odoo.applying.build import moment
from integrations.odoo.mappers import ModelMap
from integrations.odoo.pulling.pull import POLLING, apply_ids, cursor_of, in_run, scope
from integrations.odoo.vanished import gone, missing, stops
from integrations.odoo.wire.session import Session

AWAY = (Binding.State.HIDDEN, Binding.State.OUT_OF_SCOPE)


@dataclass
class Compared:
    """`missing`: bound ids that Odoo no longer lists; `extra`: ids we had not seen; `stopped`: too many are missing."""

    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    stopped: bool = False


def compare_ids(session: Session, model_map: ModelMap) -> Compared:
    """Find deletions and records that no poll saw. One call, and up to five per missing record.

    Too many missing at once look like a lost right, not like deletions: they stay as they are until a person has said
    what they are (`stops`); everything else goes on.
    """
    with lease(f"pull:{session.connection.pk}:{model_map.remote_model}") as held:
        cursor = cursor_of(session.connection, model_map)
        if held is None or cursor.phase != POLLING:
            return Compared()
        start = timezone.now()
        there = set(
            session.client.search(
                model_map.remote_model,
                scope(session.connection, model_map),
                order="id",
                context=session.read_context,
            )
        )
        mine = Binding.objects.filter(
            connection=session.connection,
            remote_model=model_map.remote_model,
            remote_id__isnull=False,
            created_at__lt=start,
        )
        here = {one: state for one, state in mine.values_list("remote_id", "state") if one is not None}
        compared = Compared(
            missing=sorted(i for i, state in here.items() if i not in there and state == Binding.State.BOUND),
            extra=sorted(there - here.keys() - _candidates(session, model_map)),
        )
        bound = sum(state == Binding.State.BOUND for state in here.values())
        weighed = stops.weigh(session, model_map, compared.missing, bound)
        compared.stopped = weighed.stopped
        back = sorted(i for i, state in here.items() if i in there and state in AWAY)
        close_dead(session.connection, PULLS, model_map.remote_model)
        if weighed.examine or compared.extra or back:
            with in_run(session, SyncRun.Kind.COMPARE, model_map) as run:
                run.book.met(len(weighed.examine))
                for binding in mine.filter(remote_id__in=weighed.examine):
                    held.renew()
                    gone.examine(session, model_map, binding)
                    run.book.settle(sent=1)
                run.did(apply_ids(session, model_map, [*compared.extra, *back], held=held, counted=True))
        missing.welcome_back(session.connection, model_map.remote_model)
        cursor.compared_at = timezone.now()
        cursor.save(update_fields=["compared_at"])
        return compared


def _candidates(session: Session, model_map: ModelMap) -> set[int]:
    return set(
        MatchCandidate.objects.filter(
            connection=session.connection, remote_model=model_map.remote_model, status=MatchCandidate.Status.OPEN
        ).values_list("remote_id", flat=True)
    )


def sweep(session: Session, model_map: ModelMap) -> int:
    """Read again every record whose write_date is not the one we know; returns how many. One call when none is.

    Finds what committed later than the overlap reaches back.
    """
    with lease(f"pull:{session.connection.pk}:{model_map.remote_model}") as held:
        if held is None or cursor_of(session.connection, model_map).phase != POLLING:
            return 0
        rows = session.client.search_read(
            model_map.remote_model,
            scope(session.connection, model_map),
            ["write_date"],
            order="id",
            context=session.read_context,
        )
        known = dict(
            Binding.objects.filter(
                connection=session.connection, remote_model=model_map.remote_model, remote_id__isnull=False
            ).values_list("remote_id", "remote_write_date")
        )
        waiting = _candidates(session, model_map)
        ids = [
            row["id"] for row in rows if row["id"] not in waiting and known.get(row["id"]) != moment(row["write_date"])
        ]
        apply_ids(session, model_map, ids, held=held)
        return len(ids)

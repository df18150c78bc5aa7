"""Applying Odoo's records here: one chunk, one transaction, from locks to commit (rule 6).

Everything that reads Odoo ends here: pull, webhook, the read before a push and the read after it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from crm.audit import coming_from
from crm.models import Origin
from integrations.errors import MISTAKES, place_of
from integrations.mailbox.steps import Step, reached
from integrations.models import Binding, MatchCandidate
from integrations.models.collisions import try_again
from integrations.odoo.applying import customers
from integrations.odoo.applying.chunk import Chunk
from integrations.odoo.applying.report import Refusal, Report, Row, park
from integrations.odoo.mappers import ModelMap
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.merge import Rules
from integrations.odoo.wire.session import Session

logger = logging.getLogger(__name__)


class Applier:
    """Applies chunks of one model. Keeps what it has looked up between chunks.

    `ours` maps Odoo ids that nobody here is bound to, but that carry one of our external ids, to that id (rule 3);
    the caller has asked Odoo before. `announce` queues records whose values here wait to be sent. What is written
    belongs to the session's run, if there is one; `counted` says that the run has met these rows.

    Several workers may read one record at the same time, and write it in another order: a row that was read by `read`,
    or after `watch`, is left out when its record has had another turn since (rule 6).
    """

    def __init__(self, session: Session, model_map: ModelMap, *, announce: bool = True) -> None:
        self.session = session
        self.connection = session.connection
        self.map = model_map
        self.refs = RefIndex(session.connection)
        self.rules = Rules.read(session.connection.field_rules)
        self.announce = announce
        self.book = session.book
        self.counted = False
        self.overlap = timedelta(0)
        self.seek_twins = True
        self.turns: dict[int, int] = {}
        self.watched = False

    @cached_property
    def open_candidates(self) -> set[int]:
        """Records that wait for a person to say whether they are ours."""
        return set(
            MatchCandidate.objects.filter(
                connection=self.connection,
                remote_model=self.map.remote_model,
                status=MatchCandidate.Status.OPEN,
            ).values_list("remote_id", flat=True)
        )

    def read(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Read mapped fields of these records, raw; missing and hidden ids are left out. One query beside the call."""
        self.watch(remote_id__in=ids)
        return self.session.read(self.map, ids)

    def watch(self, **which: Any) -> None:
        """Note the turns of these bindings, before their records are read. One query; an untouched one has none."""
        mine = Binding.objects.filter(connection=self.connection, remote_model=self.map.remote_model, **which)
        self.turns.update((one or 0, turn) for one, turn in mine.filter(turn__gt=0).values_list("remote_id", "turn"))
        self.watched = True

    def overtaken(self, binding: Binding) -> bool:
        """Whether what was read of this locked binding's record is older than what stands here."""
        return self.watched and binding.turn != self.turns.get(binding.remote_id or 0, 0)

    def apply(self, rows: Sequence[Row], *, ours: Mapping[int, str] | None = None) -> Report:
        """Merge and write these raw rows. A row that cannot be kept is parked, the others arrive.

        Locks bindings, then rows, each by primary key; a deadlock with a person's save is tried again.
        """
        distinct = list({row["id"]: row for row in rows}.values())
        if not distinct:
            return Report()
        reached(Step.READ)
        try:
            return self._retrying(distinct, ours or {})
        except (IntegrityError, DataError) as error:
            self.refs.clear()
            if len(distinct) == 1:
                return self._refuse(Refusal(distinct[0]["id"], _plain(error)))
        except (*MISTAKES, ObjectDoesNotExist, ValidationError) as error:
            logger.error("apply.failed", extra={"remote_model": self.map.remote_model, "error": place_of(error)})
            self.refs.clear()
            if len(distinct) == 1:
                return self._refuse(Refusal(distinct[0]["id"], _own_fault(error), ours=True))
        report = Report()
        for row in distinct:
            report.add(self.apply([row], ours=ours))
        return report

    def _retrying(self, rows: list[Row], ours: Mapping[int, str]) -> Report:
        def chunk() -> Report:
            report = Chunk(self, rows, ours).run()
            reached(Step.APPLIED)
            return report

        with coming_from(Origin.ODOO):
            return try_again(chunk, between=self.refs.clear, wait_for_disk=False)

    def _refuse(self, refusal: Refusal) -> Report:
        with transaction.atomic():
            park(
                self.connection.pk,
                self.map.remote_model,
                refusal.remote_id,
                refusal.sentence,
                run_id=self.book.pk if self.book else None,
            )
            if self.book and self.counted:
                self.book.settle(failed=1)
        return Report(refused=[refusal])


def _plain(error: Exception) -> str:
    return _("Tandem's database refused this record: %(reason)s") % {"reason": str(error).split("\n")[0]}


def _own_fault(error: Exception) -> str:
    return _("Tandem itself failed on this record: %(what)s.") % {"what": place_of(error)}


def fetch_ours(session: Session, model_map: ModelMap, rows: Sequence[Row]) -> dict[int, str]:
    """Ask Odoo which of these unbound records carry one of our external ids: id to the id's name (rule 3).

    Only records made by our own user can; one call for them all, none when there are none. New accounts and contacts
    that are the customers of leads converted on both sides are tied to their partners before (rule 9).
    """
    if rows and model_map.remote_model == customers.PARTNER:
        customers.bind_customers(session)
    mine = [row["id"] for row in rows if row.get("create_uid") == session.uid]
    if not mine:
        return {}
    bound = set(
        Binding.objects.filter(
            connection=session.connection, remote_model=model_map.remote_model, remote_id__in=mine
        ).values_list("remote_id", flat=True)
    )
    unknown = [remote_id for remote_id in mine if remote_id not in bound]
    if not unknown:
        return {}
    prefix = f"{session.connection.prefix}."
    found = session.client.get_external_ids(model_map.remote_model, unknown)
    return {remote_id: xid.removeprefix(prefix) for remote_id, xid in found.items() if xid and xid.startswith(prefix)}

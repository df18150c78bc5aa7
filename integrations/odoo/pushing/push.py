"""Telling Odoo what changed here: read, merge, write, bind, settle (rule 1)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import outbox
from integrations.errors import IntegrationError, place_of
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.leases import lease
from integrations.mailbox.runs import close_dead, image_under_way, keep_images
from integrations.mailbox.steps import Step, reached
from integrations.models import Binding, OutboxMessage, PullCursor, SyncRun
from integrations.models.bulk import update_rows
from integrations.models.collisions import try_again
from integrations.odoo.applying import customers, nouns
from integrations.odoo.applying.apply import Applier
from integrations.odoo.applying.report import Applied
from integrations.odoo.applying.tagging import TAG_MODELS, bind_by_name, load_tags
from integrations.odoo.mappers import ModelMap, NounMap
from integrations.odoo.mappers.kinds import Unresolved, store_sent
from integrations.odoo.pulling.references import ensure_known
from integrations.odoo.pushing import dependants, history, shared
from integrations.odoo.pushing.delivery import OUTCOME, OWN_FAULTS, REASON, STATUS, Delivery, Pushed, jitter
from integrations.odoo.pushing.outgoing import Line, batches, change_line, needs, new_line, pad_new
from integrations.odoo.vanished import gone, stops
from integrations.odoo.wire.session import Session

logger = logging.getLogger(__name__)
READ_BACK_AT = 1000


@dataclass
class Work:
    """One claimed message with what it is about."""

    message: OutboxMessage
    binding: Binding
    obj: Any
    noun: NounMap


def may_push(session: Session, remote_model: str) -> bool:
    """Nothing of a model leaves before its first pull has ended (rule 12)."""
    return PullCursor.objects.filter(
        connection=session.connection, remote_model=remote_model, phase=PullCursor.Phase.POLLING
    ).exists()


def push_model(session: Session, remote_model: str) -> Pushed:
    """Send everything due of one model; empty when another worker is at it or the first pull has not ended.

    Raises AuthRejected or ConfigError after everything claimed was put back.
    """
    if not may_push(session, remote_model):
        return Pushed()
    return deliver(session, StateDelivery(session, session.maps.of(remote_model)))


def deliver(session: Session, delivery: Delivery) -> Pushed:
    """Run a delivery under the lease of its model, and note it in the hour's run."""
    if not session.connection.push_enabled:
        return Pushed()
    with lease(f"push:{session.connection.pk}:{delivery.remote_model}") as held:
        if held is None:
            return Pushed()
        close_dead(session.connection, [SyncRun.Kind.PUSH], delivery.remote_model)
        outbox.take_over(session.connection, delivery.remote_model)
        session.renewals.append(held.renew)
        try:
            pushed = delivery.run()
        finally:
            session.renewals.remove(held.renew)
            delivery.leave_run()
    if not delivery.interrupted:
        outbox.ring_for_untried(session.connection, delivery.remote_model)
    return pushed


class StateDelivery(Delivery):
    """State messages of one mapped model."""

    def __init__(self, session: Session, model_map: ModelMap) -> None:
        super().__init__(session, model_map.remote_model)
        self.map = model_map
        self.applier = Applier(session, model_map, announce=False)
        self.refs = self.applier.refs
        self.to_read_back: list[int] = []
        self.arrived = 0
        self.leads: dict[int, Any] = {}
        self.held: shared.Held = {}

    def work(self, messages: list[OutboxMessage]) -> None:
        """New records in waves, parents before children and never in one call; then the known ones."""
        self.refs.look_again()
        self.applier.book = self.book
        ready = [
            work
            for work in self._prepare(messages)
            if work.binding.state != Binding.State.UNKNOWN or self.ask(work.message, work.binding)
        ]
        new = [work for work in ready if work.binding.remote_id is None]
        if new and self._bound_by_looking(new):
            for work in new:
                work.binding.refresh_from_db()
            new = [work for work in new if work.binding.remote_id is None]
        known = [work for work in ready if work.binding.remote_id is not None]
        while new:
            wave, new = self._wave(new)
            if wave:
                self._create(wave)
        if known:
            self._update(known)

    def _bound_by_looking(self, new: list[Work]) -> int:
        """Before something new is made in Odoo: is it there already? Returns how many were bound instead."""
        if self.remote_model == customers.PARTNER:
            return customers.bind_customers(self.session)
        if self.remote_model in TAG_MODELS:
            return bind_by_name(self.session, self.map, [(work.obj, work.binding) for work in new])
        return 0

    def _prepare(self, messages: list[OutboxMessage]) -> list[Work]:
        """Join messages, bindings and objects; what has lost its binding by a conversion is superseded."""
        bindings = {
            binding.object_uuid: binding
            for binding in Binding.objects.filter(
                connection=self.session.connection,
                remote_model=self.remote_model,
                object_uuid__in=[message.object_uuid for message in messages],
            )
        }
        objects = objects_of(bindings.values())
        ready: list[Work] = []
        for message in messages:
            binding, obj = bindings.get(message.object_uuid), objects.get(message.object_uuid)
            if binding is None or obj is None:
                self.done([message], status=STATUS.SUPERSEDED)
            elif binding.state == Binding.State.HELD:
                self.wait(message, timedelta(hours=1), _("a person to confirm a possible match"))
            elif binding.state == Binding.State.GONE:
                gone.ask_again(binding)
                self.park(message, REASON.DELETED, gone.sentence(Binding.State.GONE))
            else:
                ready.append(Work(message, binding, obj, self.map.noun_for(obj._meta.label)))
        for noun in self.map.nouns:
            mine = [work.obj for work in ready if work.noun is noun]
            if mine and noun.tag_field:
                load_tags(noun, mine)
        return ready

    # --- new records ---

    def _wave(self, new: list[Work]) -> tuple[list[Work], list[Work]]:
        """Split into those that can go now and those whose parent goes in this wave; the blocked are put back."""
        going = {(self.remote_model, f"{work.obj._meta.model_name}:{work.obj.pk}") for work in new}
        wave: list[Work] = []
        later: list[Work] = []
        for work in new:
            missing = needs(work.noun, work.obj, work.noun.outgoing_fields(), self.refs)
            if going & set(missing):
                later.append(work)
            elif blocked := dependants.waiting_for(self.session.connection, missing):
                self.wait(work.message, timedelta(seconds=2), blocked)
            else:
                wave.append(work)
        if not wave and len(later) == len(new):
            # A ring of parents cannot be: accounts know no cycles. Should one stand, its links stay out.
            return later, []
        return wave, later

    def _create(self, wave: list[Work]) -> None:
        lines = [new_line(self.session, work.message, work.binding, work.obj, work.noun, self.refs) for work in wave]
        leads = history.leads_of([work.obj for work in wave])
        for line in lines:
            if lead := leads.get(line.obj.pk):
                history.add_all(self.session, line, lead, self.refs)
        suspects = [line for line in lines if line.suspect]
        good = [line for line in lines if not line.suspect]
        pad_new(good)
        for line in lines:
            line.cells["id"] = f"{self.session.connection.prefix}.{line.binding.external_name}"
        self.load_each(batches(good, size=self.pace.size) + batches(suspects, size=1), key="id")

    def loaded(self, lines: list[Line], ids: Sequence[int]) -> None:
        """Bind, note what was sent, settle: one transaction, right after the answer."""
        fresh = [line.obj for line in lines if line.binding.remote_id is None]
        try_again(lambda: self._bind(lines, ids, fresh), wait_for_disk=False)
        reached(Step.DONE)
        for line in lines:
            line.message.claim_token = None
            self.refs.forget(self.remote_model, line.obj)
        self.arrived += len(fresh)
        self.pushed.sent += len(lines)
        self.to_read_back += ids

    def _bind(self, lines: list[Line], ids: Sequence[int], fresh: Sequence[Any]) -> None:
        mine = Binding.objects.select_for_update().filter(pk__in=[line.binding.pk for line in lines])
        locked = {binding.pk: binding for binding in mine.order_by("pk")}
        images = [image_under_way(binding) for binding in locked.values() if binding.under_way_image]
        for line, remote_id in zip(lines, ids, strict=True):
            binding = locked[line.binding.pk]
            binding.remote_id, binding.state = remote_id, Binding.State.BOUND
            binding.turn += 1
            binding.under_way = binding.under_way_image = binding.hold_until = None
            for one, here in line.sent.items():
                store_sent(one, binding.base, here)
        names = ["remote_id", "state", "base", "turn", "under_way", "under_way_image", "hold_until"]
        update_rows(list(locked.values()), names)
        keep_images(images)
        reached(Step.BOUND)
        outbox.settle(self.claim.token, [line.message for line in lines], status=STATUS.DONE, outcome=OUTCOME.SENT)
        dependants.announce_again(fresh)
        reached(Step.SETTLED)

    # --- known records ---

    def _update(self, known: list[Work]) -> None:
        if len(self.to_read_back) >= READ_BACK_AT:
            self._read_back()
        rows = self.applier.read([work.binding.remote_id for work in known if work.binding.remote_id])
        seen = {row["id"] for row in rows}
        ensure_known(self.session, self.map, self.refs, rows)
        report = self.applier.apply(rows)
        refused = {one.remote_id: one for one in report.refused}
        applied = {one.row["id"]: one for one in report.applied}
        self.leads = history.leads_of([one.obj for one in report.applied])
        self.held = shared.held_by_new_customers(self.session, report.applied, self.refs)
        lines: list[Line] = []
        done: list[OutboxMessage] = []
        for work in known:
            remote_id = work.binding.remote_id or 0
            if remote_id not in seen:
                self._vanished(work)
            elif remote_id in report.overtaken:
                self.wait(work.message, jitter(0.3), _("another look at the record"))
            elif refusal := refused.get(remote_id):
                self.park(work.message, REASON.INTERNAL if refusal.ours else REASON.BAD_DATA, refusal.sentence)
            elif line := self._line(work, applied[remote_id]):
                (lines if line.cells else done).append(line if line.cells else work.message)  # type: ignore[arg-type]
        self.done(done)
        alone = [line for line in lines if line.suspect]
        together = [line for line in lines if not line.suspect]
        for line in lines:
            line.cells[".id"] = str(line.binding.remote_id)
        self.load_each(batches(together, size=self.pace.size) + batches(alone, size=1), key=".id")

    def _line(self, work: Work, found: Applied) -> Line | None:
        """The row to send, maybe empty; None when the record was put back to wait."""
        outgoing = found.merged.outgoing
        if outgoing and found.binding.hold_until and found.binding.hold_until > timezone.now():
            self.wait(work.message, timedelta(seconds=5), _("an earlier write to Odoo to end"))
            return None
        missing = needs(found.noun, found.obj, outgoing, self.refs)
        if blocked := dependants.waiting_for(self.session.connection, missing):
            self.wait(work.message, timedelta(seconds=2), blocked)
            return None
        unsaid = shared.left_to_customer(outgoing, self.held, self.refs)
        line = change_line(self.session, work.message, found, outgoing, self.refs, unsaid=unsaid)
        if found.noun.label == history.OPPORTUNITY and (lead := self.leads.get(found.obj.pk)):
            history.add_changes(self.session, line, lead, found.row, self.refs)
        if nouns.FLIP in found.binding.base:
            line.cells[nouns.FLIP] = "True"  # a person has said that this is a company
        line.before = {
            one: before
            for one in line.sent
            if one.remote in found.noun.by_remote
            and not isinstance(before := one.incoming(one.canon_row(found.row), self.refs), Unresolved)
        }
        return line

    def _vanished(self, work: Work) -> None:
        if stops.holds(self.session.connection, self.remote_model, work.binding.remote_id or 0):
            self.wait(work.message, timedelta(hours=1), _("a person to answer the safety stop"))
            return
        verdict = gone.examine(self.session, self.map, work.binding)
        if verdict == Binding.State.BOUND:
            self.wait(work.message, timedelta(seconds=1), _("the record it was merged into"))
        else:
            self.park(work.message, gone.reason(verdict), gone.sentence(verdict))

    # --- reading back ---

    def spare_work(self) -> Callable[[], None] | None:
        return self._read_back_meanwhile if len(self.to_read_back) >= READ_BACK_AT else None

    def _read_back_meanwhile(self) -> None:
        try:
            self._read_back()
        except (IntegrationError, *OWN_FAULTS) as error:
            logger.warning("push.read_back", extra={"remote_model": self.remote_model, "error": place_of(error)})

    def at_end(self) -> None:
        if self.arrived:
            dependants.wake(self.session.connection)
        self._read_back()

    def _read_back(self) -> None:
        """Read what was sent, so that Odoo's form of it becomes the base (rule 1).

        Should this fail, the next poll does it: Odoo's write_date is not the one we know.
        """
        ids, self.to_read_back = list(dict.fromkeys(self.to_read_back)), []
        self.applier.announce = True
        try:
            for start in range(0, len(ids), READ_BACK_AT):
                rows = self.applier.read(ids[start : start + READ_BACK_AT])
                ensure_known(self.session, self.map, self.refs, rows)
                self.applier.apply(rows)
        finally:
            self.applier.announce = False

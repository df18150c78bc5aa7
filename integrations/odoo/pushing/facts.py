"""What happened once and must arrive once: notes, meetings, and tasks as activities (rules 2, 8 and 11)."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from crm.html import from_lines
from crm.models import Activity, Note, Task, User
from integrations import outbox
from integrations.errors import PermanentError, RecordMissing
from integrations.mailbox.bindings import objects_of
from integrations.mailbox.steps import Step, reached
from integrations.models import Binding, OutboxMessage
from integrations.odoo.mappers.kinds import odoo_time
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.pushing.delivery import OUTCOME, STATUS, Delivery, Pushed
from integrations.odoo.pushing.outgoing import Line, batches
from integrations.odoo.pushing.push import deliver
from integrations.odoo.wire.session import Session

MODELS = ("mail.message", "mail.activity", "calendar.event")
# In the order in which the chatter is chosen: the deal before the person before the company.
TARGETS = (("opportunity", "crm.lead"), ("lead", "crm.lead"), ("contact", "res.partner"), ("account", "res.partner"))
EXISTS = "Only administrators can modify"


def push_facts(session: Session, remote_model: str) -> Pushed:
    """Send what happened; empty when another worker is at it."""
    return deliver(session, FactDelivery(session, remote_model))


def target_of(obj: Any) -> tuple[str, Any] | None:
    """Where in Odoo something stands: the Odoo model, and the object here that it hangs on."""
    for name, remote_model in TARGETS:
        target = getattr(obj, name)
        if target is not None:
            return remote_model, getattr(target, "converted_opportunity", None) or target
    return None


class FactDelivery(Delivery):
    """Messages, activities and events, each made once under its external id."""

    def __init__(self, session: Session, remote_model: str) -> None:
        super().__init__(session, remote_model)
        self.refs = RefIndex(session.connection)

    def work(self, messages: list[OutboxMessage]) -> None:
        """Make what is not there yet; a task that was done here is done there."""
        bindings = {
            binding.object_uuid: binding
            for binding in Binding.objects.filter(
                connection=self.session.connection,
                remote_model=self.remote_model,
                object_uuid__in=[message.object_uuid for message in messages],
            )
        }
        objects = objects_of(bindings.values())
        lines: list[Line] = []
        for message in messages:
            binding, obj = bindings.get(message.object_uuid), objects.get(message.object_uuid)
            if binding is None or obj is None:
                self.done([message], status=STATUS.SUPERSEDED)
                continue
            if binding.state == Binding.State.UNKNOWN and not self._ask(message, binding, obj):
                continue
            if binding.remote_id is not None or binding.state == Binding.State.GONE:
                self._known(message, binding, obj)
            elif line := self._line(message, binding, obj):
                lines.append(line)
        alone = [line for line in lines if line.suspect]
        together = [line for line in lines if not line.suspect]
        for line in lines:
            line.cells["id"] = f"{self.session.connection.prefix}.{line.binding.external_name}"
        self.load_each(batches(together, size=50) + batches(alone, size=1), key="id")

    def _ask(self, message: OutboxMessage, binding: Binding, obj: Any) -> bool:
        """An activity vanishes when done (16, 18); its note, which the done message keeps, carries the external id."""
        if not self.ask(message, binding):
            return False
        if binding.remote_id is None and isinstance(obj, Task) and self._done_in_odoo(binding):
            self._close(binding, obj)
            self.done([message])
            return False
        return True

    def _done_in_odoo(self, binding: Binding) -> bool:
        found = self.session.client.search(
            "mail.message", [["body", "ilike", binding.external_name]], limit=1, context=self.session.read_context
        )
        return bool(found)

    def _line(self, message: OutboxMessage, binding: Binding, obj: Any) -> Line | None:
        """The row; None when its target is not in Odoo yet, or nothing is to be sent."""
        found = target_of(obj)
        if found is None or (isinstance(obj, Task) and obj.done_at):
            self.done([message])
            return None
        remote_model, target = found
        remote_id = self._remote_id(remote_model, target)
        if remote_id is None:
            self.wait(message, timedelta(seconds=3), f"{target._meta.verbose_name} “{target}”")
            return None
        line = Line(message, binding, obj, noun=None)  # type: ignore[arg-type]
        line.cells = _CELLS[type(obj)](self, obj, binding, remote_model, remote_id)
        return line

    def _remote_id(self, remote_model: str, target: Any) -> int | None:
        return (
            Binding.objects.filter(
                connection=self.session.connection,
                remote_model=remote_model,
                object_uuid=target.uuid,
                state=Binding.State.BOUND,
            )
            .values_list("remote_id", flat=True)
            .first()
        )

    def loaded(self, lines: list[Line], ids: Sequence[int]) -> None:
        """Bind and settle; what was read here stays as it was sent."""
        with transaction.atomic():
            for line, remote_id in zip(lines, ids, strict=True):
                Binding.objects.filter(pk=line.binding.pk).update(
                    remote_id=remote_id, state=Binding.State.BOUND, confirmed=True, seen_at=timezone.now()
                )
            reached(Step.BOUND)
            outbox.settle(self.claim.token, [line.message for line in lines], status=STATUS.DONE, outcome=OUTCOME.SENT)
            reached(Step.SETTLED)
        reached(Step.DONE)
        for line in lines:
            line.message.claim_token = None
        self.pushed.sent += len(lines)

    def refused(self, line: Line, words: str, *, key: str, set_up: bool = False) -> None:
        """18 and 19 refuse a message that exists already in these words: ask, and take the answer."""
        if EXISTS in words:
            answer = self.session.client.check_object_reference(
                self.session.connection.prefix, line.binding.external_name, context=self.session.read_context
            )
            if answer.status == "found" and answer.remote_id is not None:
                self.loaded([line], [answer.remote_id])
                return
        super().refused(line, words, key=key, set_up=set_up)

    def _known(self, message: OutboxMessage, binding: Binding, obj: Any) -> None:
        """It is there. Notes and meetings stay as they are; a task done here is done there."""
        if not (isinstance(obj, Task) and obj.done_at and binding.state == Binding.State.BOUND):
            self.done([message])
            return
        try:
            if message.attempts == 1 or self._still_open(binding):
                self.session.client.call(
                    "mail.activity",
                    "action_feedback",
                    [[binding.remote_id]],
                    context=self.session.read_context,
                    write=True,
                )
        except RecordMissing:
            pass  # done or deleted there already: both mean done
        except PermanentError as error:
            self.park(message, OutboxMessage.Reason.BAD_DATA, error.detail or error.message)
            return
        Binding.objects.filter(pk=binding.pk).update(state=Binding.State.GONE)
        outbox.settle(self.claim.token, [message], status=STATUS.DONE, outcome=OUTCOME.SENT)
        message.claim_token = None
        self.pushed.sent += 1

    def _still_open(self, binding: Binding) -> bool:
        """Before a second try: 19 archives what is done, and doing it again would leave a second message."""
        context = {**self.session.read_context, "active_test": True}
        return bool(self.session.client.search("mail.activity", [["id", "=", binding.remote_id]], context=context))

    def _close(self, binding: Binding, task: Task) -> None:
        """Gone in Odoo means done (rule 11)."""
        Binding.objects.filter(pk=binding.pk).update(state=Binding.State.GONE)
        if task.done_at is None:
            task.done_at = timezone.now()
            task.version += 1
            task.save(update_fields=["done_at", "version"])

    # --- cells ---

    def note_cells(self, note: Note, binding: Binding, remote_model: str, remote_id: int) -> dict[str, str]:
        """An internal note: HTML is kept in every series, and nobody is notified."""
        return {
            "model": remote_model,
            "res_id": str(remote_id),
            "body": note.body,
            "message_type": "comment",
            "subtype_id/id": "mail.mt_note",
        }

    def task_cells(self, task: Task, binding: Binding, remote_model: str, remote_id: int) -> dict[str, str]:
        """A to-do. Its note carries our external id, by which it is found after it was done."""
        text = from_lines(task.description) if task.description else ""
        module = "crm" if remote_model == "crm.lead" else "base"
        cells = {
            "res_model_id/id": f"{module}.model_{remote_model.replace('.', '_')}",
            "res_id": str(remote_id),
            "activity_type_id/id": "mail.mail_activity_data_todo",
            "summary": task.title,
            "note": f"{text}<p>Ref {html.escape(binding.external_name)}</p>",
            "date_deadline": (task.due_on or _today_of(task.assignee)).isoformat(),
        }
        user_id = self.refs.remote("res.users", task.assignee_id) if task.assignee_id else None
        if user_id is not None:
            cells["user_id/.id"] = str(user_id)
        return cells

    def meeting_cells(self, meeting: Activity, binding: Binding, remote_model: str, remote_id: int) -> dict[str, str]:
        """A calendar event with its people and its deal."""
        stop = meeting.starts_at + timedelta(minutes=meeting.duration_minutes or 30)
        cells = {
            "name": meeting.subject,
            "start": odoo_time(meeting.starts_at),
            "stop": odoo_time(stop),
            "description": from_lines(meeting.description) if meeting.description else "",
        }
        if remote_model == "crm.lead":
            cells["opportunity_id/.id"] = str(remote_id)
        people = [
            self.refs.remote("res.partner", f"{kind}:{key}")
            for kind, key in (("contact", meeting.contact_id), ("account", meeting.account_id))
            if key
        ]
        if attendees := ",".join(str(one) for one in people if one is not None):
            cells["partner_ids/.id"] = attendees  # 16 refuses an empty cell
        return cells


def _today_of(user: User | None) -> date:
    """A deadline is a day where its assignee is, not where the server stands."""
    return timezone.localdate(timezone=ZoneInfo(user.time_zone) if user else None)


Cells = Callable[[FactDelivery, Any, Binding, str, int], dict[str, str]]
_CELLS: dict[type, Cells] = {
    Note: FactDelivery.note_cells,
    Task: FactDelivery.task_cells,
    Activity: FactDelivery.meeting_cells,
}

"""Carrying claimed messages to Odoo by `load`, and what its complaints mean for each (rules 2, 5 and 7)."""

from __future__ import annotations

import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import outbox
from integrations.errors import (
    MISTAKES,
    AuthRejected,
    CircuitOpen,
    ConfigError,
    FieldUnknown,
    IntegrationError,
    MethodUnknown,
    ModelUnknown,
    PermanentError,
    RateLimited,
    SerializationConflict,
    TooLarge,
    TransientError,
    UnknownOutcome,
    place_of,
)
from integrations.mailbox.runs import RunBook, open_hour, this_hour
from integrations.mailbox.steps import Step, reached
from integrations.models import Binding, OutboxMessage, SyncRun
from integrations.models.bulk import update_rows
from integrations.network.pace import Answer, Pace
from integrations.odoo.pushing.outgoing import Line
from integrations.odoo.wire.session import Session, write_beside

logger = logging.getLogger(__name__)
OWN_FAULTS = (*MISTAKES, DataError, IntegrityError, ObjectDoesNotExist, ValidationError)
OUTCOME = OutboxMessage.Outcome
REASON = OutboxMessage.Reason
STATUS = OutboxMessage.Status
SET_UP = (FieldUnknown, MethodUnknown, ModelUnknown)
CONFLICT_TRIES = 5
CONFLICTS_AT_MOST = 20  # about a quarter of an hour


@dataclass
class Pushed:
    """What a drain did: every message that was claimed is counted once."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    unknown: int = 0
    waiting: int = 0
    explanations: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The figures by name."""
        return {name: getattr(self, name) for name in ("sent", "skipped", "failed", "unknown", "waiting")}

    def add(self, other: Pushed) -> None:
        """Add another drain's figures."""
        for name, value in other.counts().items():
            setattr(self, name, getattr(self, name) + value)
        self.explanations += other.explanations


class Delivery(ABC):
    """Works off the outbox of one Odoo model, claim by claim. Subclasses say what a claim means.

    A message is "ours" while its `claim_token` is set; every end (settle, park, wait) clears it.
    """

    def __init__(self, session: Session, remote_model: str) -> None:
        self.session = session
        self.remote_model = remote_model
        self.pushed = Pushed()
        self.pace = Pace(session.connection.pk, remote_model, most=session.options.batch_size)
        self.claim: outbox.Claim
        self.interrupted = False  # Odoo is in trouble: the rest waits for its time
        self.book: RunBook | None = None
        self.noted: dict[str, int] = {}

    # --- what subclasses say ---

    @abstractmethod
    def work(self, messages: list[OutboxMessage]) -> None:
        """Send these messages; each must be ended or left to be put back."""

    @abstractmethod
    def loaded(self, lines: list[Line], ids: Sequence[int]) -> None:
        """Bind and settle what Odoo took."""

    def spare_work(self) -> Callable[[], None] | None:
        """What may be done while Odoo makes new records; it must not raise, nor touch what is on its way."""
        return None

    def at_end(self) -> None:
        """Called once at the end, whatever happened; nothing unless a subclass has something to do."""
        return None

    # --- the loop ---

    def run(self) -> Pushed:
        """Send until nothing is due. Raises AuthRejected and ConfigError, with everything put back."""
        began = timezone.now()
        try:
            while True:
                self.claim = outbox.claim(self.session.connection, self.remote_model, limit=self.pace.size, since=began)
                if not self.claim.messages:
                    return self.pushed
                self._join_run()
                if not self._one_claim():
                    self.interrupted = True
                    return self.pushed
        finally:
            self.at_end()

    def _one_claim(self) -> bool:
        """Work off one claim; False when Odoo is in trouble and the rest had better wait."""

        def renew() -> None:
            outbox.renew(self.claim.token)

        self.session.renewals.append(renew)
        before = self.pushed.counts()
        try:
            self._work_off()
        except (AuthRejected, ConfigError) as error:
            self._put_back(error, after=timedelta(seconds=30), burn=False)
            raise
        except (RateLimited, CircuitOpen) as error:
            self._put_back(error, after=timedelta(seconds=error.retry_after or 30), burn=False)
        except IntegrationError as error:
            self._put_back(error)
        else:
            return True
        finally:
            self.session.renewals.remove(renew)
            self._count(before)
        return False

    def _work_off(self) -> None:
        """Send what was claimed. Where Tandem itself fails, each goes alone, and the guilty one stops no other."""
        try:
            self.work(self.claim.messages)
            return
        except OWN_FAULTS as error:
            logger.warning("push.failed", extra={"remote_model": self.remote_model, "error": place_of(error)})
        for message in self.claim.messages:
            if message.claim_token is None:
                continue
            try:
                self.work([message])
            except OWN_FAULTS as error:
                self._own_fault(message, error)

    def _join_run(self) -> None:
        """The hour's run meets what was claimed."""
        if self.book is None or self.book.run.started_at != this_hour():
            self.leave_run()
            self.book = open_hour(self.session.connection, SyncRun.Kind.PUSH, self.remote_model)
            self.session.book = self.book
        self.book.met_messages(self.claim.messages)

    def _count(self, before: Mapping[str, int]) -> None:
        """Tell the run what became of a claim; what has no known outcome stays unknown there."""
        if self.book is not None:
            counts = {name: value - before[name] for name, value in self.pushed.counts().items()}
            self.book.settle(
                sent=counts["sent"], skipped=counts["skipped"] + counts["waiting"], failed=counts["failed"]
            )

    def leave_run(self) -> None:
        """Close the run, if one was joined, with the figures since then by name."""
        if self.book is not None:
            counts = self.pushed.counts()
            self.book.close(counts={name: value - self.noted.get(name, 0) for name, value in counts.items()})
            self.book, self.session.book, self.noted = None, None, counts

    def _put_back(
        self,
        error: IntegrationError,
        messages: Iterable[OutboxMessage] | None = None,
        *,
        after: timedelta | None = None,
        burn: bool = True,
    ) -> None:
        """What has not ended of these messages, or of the claim, waits again; without `burn` as if it was not tried.

        How long follows from what each has been through, unless `after` says it for all.
        """
        unknown = isinstance(error, UnknownOutcome)
        outcome = OUTCOME.UNKNOWN if unknown else OUTCOME.PUT_BACK
        for message in self.claim.messages if messages is None else messages:
            if message.claim_token is None:
                continue
            wait = after or (timedelta(seconds=5) if unknown else backoff(message.attempts))
            outbox.release(self.claim.token, message, after=wait, explanation=error.message, burn=burn, outcome=outcome)
            message.claim_token = None
            if unknown:
                self.pushed.unknown += 1
            else:
                self.pushed.waiting += 1
        self.pushed.explanations.append(error.message)

    # --- one call ---

    def load_each(self, parts: Iterable[tuple[Sequence[str], list[Line]]], *, key: str) -> None:
        """One `load` a part. A call without a usable answer puts its own rows back, and the next one has its turn.

        Two such calls in a row are Odoo's trouble and not theirs: raises what the second one met.
        """
        failed = False
        for columns, lines in parts:
            try:
                self.load(columns, lines, key=key)
                failed = False
            except (RateLimited, CircuitOpen):
                raise
            except (TransientError, UnknownOutcome) as error:
                if failed:
                    raise
                failed = True
                self._put_back(error, [line.message for line in lines])

    def load(self, columns: Sequence[str], lines: list[Line], *, key: str, tries: int = 1) -> None:
        """One `load`. On complaints the named rows go again alone, the others together; nothing was written then."""
        columns = [key, *[column for column in columns if column != key]]
        self._note_under_way(lines, key=key)
        reached(Step.CALLING)
        try:
            result = self._timed_load(columns, lines, key=key)
            reached(Step.ANSWERED)
        except SerializationConflict:
            self._conflicted(columns, lines, key=key, tries=tries)
            return
        except (TransientError, AuthRejected, ConfigError):
            # An answer, or never sent: nothing can arrive later.
            mine = Binding.objects.filter(pk__in=[line.binding.pk for line in lines])
            mine.filter(hold_until__isnull=False).update(hold_until=None)
            raise
        except PermanentError as error:
            if isinstance(error, TooLarge):
                self.pace.too_large(len(lines))
            if len(lines) == 1:
                self.refused(lines[0], error.detail or error.message, key=key, set_up=isinstance(error, SET_UP))
            else:
                self._halve(columns, lines, key=key)
            return
        if result.ids is not None:
            self.loaded(lines, result.ids)
        elif result.serialization:
            self._conflicted(columns, lines, key=key, tries=tries)
        else:
            self._complained(columns, lines, result.messages, key=key)

    def _timed_load(self, columns: Sequence[str], lines: list[Line], *, key: str) -> Any:
        """The call itself; how long it took decides how many rows the next one carries."""
        rows = [[line.cells[column] for column in columns] for line in lines]

        def ask() -> Answer[Any]:
            return self.session.timed(lambda: self.session.load(self.remote_model, columns, rows))

        spare = self.spare_work() if key == "id" else None
        answer = write_beside(self.session, ask, spare) if spare else ask()
        self.pace.note(len(lines), answer.seconds)
        return answer.get()

    def _conflicted(self, columns: Sequence[str], lines: list[Line], *, key: str, tries: int) -> None:
        """Another transaction was first. A create is sent again; an update starts again at the read (rule 1).

        Soon at first, then less often; what never gets through is parked.
        """
        if key == "id" and tries < CONFLICT_TRIES:
            self.load(columns, lines, key=key, tries=tries + 1)
            return
        self._unsent(lines, key=key)
        for line in lines:
            if line.message.conflicts + 1 >= CONFLICTS_AT_MOST:
                self.park(line.message, REASON.EXCEEDED, _("Another change in Odoo was first, each time for long."))
            else:
                self.wait(
                    line.message,
                    jitter(min(60.0, 0.3 * 2.0**line.message.conflicts)),
                    _("another transaction in Odoo to end"),
                    conflicted=True,
                )

    def _complained(self, columns: Sequence[str], lines: list[Line], messages: Sequence[Any], *, key: str) -> None:
        named = {message.record for message in messages if message.record is not None and message.record < len(lines)}
        if len(lines) == 1:
            words = "; ".join(dict.fromkeys(message.message for message in messages)) or _("Odoo gave no reason.")
            self.refused(lines[0], words, key=key)
        elif named and len(named) < len(lines):
            self.load(columns, [line for number, line in enumerate(lines) if number not in named], key=key)
            for number in sorted(named):
                self.load(columns, [lines[number]], key=key)
        else:
            self._halve(columns, lines, key=key)

    def _halve(self, columns: Sequence[str], lines: list[Line], *, key: str) -> None:
        middle = (len(lines) + 1) // 2
        self.load(columns, lines[:middle], key=key)
        self.load(columns, lines[middle:], key=key)

    def refused(self, line: Line, words: str, *, key: str, set_up: bool = False) -> None:
        """Alone and still refused: again later, with jitter; parked after the set number of times, in Odoo's words.

        `set_up`: Odoo lacks what the row speaks of. Raises CompanyLost when that is why: no row is to blame then.
        """
        self._unsent([line], key=key)
        self.session.refuse_lost_company()
        if line.message.refusals + 1 < self.session.options.alone_tries:
            outbox.release(self.claim.token, line.message, after=jitter(1), explanation=words, refused=True)
            line.message.claim_token = None
            self.pushed.waiting += 1
            return
        if set_up:
            self.park(line.message, REASON.CONFIGURATION, words)
            return
        operation = "create" if key == "id" else "write"
        lacking = not self.session.client.check_access(self.remote_model, operation)
        self.park(line.message, REASON.MISSING_RIGHT if lacking else REASON.BAD_DATA, words)

    def _own_fault(self, message: OutboxMessage, error: Exception) -> None:
        """Again later, for other work may have been in its way; parked after the set number of times."""
        logger.error("push.failed_alone", extra={"outbox": message.pk, "error": place_of(error)})
        words = _("Tandem itself failed on this record: %(what)s.") % {"what": place_of(error)}
        if message.refusals + 1 >= self.session.options.alone_tries:
            self.park(message, REASON.INTERNAL, words)
            return
        outbox.release(self.claim.token, message, after=jitter(2), explanation=words, refused=True)
        message.claim_token = None
        self.pushed.waiting += 1

    def _note_under_way(self, lines: Sequence[Line], *, key: str) -> None:
        """From here on the outcome is unknown until an answer says otherwise, even if nobody is left to hear it.

        A create must be asked for before it is sent again (rule 2). An update rests until a read shows it, or Odoo's
        own limit has passed (rule 5).
        """
        until = timezone.now() + timedelta(seconds=settings.ODOO_HOLD_SECONDS)
        for line in lines:
            line.binding.under_way = {one.remote: here for one, here in line.sent.items()} or None
            line.binding.under_way_image = self._image_of(line)
            if key == "id":
                line.binding.state = Binding.State.UNKNOWN
                line.binding.run_id = self.book.pk if self.book else None
            else:
                line.binding.hold_until = until
        with transaction.atomic():
            names = ["state", "run"] if key == "id" else ["hold_until"]
            update_rows([line.binding for line in lines], ["under_way", "under_way_image", *names])

    def _image_of(self, line: Line) -> dict[str, Any] | None:
        """What a write overwrites in Odoo, for the run that it belongs to; nothing for a new record."""
        if self.book is None or not line.before:
            return None
        fields = {one.remote: [before, line.sent[one]] for one, before in line.before.items()}
        return {"run": self.book.pk, "fields": fields}

    def _unsent(self, lines: Sequence[Line], *, key: str) -> None:
        """Odoo answered that it wrote nothing: nothing is under way any more."""
        mine = Binding.objects.filter(pk__in=[line.binding.pk for line in lines])
        if key == "id":
            mine.filter(remote_id=None, state=Binding.State.UNKNOWN).update(
                state=Binding.State.PENDING, under_way=None, under_way_image=None
            )
        else:
            mine.update(under_way=None, under_way_image=None, hold_until=None)

    # --- sent before, no answer ---

    def ask(self, message: OutboxMessage, binding: Binding) -> bool:
        """Sent once without an answer: is it there? Updates `binding`; False when the message was ended (rule 2)."""
        answer = self.session.client.check_object_reference(
            self.session.connection.prefix, binding.external_name, context=self.session.read_context
        )
        if answer.status == "hidden":
            if message.attempts >= self.session.options.alone_tries:
                self.park(message, REASON.UNKNOWN, _("Odoo has this record, but our user does not see it."))
            else:
                self.wait(message, timedelta(seconds=5), _("Odoo to show the record"))
            return False
        found = answer.status == "found"
        binding.remote_id = answer.remote_id if found else None
        binding.state = Binding.State.BOUND if found else Binding.State.PENDING
        binding.save(update_fields=["remote_id", "state"])
        return True

    # --- ends ---

    def done(self, messages: Sequence[OutboxMessage], *, status: str = STATUS.DONE) -> None:
        """Settle messages for which nothing had to be sent."""
        outbox.settle(self.claim.token, messages, status=status, outcome=OUTCOME.SKIPPED)
        for message in messages:
            message.claim_token = None
        self.pushed.skipped += len(messages)

    def wait(self, message: OutboxMessage, after: timedelta, waits_for: str, *, conflicted: bool = False) -> None:
        """Put a message back until something else has happened."""
        outbox.release(self.claim.token, message, after=after, waits_for=waits_for, conflicted=conflicted)
        message.claim_token = None
        self.pushed.waiting += 1

    def park(self, message: OutboxMessage, reason: str, words: str) -> None:
        """Set a message aside for a person."""
        outbox.settle(
            self.claim.token,
            [message],
            status=STATUS.PARKED,
            reason=reason,
            explanation=words,
            outcome=OUTCOME.FAILED,
        )
        message.claim_token = None
        self.pushed.failed += 1


def jitter(seconds: float) -> timedelta:
    """Around so many seconds, so that two that met do not meet again."""
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))


def backoff(attempts: int) -> timedelta:
    """Two seconds doubled with each try, about half a minute at most, with jitter: who comes back is noticed soon."""
    return jitter(2.0 ** min(attempts, 5))

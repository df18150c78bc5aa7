"""The run under way: its figures, which always add up, and what stood in the records before it wrote.

Records are counted as unknown when they are met, and move to where they belong when their outcome is known. What was
under way when a worker died stays unknown; the next run of the model closes the dead one and meets those records again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.models import BeforeImage, Binding, Connection, OutboxMessage, SyncRun
from integrations.models.bulk import insert_rows, row_maker

OUTCOME = OutboxMessage.Outcome
BUCKET = {
    OUTCOME.UNKNOWN: "unknown",
    OUTCOME.SENT: "sent",
    OUTCOME.SKIPPED: "skipped",
    OUTCOME.PUT_BACK: "skipped",
    OUTCOME.FAILED: "failed",
}
PULLS = (SyncRun.Kind.FIRST, SyncRun.Kind.POLL, SyncRun.Kind.COMPARE)
_new_image = row_maker(BeforeImage)


class RunBook:
    """Keeps the figures of one run."""

    def __init__(self, run: SyncRun) -> None:
        self.run = run

    @property
    def pk(self) -> int:
        return self.run.pk

    def met(self, count: int) -> None:
        """So many records more; what becomes of them is unknown yet. One statement."""
        if count:
            SyncRun.objects.filter(pk=self.pk).update(total=F("total") + count, unknown=F("unknown") + count)

    def settle(self, *, sent: int = 0, skipped: int = 0, failed: int = 0) -> None:
        """The outcome of so many is known now; inside the transaction that makes it so. One statement."""
        if sent or skipped or failed:
            SyncRun.objects.filter(pk=self.pk).update(
                sent=F("sent") + sent,
                skipped=F("skipped") + skipped,
                failed=F("failed") + failed,
                unknown=F("unknown") - (sent + skipped + failed),
            )

    def met_messages(self, messages: Sequence[OutboxMessage]) -> None:
        """Claim these messages for the run; one that it had before is not met twice. Two statements."""
        again = Counter(BUCKET[OUTCOME(one.outcome)] for one in messages if one.run_id == self.pk)
        fresh = len(messages) - again.total()
        with transaction.atomic():
            OutboxMessage.objects.filter(pk__in=[one.pk for one in messages]).update(run=self.pk, outcome="")
            SyncRun.objects.filter(pk=self.pk).update(
                total=F("total") + fresh,
                unknown=F("unknown") + fresh + again["sent"] + again["skipped"] + again["failed"],
                sent=F("sent") - again["sent"],
                skipped=F("skipped") - again["skipped"],
                failed=F("failed") - again["failed"],
            )
        for one in messages:
            one.run_id, one.outcome = self.pk, OUTCOME.UNKNOWN

    def close(self, *, counts: Mapping[str, int] | None = None, error: str = "") -> None:
        """The run has ended; `counts` are added to the figures by name."""
        for name, value in (counts or {}).items():
            self.run.counts[name] = self.run.counts.get(name, 0) + value
        self.run.finished_at = timezone.now()
        if error:
            self.run.error = error
        self.run.save(update_fields=["counts", "finished_at", "error"])


def image(
    run_id: int,
    *,
    content_type_id: int,
    object_uuid: Any,
    remote_model: str,
    remote_id: int | None,
    fields: Mapping[str, Any],
    turned_from: str = "",
) -> BeforeImage:
    """An unsaved before-image; `fields` maps Odoo's field name to [before, after] as values here."""
    return _new_image(
        run_id=run_id,
        content_type_id=content_type_id,
        object_uuid=object_uuid,
        remote_model=remote_model,
        remote_id=remote_id,
        fields=fields,
        turned_from=turned_from,
    )


def image_under_way(binding: Binding) -> BeforeImage:
    """The unsaved before-image of the write that this binding had under way, which has arrived: for the run of then."""
    kept: dict[str, Any] = binding.under_way_image or {}
    return image(
        kept["run"],
        content_type_id=binding.content_type_id,
        object_uuid=binding.object_uuid,
        remote_model=binding.remote_model,
        remote_id=binding.remote_id,
        fields=kept["fields"],
    )


def keep_images(images: Sequence[BeforeImage]) -> None:
    """Write before-images in the caller's transaction. One statement."""
    insert_rows(images)


def open_pull(connection: Connection, kind: str, remote_model: str) -> RunBook:
    """A new run of a pull or comparison, for the holder of the model's pull lease."""
    return RunBook(SyncRun.objects.create(connection=connection, kind=kind, remote_model=remote_model))


def this_hour() -> datetime:
    """When the present hour began."""
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def open_hour(connection: Connection, kind: str, remote_model: str) -> RunBook:
    """The run of this hour's pushes or webhooks, for the holder of the lease of that work. Two queries."""
    run, made = SyncRun.objects.get_or_create(
        connection=connection, kind=kind, remote_model=remote_model, started_at=this_hour()
    )
    if not made:
        SyncRun.objects.filter(pk=run.pk).update(finished_at=None)
        run.finished_at = None
    return RunBook(run)


def close_dead(connection: Connection, kinds: Sequence[str], remote_model: str) -> int:
    """Close runs of this model that never ended: their worker is gone, for we hold its lease. Returns how many.

    Messages tell exactly what became of them; records that were read and not applied stay unknown. One query when
    there are none.
    """
    dead = list(
        SyncRun.objects.filter(connection=connection, kind__in=kinds, remote_model=remote_model, finished_at=None)
    )
    for run in dead:
        figures: dict[str, Any] = _recount(run) if run.kind == SyncRun.Kind.PUSH else {}
        words = _(
            "This run never ended: its worker was stopped in the middle. What it left is met again by a later run."
        )
        SyncRun.objects.filter(pk=run.pk).update(finished_at=timezone.now(), error=words, **figures)
    return len(dead)


def _recount(run: SyncRun) -> dict[str, int]:
    """What the messages themselves say; those that a later run has taken over are counted there."""
    found: Counter[str] = Counter()
    rows = OutboxMessage.objects.filter(run=run).order_by().values_list("outcome").annotate(n=Count("id"))
    for outcome, count in rows:
        found[BUCKET[OUTCOME(outcome)]] += count
    return {"total": found.total(), **{name: found[name] for name in ("sent", "skipped", "failed", "unknown")}}

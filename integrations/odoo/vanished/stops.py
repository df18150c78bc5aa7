"""The safety stop: when too many records vanish at once, a person is asked before anything is believed (rule 14)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import RightMissing
from integrations.models import Connection, SafetyStop
from integrations.odoo.mappers import ModelMap
from integrations.odoo.wire.session import Session

logger = logging.getLogger(__name__)

OPEN, CONFIRMED, REFUSED, OVER = (
    SafetyStop.Status.OPEN,
    SafetyStop.Status.CONFIRMED,
    SafetyStop.Status.REFUSED,
    SafetyStop.Status.OVER,
)
# A handful is looked at one by one anyway, whatever share of a small database it is.
FEW = 5
SAMPLE = 10
# A yes is for what is missing now, not for the same records should they vanish once more some day.
ANSWER_HOLDS = timedelta(days=1)


@dataclass(frozen=True)
class Weighed:
    """`examine`: missing ids that may be looked into now; `stopped`: the others wait for a person."""

    examine: list[int]
    stopped: bool


def too_many(missing: int, bound: int) -> bool:
    """Whether so many missing of so many known ones look like a lost right rather than like deletions."""
    if missing > settings.ODOO_SAFETY_RECORDS:
        return True
    return missing > FEW and missing * 100 > settings.ODOO_SAFETY_PERCENT * bound


def weigh(session: Session, model_map: ModelMap, missing: Sequence[int], bound: int) -> Weighed:
    """Say which missing records may be looked into; opens, renews or ends the stop of the model.

    Two queries without a stop. Opening one costs up to eleven calls, which find the likely reason.
    """
    mine = SafetyStop.objects.filter(connection=session.connection, remote_model=model_map.remote_model)
    stops = list(mine.exclude(status=OVER))
    left = set(missing)
    for stop in stops:
        if stop.status == REFUSED and not left.intersection(stop.remote_ids):
            _end(stop)
    fresh = timezone.now() - ANSWER_HOLDS
    confirmed = left & _ids([stop for stop in stops if stop.settled_at and stop.settled_at > fresh], CONFIRMED)
    rest = sorted(left - confirmed - _ids(stops, REFUSED))
    held = next((stop for stop in stops if stop.status == OPEN), None)
    if held is not None and not rest:
        _end(held)
    elif held is not None:
        held.remote_ids, held.bound, held.seen_at = rest, bound, timezone.now()
        held.save(update_fields=["remote_ids", "bound", "seen_at"])
        return Weighed(sorted(confirmed), stopped=True)
    if not too_many(len(rest), bound):
        return Weighed(sorted({*confirmed, *rest}), stopped=False)
    SafetyStop.objects.create(
        connection=session.connection,
        remote_model=model_map.remote_model,
        remote_ids=rest,
        bound=bound,
        sample=_sample(session, model_map, rest),
    )
    session.log.notice(
        "safety stop",
        f"{len(rest)} of {bound} records are not visible in Odoo any more. "
        "Nothing was done here: check the rights of our user, then say whether they were deleted.",
        remote_model=model_map.remote_model,
    )
    return Weighed(sorted(confirmed), stopped=True)


def _ids(stops: Sequence[SafetyStop], status: str) -> set[int]:
    return {one for stop in stops if stop.status == status for one in stop.remote_ids}


def _end(stop: SafetyStop) -> None:
    stop.status, stop.settled_at = OVER, timezone.now()
    stop.save(update_fields=["status", "settled_at"])


def _sample(session: Session, model_map: ModelMap, ids: Sequence[int]) -> dict[str, Any]:
    """Ask for some of them one by one: an empty answer is a deletion, a refusal a lost right or another company."""
    found: Counter[str] = Counter()
    step = max(1, len(ids) // SAMPLE)
    for remote_id in list(ids)[::step][:SAMPLE]:
        try:
            rows = session.client.read(
                model_map.remote_model, [remote_id], ["write_date"], context=session.read_context
            )
        except RightMissing:
            found["hidden"] += 1
        else:
            found["readable" if rows else "gone"] += 1
    return {**found, "may_read": session.client.check_access(model_map.remote_model, "read")}


def likely_reason(stop: SafetyStop) -> str:
    """What the sample says, in a sentence for people."""
    sample = stop.sample
    asked = sum(sample.get(name, 0) for name in ("hidden", "gone", "readable"))
    hidden, gone, readable = (sample.get(name, 0) for name in ("hidden", "gone", "readable"))
    if not sample.get("may_read", True):
        return _("Our user in Odoo may not read this kind of record any more. This is a lost right, not a deletion.")
    if hidden and hidden >= gone:
        words = _(
            "Odoo refused %(hidden)d of %(asked)d records that were asked for one by one: our user has lost a right, "
            "a record rule has changed, or they moved to a company that our user may not see."
        )
        return words % {"hidden": hidden, "asked": asked}
    if readable and readable >= gone:
        words = _(
            "%(readable)d of %(asked)d records that were asked for one by one are there, but are not of the kind that "
            "is synced any more: their type was changed, or they became users."
        )
        return words % {"readable": readable, "asked": asked}
    words = _("Odoo has no trace of %(gone)d of %(asked)d records that were asked for one by one: they were deleted.")
    return words % {"gone": gone, "asked": asked}


def holds(connection: Connection, remote_model: str, remote_id: int) -> bool:
    """Whether a person has still to say, or has denied, that this record was deleted. One query."""
    stops = SafetyStop.objects.filter(connection=connection, remote_model=remote_model, status__in=(OPEN, REFUSED))
    return any(remote_id in stop.remote_ids for stop in stops)


def confirm(stop: SafetyStop, *, actor: Any) -> None:
    """They were deleted indeed: each is looked into at the next comparison, which is asked for at once.

    Raises ValidationError when the stop is settled.
    """
    _settle(stop, CONFIRMED, actor)


def refuse(stop: SafetyStop, *, actor: Any) -> None:
    """They were not deleted: they stay as they are here, and are in step again once Odoo shows them.

    Raises ValidationError when the stop is settled.
    """
    _settle(stop, REFUSED, actor)


@transaction.atomic
def _settle(stop: SafetyStop, status: str, actor: Any) -> None:
    # No again may become yes: whoever kept them can still say that they were deleted.
    before = (OPEN, REFUSED) if status == CONFIRMED else (OPEN,)
    settled = SafetyStop.objects.filter(pk=stop.pk, status__in=before).update(
        status=status, settled_at=timezone.now(), settled_by=actor
    )
    if not settled:
        raise ValidationError(_("Somebody has settled this already, or the records are back."))
    transaction.on_commit(_compare_now)


def _compare_now() -> None:
    """Ring for a comparison; without a broker the next hour's does it."""
    try:
        current_app.send_task("integrations.compare_ids", retry=False)
    except Exception as error:  # the broker's own exceptions differ by transport
        logger.warning("compare.ring_failed", extra={"error": type(error).__name__})

"""Writes of the pipeline: opportunities and their way through the stages.

Every move is kept as a StageChange. The probability follows the stage unless somebody set it by hand; won is always
100 and lost always 0. A stage marked lost may be missing (Odoo has none): `lost_at` is what makes a deal lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Contact, LostReason, Opportunity, Stage, StageChange, Tag, User
from crm.services import records
from crm.services.customers import share_with_customer
from crm.services.records import OwnValues

WON = Decimal(100)
LOST = Decimal(0)


class OpportunityFields(OwnValues, total=False):
    """What an opportunity has besides name and stage; `probability` in percent, `amount` in `currency` (ISO 4217)."""

    account: Account | None
    contact: Contact | None
    contact_name: str
    company_name: str
    email: str
    phone: str
    amount: Decimal
    currency: str
    probability: Decimal
    probability_by_hand: bool
    close_date: date | None
    owner: User | None
    priority: str
    description: str
    requirements: str
    product_interest: str
    competition: str
    risk: str


class OpportunityChanges(OpportunityFields, total=False):
    """What can be changed on an opportunity."""

    name: str
    stage: Stage
    lost_reason: LostReason | None


def create_opportunity(
    *,
    actor: User | None,
    name: str,
    stage: Stage | None = None,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[OpportunityFields],
) -> Opportunity:
    """Make an opportunity in this stage, or in the first open one, and note the start of its history.

    A probability given here counts as set by hand. Raises ValidationError on bad values and when there is no stage.
    """
    stage = stage or first_open_stage()
    opportunity = records.filled(Opportunity(name=name, stage=stage), **fields)
    if "probability" in fields:
        opportunity.probability_by_hand = fields.get("probability_by_hand", True)
    values = _entering(stage, by_hand=opportunity.probability_by_hand)
    for field, value in values.items():
        setattr(opportunity, field, value)
    with transaction.atomic():
        records.insert(opportunity, actor=actor, tags=tags, announce=announce)
        StageChange.objects.create(
            opportunity=opportunity, to_stage=stage, changed_at=opportunity.stage_since, changed_by=actor
        )
    return opportunity


def update_opportunity(
    opportunity: Opportunity,
    *,
    actor: User | None,
    expected_version: int | None = None,
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
    **fields: Unpack[OpportunityChanges],
) -> Opportunity:
    """Change an opportunity; returns it fresh. A new stage is moved to as by `move_to_stage`.

    E-mail and phone go to its customer, too.

    A changed probability counts as set by hand; `probability_by_hand=False` alone gives it back to the stage.
    Raises ValidationError, StaleVersionError.
    """
    with transaction.atomic():
        current = records.locked(opportunity)
        values: dict[str, Any] = dict(fields)
        share_with_customer(current, values, actor=actor)
        if "probability" in values and values["probability"] != current.probability:
            values.setdefault("probability_by_hand", True)
        by_hand = bool(values.get("probability_by_hand", current.probability_by_hand))
        stage = values.get("stage") or current.stage
        if stage.pk != current.stage_id:
            if stage.archived_at is not None:
                raise _unused(stage)
            values = {**values, **_entering(stage, by_hand=by_hand)}
            if not stage.is_lost:
                values["lost_reason"] = None
        elif current.probability_by_hand and not by_hand and stage.probability is not None:
            values["probability"] = stage.probability
        return _move(
            current, actor=actor, expected_version=expected_version, tags=tags, announce=announce, values=values
        )


def move_to_stage(
    opportunity: Opportunity, *, actor: User | None, stage: Stage, expected_version: int | None = None
) -> Opportunity:
    """Move to a stage: notes the move and since when, and takes the stage's probability unless set by hand.

    A stage marked won sets 100 %, one marked lost 0 % and the time of the loss; leaving either takes that back.
    """
    return update_opportunity(opportunity, actor=actor, stage=stage, expected_version=expected_version)


@dataclass(frozen=True)
class Place:
    """Where a deal stands: all that a move may change."""

    stage: Stage
    stage_since: datetime
    probability: Decimal
    probability_by_hand: bool
    lost_at: datetime | None
    lost_reason: LostReason | None

    @classmethod
    def of(cls, opportunity: Opportunity) -> Place:
        """The place of this deal; up to two queries."""
        return cls(**{field.name: getattr(opportunity, field.name) for field in dataclass_fields(cls)})

    def kept(self) -> dict[str, Any]:
        """The place in a form that JSON has."""
        return {
            "stage": self.stage.pk,
            "since": self.stage_since.isoformat(),
            "probability": str(self.probability),
            "by_hand": self.probability_by_hand,
            "lost_at": self.lost_at.isoformat() if self.lost_at else "",
            "reason": self.lost_reason.pk if self.lost_reason else None,
        }

    @classmethod
    def of_kept(cls, held: dict[str, Any]) -> Place:
        """What `kept` gave; two queries. Raises Stage.DoesNotExist when the stage is gone."""
        return cls(
            stage=Stage.objects.get(pk=held["stage"]),
            stage_since=datetime.fromisoformat(held["since"]),
            probability=Opportunity._meta.get_field("probability").to_python(held["probability"]),
            probability_by_hand=held["by_hand"],
            lost_at=datetime.fromisoformat(held["lost_at"]) if held["lost_at"] else None,
            lost_reason=LostReason.objects.filter(pk=held["reason"]).first(),
        )


def take_back_move(opportunity: Opportunity, *, actor: User | None, place: Place, expected_version: int) -> Opportunity:
    """Put a deal back to the place it had before a move, as if it had never left; noted as a move of its own.

    Raises StaleVersionError when anything was saved since the move, ValidationError when the stage is used no more.
    """
    if place.stage.archived_at is not None:
        raise _unused(place.stage)
    values = {field.name: getattr(place, field.name) for field in dataclass_fields(place)}
    with transaction.atomic():
        current = records.locked(opportunity)
        fresh = records.change(current, actor=actor, expected_version=expected_version, **values)
        if fresh.stage_id != current.stage_id:
            StageChange.objects.create(
                opportunity=fresh, from_stage=current.stage, to_stage=fresh.stage, changed_by=actor
            )
    return fresh


def win_opportunity(
    opportunity: Opportunity, *, actor: User | None, expected_version: int | None = None
) -> Opportunity:
    """Move to the first stage marked won. Raises ValidationError when there is none."""
    stage = Stage.objects.filter(is_won=True, archived_at__isnull=True).first()
    if stage is None:
        raise ValidationError(_("No stage is marked as won. Mark one under Set-up, Stages."))
    return move_to_stage(opportunity, actor=actor, stage=stage, expected_version=expected_version)


def lose_opportunity(
    opportunity: Opportunity,
    *,
    actor: User | None,
    reason: LostReason | None,
    expected_version: int | None = None,
) -> Opportunity:
    """Mark as lost, with the reason; moves to the stage marked lost where there is one. Losing twice keeps the day."""
    with transaction.atomic():
        current = records.locked(opportunity)
        values: dict[str, Any] = {
            "lost_at": current.lost_at or timezone.now(),
            "lost_reason": reason,
            "probability": LOST,
            "probability_by_hand": False,
        }
        stage = Stage.objects.filter(is_lost=True, archived_at__isnull=True).first()
        if stage is not None:
            values["stage"] = stage
        return _move(current, actor=actor, expected_version=expected_version, values=values)


def reopen_opportunity(
    opportunity: Opportunity,
    *,
    actor: User | None,
    stage: Stage | None = None,
    expected_version: int | None = None,
) -> Opportunity:
    """Take back that a deal was won or lost: to this stage, else the last open one it was in, else the first.

    Raises ValidationError when the deal is open, or when there is no open stage.
    """
    with transaction.atomic():
        current = records.locked(opportunity)
        if current.lost_at is None and not current.stage.is_won and not current.stage.is_lost:
            raise ValidationError(_("“%(name)s” is open already.") % {"name": current})
        stage = stage or _last_open_stage(current) or first_open_stage()
        values: dict[str, Any] = {
            "lost_at": None,
            "lost_reason": None,
            "probability_by_hand": False,
            "stage": stage,
            "probability": stage.probability if stage.probability is not None else current.probability,
        }
        return _move(current, actor=actor, expected_version=expected_version, values=values)


def archive_opportunity(
    opportunity: Opportunity, *, actor: User | None, expected_version: int | None = None
) -> Opportunity:
    """Move an opportunity to the trash."""
    return records.archive(opportunity, actor=actor, expected_version=expected_version)


def restore_opportunity(
    opportunity: Opportunity, *, actor: User | None, expected_version: int | None = None
) -> Opportunity:
    """Take an opportunity out of the trash."""
    return records.restore(opportunity, actor=actor, expected_version=expected_version)


def retire_stage(stage: Stage, *, successor: Stage, actor: User | None) -> int:
    """Move every deal of this stage to its successor, one by one, then use the stage no more; returns how many moved.

    Not one transaction: stopped half-way, it goes on when called again. Deals in the trash move, too; lost ones stay.
    """
    moved = 0
    while batch := list(Opportunity.objects.filter(stage=stage, lost_at__isnull=True).order_by("pk")[:500]):
        for opportunity in batch:
            move_to_stage(opportunity, actor=actor, stage=successor)
        moved += len(batch)
    Stage.objects.filter(pk=stage.pk, archived_at__isnull=True).update(archived_at=timezone.now())
    return moved


def first_open_stage() -> Stage:
    """The first stage that is neither won nor lost. Raises ValidationError when there is none."""
    stage = Stage.objects.filter(is_won=False, is_lost=False, archived_at__isnull=True).first()
    if stage is None:
        raise ValidationError({"stage": _("There is no open stage. Add one under Set-up, Stages.")})
    return stage


def _unused(stage: Stage) -> ValidationError:
    return ValidationError({"stage": _("The stage “%(name)s” is no longer used.") % {"name": stage}})


def _move(
    current: Opportunity,
    *,
    actor: User | None,
    expected_version: int | None,
    values: dict[str, Any],
    tags: Iterable[Tag] | None = None,
    announce: bool = True,
) -> Opportunity:
    """Write these values; when the stage is among them and another one, note the move."""
    moved = "stage" in values and values["stage"].pk != current.stage_id
    if moved:
        values["stage_since"] = timezone.now()
    fresh = records.change(
        current, actor=actor, expected_version=expected_version, tags=tags, announce=announce, **values
    )
    if moved:
        StageChange.objects.create(
            opportunity=fresh,
            from_stage_id=current.stage_id,
            to_stage=fresh.stage,
            changed_at=fresh.stage_since,
            changed_by=actor,
        )
    return fresh


def _entering(stage: Stage, *, by_hand: bool) -> dict[str, Any]:
    """What entering a stage sets."""
    now = timezone.now()
    values: dict[str, Any] = {"stage": stage, "stage_since": now, "lost_at": now if stage.is_lost else None}
    if stage.is_won or stage.is_lost:
        values["probability"] = WON if stage.is_won else LOST
        values["probability_by_hand"] = False
    elif not by_hand and stage.probability is not None:
        values["probability"] = stage.probability
        values["probability_by_hand"] = False
    return values


def _last_open_stage(opportunity: Opportunity) -> Stage | None:
    move = (
        StageChange.objects.filter(
            opportunity=opportunity,
            to_stage__is_won=False,
            to_stage__is_lost=False,
            to_stage__archived_at__isnull=True,
        )
        .select_related("to_stage")
        .first()
    )
    return move.to_stage if move else None

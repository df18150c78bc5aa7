"""Writes of activities: what was done or is going to happen, with whom and about what."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from django.utils import timezone

from crm.models import Account, Activity, Contact, Opportunity, Record, User
from crm.services import records


class LinkFields(TypedDict, total=False):
    """What an activity, a task or a note can hang on; several at once are fine. `lead` is a leads.Lead."""

    account: Account | None
    contact: Contact | None
    lead: Record | None
    opportunity: Opportunity | None


class ActivityFields(LinkFields, total=False):
    """What an activity has besides type and subject; duration in minutes, coordinates in degrees."""

    description: str
    starts_at: datetime
    duration_minutes: int
    outcome: str
    next_steps: str
    owner: User | None
    done_at: datetime | None
    latitude: Decimal | None
    longitude: Decimal | None


class ActivityChanges(ActivityFields, total=False):
    """What can be changed on an activity."""

    type: str
    subject: str


def log_activity(
    *, actor: User | None, type: str, subject: str, announce: bool = True, **fields: Unpack[ActivityFields]
) -> Activity:
    """Make an activity, past or planned; it belongs to the actor unless said otherwise. Raises ValidationError."""
    fields.setdefault("owner", actor)
    return records.insert(Activity(type=type, subject=subject, **fields), actor=actor, announce=announce)


def update_activity(
    activity: Activity,
    *,
    actor: User | None,
    expected_version: int | None = None,
    announce: bool = True,
    **fields: Unpack[ActivityChanges],
) -> Activity:
    """Change an activity; returns it fresh. Raises ValidationError, StaleVersionError."""
    return records.change(activity, actor=actor, expected_version=expected_version, announce=announce, **fields)


def complete_activity(
    activity: Activity,
    *,
    actor: User | None,
    outcome: str | None = None,
    next_steps: str | None = None,
    expected_version: int | None = None,
) -> Activity:
    """Mark as done now, with its outcome; done twice keeps the first time."""
    fields: ActivityChanges = {"done_at": activity.done_at or timezone.now()}
    if outcome is not None:
        fields["outcome"] = outcome
    if next_steps is not None:
        fields["next_steps"] = next_steps
    return update_activity(activity, actor=actor, expected_version=expected_version, **fields)


def reopen_activity(activity: Activity, *, actor: User | None, expected_version: int | None = None) -> Activity:
    """Take back that an activity was done."""
    return update_activity(activity, actor=actor, expected_version=expected_version, done_at=None)


def archive_activity(activity: Activity, *, actor: User | None, expected_version: int | None = None) -> Activity:
    """Move an activity to the trash."""
    return records.archive(activity, actor=actor, expected_version=expected_version)


def restore_activity(activity: Activity, *, actor: User | None, expected_version: int | None = None) -> Activity:
    """Take an activity out of the trash."""
    return records.restore(activity, actor=actor, expected_version=expected_version)

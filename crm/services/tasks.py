"""Writes of tasks."""

from __future__ import annotations

from datetime import date
from typing import Unpack

from django.utils import timezone

from crm.models import Task, User
from crm.services import records
from crm.services.activities import LinkFields


class TaskFields(LinkFields, total=False):
    """What a task has besides its title; `barcode` is unique among tasks unless empty."""

    kind: str
    description: str
    priority: str
    due_on: date | None
    assignee: User | None
    barcode: str


class TaskChanges(TaskFields, total=False):
    """What can be changed on a task."""

    title: str


def create_task(*, actor: User | None, title: str, announce: bool = True, **fields: Unpack[TaskFields]) -> Task:
    """Make a task, for the actor unless said otherwise. Raises ValidationError on bad values and a barcode in use."""
    fields.setdefault("assignee", actor)
    return records.insert(Task(title=title, **fields), actor=actor, announce=announce)


def update_task(
    task: Task,
    *,
    actor: User | None,
    expected_version: int | None = None,
    announce: bool = True,
    **fields: Unpack[TaskChanges],
) -> Task:
    """Change a task; returns it fresh. Raises ValidationError, StaleVersionError."""
    return records.change(task, actor=actor, expected_version=expected_version, announce=announce, **fields)


def complete_task(task: Task, *, actor: User | None, expected_version: int | None = None) -> Task:
    """Mark as done now; done twice keeps the first time."""
    done_at = task.done_at or timezone.now()
    return records.change(task, actor=actor, expected_version=expected_version, done_at=done_at)


def reopen_task(task: Task, *, actor: User | None, expected_version: int | None = None) -> Task:
    """Take back that a task was done."""
    return records.change(task, actor=actor, expected_version=expected_version, done_at=None)


def archive_task(task: Task, *, actor: User | None, expected_version: int | None = None) -> Task:
    """Move a task to the trash."""
    return records.archive(task, actor=actor, expected_version=expected_version)


def restore_task(task: Task, *, actor: User | None, expected_version: int | None = None) -> Task:
    """Take a task out of the trash."""
    return records.restore(task, actor=actor, expected_version=expected_version)

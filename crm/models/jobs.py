"""Long work: a job of many parts, each done in a transaction of its own, so that it goes on after a kill."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """Work that outlasts a request. `total`, `done` and `failed` count its items, those of all parts together."""

    class State(models.TextChoices):
        ASKED = "asked", _("Shown, not begun")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=32)
    title = models.CharField(_("what"), max_length=255)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("who"), db_index=False
    )
    noun = models.CharField(max_length=32, blank=True, default="")
    parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)  # that ended before their part did
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(_("problem"), blank=True, default="")
    undoes = models.ForeignKey("self", models.CASCADE, null=True, related_name="undone_by")
    made_at = models.DateTimeField(default=timezone.now, db_index=True)  # pruned by age
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    OPEN = (State.WAITING, State.RUNNING)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("id",), condition=Q(state__in=("waiting", "running")), name="crm_job_open"),
            models.Index(fields=("actor", "-id"), name="crm_job_of_person"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it is still to be worked on."""
        return self.state in self.OPEN

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        return 100 * (self.done + self.failed) // self.total if self.total else 100 * (not self.is_open)

    @property
    def left(self) -> int:
        """Items that nothing was done with yet."""
        return max(0, self.total - self.done - self.failed)

    @property
    def seconds_left(self) -> int | None:
        """How long it still takes at the pace so far; None before there is one."""
        through = self.done + self.failed
        if not self.is_open or self.started_at is None or not through:
            return None
        return round((timezone.now() - self.started_at).total_seconds() / through * self.left)


class JobPart(models.Model):
    """Some items of a job, and what came of them once it is done."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    items = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    outcome = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("part of a job")
        verbose_name_plural = _("parts of jobs")
        constraints = (models.UniqueConstraint(fields=("job", "number"), name="crm_job_part_once"),)

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"

"""What one connection may ask of Odoo, what it has asked, and how much it sends at a time."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection


class Budget(models.Model):
    """The limiter of one connection, shared by all processes: one row, changed under its lock, once a call.

    `windows` holds per lane the calls of each of the last seconds; `usage` those of the present `minute` by lane and
    work. `blocked_until` is what Odoo asked for by Retry-After. The circuit is open while `open_until` is set.
    """

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="budget")
    windows = models.JSONField(default=dict)
    minute = models.DateTimeField(null=True, blank=True)
    usage = models.JSONField(default=dict)
    blocked_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True)
    pause_seconds = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")

    def __str__(self) -> str:
        return _("Budget of %(name)s") % {"name": self.connection}


class Lane(models.TextChoices):
    """Whom a call serves: a person who waits, or the sync."""

    INTERACTIVE = "interactive", _("A person waits")
    SYNC = "sync", _("Sync")


class CallMinute(models.Model):
    """How many calls one piece of work has made in one minute that has ended."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="call_minutes", db_index=False)
    minute = models.DateTimeField()
    lane = models.CharField(max_length=12, choices=Lane.choices)
    work = models.CharField(max_length=24)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("calls of a minute")
        verbose_name_plural = _("calls of a minute")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "minute", "lane", "work"), name="integrations_call_minute_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} {self.lane} {self.work}: {self.calls}"


class BatchSize(models.Model):
    """How many rows of one model are sent or read in one call, when that is less than the setting says."""

    class Kind(models.TextChoices):
        WRITE = "write", _("Write")
        READ = "read", _("Read")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="batch_sizes", db_index=False)
    remote_model = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.WRITE)
    size = models.PositiveIntegerField()
    good = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("batch size")
        verbose_name_plural = _("batch sizes")
        constraints = (
            models.UniqueConstraint(fields=("connection", "remote_model", "kind"), name="integrations_batch_size_once"),
        )

    def __str__(self) -> str:
        return f"{self.remote_model} {self.kind}: {self.size}"

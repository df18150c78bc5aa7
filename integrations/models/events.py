"""The log of remote calls, webhooks and remarkable things, and what it adds up to by the hour."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection


class IntegrationEvent(models.Model):
    """One remote call, one webhook, or one remarkable thing; no secrets, no bodies. Written by the event log alone.

    What happens often and means little has one row an hour, whose `hourly_key` is unique: `count` says how often it
    happened, `duration_ms` how long all of it took. What is told once has a key for good.
    """

    class Result(models.TextChoices):
        OK = "ok", _("OK")
        FAILED = "failed", _("Failed")
        NOTICE = "notice", _("Notice")

    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="events")
    source = models.CharField(max_length=16, default="odoo")
    kind = models.CharField(max_length=64)
    remote_model = models.CharField(max_length=64, blank=True, default="")
    remote_id = models.BigIntegerField(null=True, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.OK)
    message = models.TextField(blank=True, default="")
    rows = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    count = models.PositiveIntegerField(default=1)
    hourly_key = models.CharField(max_length=160, unique=True, null=True, blank=True, editable=False)
    happened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("-id",)
        indexes = (models.Index(fields=("happened_at", "id"), name="integrations_event_when"),)

    def __str__(self) -> str:
        return f"{self.source} {self.kind}"


class EventTally(models.Model):
    """What the events of one hour, connection, sort and model add up to, so that no page counts a million rows.

    `key` names all of these. What is older than the events are kept is added up under `OLD`.
    """

    class Sort(models.TextChoices):
        CALL = "call", _("Call")
        WEBHOOK = "webhook", _("Webhook")
        NOTICE = "notice", _("Notice")

    OLD = datetime(2000, 1, 1, tzinfo=UTC)

    key = models.CharField(max_length=160, unique=True)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="+", db_index=False)
    source = models.CharField(max_length=16)
    sort = models.CharField(max_length=8, choices=Sort.choices)
    remote_model = models.CharField(max_length=64, blank=True, default="")
    hour = models.DateTimeField()
    ok = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    notices = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("hour",), name="integrations_tally_hour"),)

    def __str__(self) -> str:
        return self.key

"""The two mailboxes: what is to be told, and what was heard."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.bindings import ObjectLink
from integrations.models.connections import Connection


class OutboxMessage(ObjectLink):
    """Something to tell another system.

    State rows say which object, not what changed; `waiting_key` keeps them unique while waiting and is empty
    afterwards. Fact rows happened once and must arrive once. A claim is a random token with a lease. `run` is the hour
    of pushes that had the row last, `outcome` what became of it there.
    """

    class Kind(models.TextChoices):
        STATE = "state", _("State")
        FACT = "fact", _("Fact")

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        DONE = "done", _("Done")
        PARKED = "parked", _("Parked")
        SUPERSEDED = "superseded", _("Superseded")
        DROPPED = "dropped", _("Dropped by a person")

    class Reason(models.TextChoices):
        NONE = "", "–"
        BAD_DATA = "bad_data", _("Bad data")
        MISSING_RIGHT = "missing_right", _("Missing right")
        CONFIGURATION = "configuration", _("Configuration")
        EXCEEDED = "exceeded", _("Tried too often")
        UNKNOWN = "unknown", _("Outcome unknown")
        DELETED = "deleted", _("Deleted in Odoo")
        INTERNAL = "internal", _("Internal error")

    class Outcome(models.TextChoices):
        UNKNOWN = "", _("Unknown")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Nothing to send")
        PUT_BACK = "put_back", _("Put back")
        FAILED = "failed", _("Parked")

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="outbox", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.STATE)
    remote_model = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.WAITING)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True, default=Reason.NONE)
    explanation = models.TextField(blank=True, default="")
    waiting_key = models.CharField(max_length=160, unique=True, null=True, blank=True)
    waits_for = models.CharField(max_length=160, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0)
    conflicts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    run = models.ForeignKey(
        "integrations.SyncRun", models.SET_NULL, null=True, blank=True, related_name="messages", db_index=False
    )
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True, default=Outcome.UNKNOWN)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("connection", "remote_model", "due_at", "id"),
                condition=Q(status="waiting"),
                name="integrations_outbox_due",
            ),
            models.Index(
                fields=("connection", "remote_model", "lease_until"),
                condition=Q(status="claimed"),
                name="integrations_outbox_leased",
            ),
            models.Index(fields=("status", "settled_at", "id"), name="integrations_outbox_settled"),
            models.Index(fields=("object_uuid", "status"), name="integrations_outbox_of"),
            models.Index(
                fields=("run", "outcome", "id"), condition=Q(run__isnull=False), name="integrations_outbox_of_run"
            ),
        )

    def __str__(self) -> str:
        return _("Message %(number)s") % {"number": self.pk}


class InboxMessage(models.Model):
    """A hint that something changed elsewhere: stored at once, worked off later.

    `digest` tells equal bodies; `dated` says that the body names the moment of the change, so that an equal one is the
    same news.
    `to_log`: it came by webhook, and the event log does not have it yet.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Dropped: nothing changed")
        RECORDED = "recorded", _("Recorded only")
        PARKED = "parked", _("Parked")

    connection = models.ForeignKey(Connection, models.PROTECT, null=True, related_name="inbox", db_index=False)
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField(null=True, blank=True)
    body = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=32, blank=True, default="")
    dated = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.WAITING)
    explanation = models.TextField(blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    to_log = models.BooleanField(default=False, editable=False)
    run = models.ForeignKey(
        "integrations.SyncRun", models.SET_NULL, null=True, blank=True, related_name="refused", db_index=False
    )

    class Meta:
        verbose_name = _("incoming message")
        verbose_name_plural = _("incoming messages")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("due_at", "id"), condition=Q(status="waiting"), name="integrations_inbox_due"),
            models.Index(fields=("remote_model", "remote_id", "status"), name="integrations_inbox_of"),
            models.Index(fields=("id",), condition=Q(to_log=True), name="integrations_inbox_to_log"),
            models.Index(fields=("status", "settled_at", "id"), name="integrations_inbox_settled"),
            models.Index(fields=("run", "id"), condition=Q(run__isnull=False), name="integrations_inbox_of_run"),
        )

    def __str__(self) -> str:
        return f"{self.remote_model}({self.remote_id or '?'})"

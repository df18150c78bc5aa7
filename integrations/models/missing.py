"""Records that are not where they were in Odoo: what became of them, and what a person decides (rule 14)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.bindings import Binding, ObjectLink
from integrations.models.connections import Connection


class MissingRecord(ObjectLink):
    """One record that vanished from Odoo while somebody must know or decide.

    `candidates` are the records it may have been merged into: [{"id", "name", "about"}]. `links` is what pointed to it
    here before Odoo cleared the links: [[label, uuid, field]], for the day it is created again.
    """

    class Kind(models.TextChoices):
        DELETED = "deleted", _("Deleted in Odoo, changed here")
        HIDDEN = "hidden", _("Not visible to our user")
        MERGED = "merged", _("Merged in Odoo, survivor unsure")

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for a person")
        DROPPED = "dropped", _("Dropped here")
        CREATED = "created", _("Created again")
        MERGED = "merged", _("Merged here")
        BACK = "back", _("Seen again")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="missing")
    binding = models.ForeignKey(Binding, models.SET_NULL, null=True, related_name="missing")
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    candidates = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    chosen_id = models.BigIntegerField(null=True, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("missing record")
        verbose_name_plural = _("missing records")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model", "object_uuid"),
                condition=Q(status="open"),
                name="integrations_missing_open_once",
            ),
        )
        indexes = (
            models.Index(fields=("status", "kind", "-id"), name="integrations_missing_list"),
            models.Index(fields=("object_uuid", "status"), name="integrations_missing_of"),
        )

    def __str__(self) -> str:
        return f"{self.remote_model}({self.remote_id or '?'})"


class SafetyStop(models.Model):
    """Too many records vanished at once: nothing is believed until a person has said so.

    `remote_ids`: what is missing; `bound`: how many records were known; `sample`: how many of those asked for one by
    one were gone, hidden from our user, or readable but out of scope.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for a person")
        CONFIRMED = "confirmed", _("Deleted indeed")
        REFUSED = "refused", _("Kept")
        OVER = "over", _("Over: the records are back")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="safety_stops")
    remote_model = models.CharField(max_length=64)
    remote_ids = models.JSONField(default=list)
    bound = models.PositiveIntegerField()
    sample = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("safety stop")
        verbose_name_plural = _("safety stops")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model"),
                condition=Q(status="open"),
                name="integrations_stop_open_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.remote_model}: {len(self.remote_ids)}"

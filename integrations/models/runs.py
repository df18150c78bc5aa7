"""How far each model has come, who works on it, and what each run did."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.bindings import ObjectLink
from integrations.models.connections import Connection


class PullCursor(models.Model):
    """How far one model has been pulled.

    First by id (`phase` first, `last_id`), then by write_date (`high_water`, Odoo's clock, whole seconds).
    `own_read`: tokens of the user's own fields that have been read of every bound record. While new ones are read,
    `own_reading` names those of that pass, `own_id` is the last Odoo id that it has read. `own_lacking`: names of own
    fields that this Odoo does not have as they were mapped.
    """

    class Phase(models.TextChoices):
        FIRST = "first", _("First sync")
        POLLING = "polling", _("In step")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="cursors")
    remote_model = models.CharField(max_length=64)
    phase = models.CharField(max_length=8, choices=Phase.choices, default=Phase.FIRST)
    last_id = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    high_water = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)
    own_read = models.JSONField(default=list)
    own_reading = models.JSONField(default=list)
    own_id = models.BigIntegerField(default=0)
    own_lacking = models.JSONField(default=list)

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        constraints = (models.UniqueConstraint(fields=("connection", "remote_model"), name="integrations_cursor_once"),)

    def __str__(self) -> str:
        return f"{self.remote_model}: {self.phase}"


class Lease(models.Model):
    """The right to do one thing alone, for a while: one writer per connection and model (rule 5)."""

    name = models.CharField(max_length=120, unique=True)
    token = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=255, blank=True, default="")

    def __str__(self) -> str:
        return self.name


class SyncRun(models.Model):
    """One pull of a model, comparison, bulk edit or undo, or an hour of pushes or webhooks: proof that nothing is lost.

    `total` is what the run met: records read or edited, or messages claimed. Each is counted as unknown when it is
    met, and moves to where it belongs when its outcome is known, so that the sum holds at any moment, also after a
    kill.
    """

    class Kind(models.TextChoices):
        FIRST = "first", _("First sync")
        POLL = "poll", _("Poll")
        PUSH = "push", _("Push")
        COMPARE = "compare", _("Id comparison")
        HOOK = "hook", _("Webhooks")
        EDIT = "edit", _("Bulk edit")
        UNDO = "undo", _("Undo")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    remote_model = models.CharField(max_length=64)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(_("met"), default=0)
    sent = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    undoes = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="undone_by")
    here_only = models.BooleanField(default=False)
    stop_asked = models.BooleanField(default=False)
    position = models.JSONField(default=dict, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("connection", "remote_model", "-id"), name="integrations_run_recent"),
            models.Index(
                fields=("connection", "remote_model"), condition=Q(finished_at=None), name="integrations_run_open"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(total=F("sent") + F("skipped") + F("failed") + F("unknown")),
                name="integrations_run_proof",
                violation_error_message=_("Sent, skipped, failed and unknown must add up to what the run met."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.remote_model}"


class BeforeImage(ObjectLink):
    """What a run changed on one record: per Odoo field name the pair [before, after], as values here.

    What a run made needs no image: its binding names the run. `turned_from` says what noun the record was before.
    """

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="images", db_index=False)
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField(null=True, blank=True)
    fields = models.JSONField(default=dict)
    turned_from = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        verbose_name = _("before-image")
        verbose_name_plural = _("before-images")
        ordering = ("-id",)
        indexes = (models.Index(fields=("run", "id"), name="integrations_image_of_run"),)

    def __str__(self) -> str:
        return f"{self.remote_model}({self.remote_id or '?'})"

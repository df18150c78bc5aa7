"""What becomes of Odoo's webhooks: how many came, how many copies were absorbed, how many were lost."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection


class HookDay(models.Model):
    """One day (UTC) of one model's webhooks.

    `reads`: how often a record was read back for them; `absorbed`: copies that cost no read of their own; `lost`:
    changes made in Odoo that a poll found and no webhook told of.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="hook_days", db_index=False)
    day = models.DateField()
    remote_model = models.CharField(max_length=64)
    received = models.PositiveIntegerField(default=0)
    reads = models.PositiveIntegerField(default=0)
    absorbed = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    last_received = models.DateTimeField(null=True, blank=True)
    last_lost = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("day of webhooks")
        verbose_name_plural = _("days of webhooks")
        constraints = (
            models.UniqueConstraint(fields=("connection", "day", "remote_model"), name="integrations_hook_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.remote_model}"


class HookCheck(models.Model):
    """A change that a poll found before any webhook told of it: judged a little later, for the webhook may be late."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="hook_checks", db_index=False)
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField()
    changed_at = models.DateTimeField()
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("webhook to be checked")
        verbose_name_plural = _("webhooks to be checked")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model", "remote_id", "changed_at"), name="integrations_hook_check_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.remote_model}({self.remote_id})"

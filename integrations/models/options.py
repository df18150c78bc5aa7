"""What the operator may change while Tandem runs, and the alerts that watch over it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection


class SyncOption(models.Model):
    """One value that wins over the environment's; no row means that the environment's is in force."""

    name = models.CharField(max_length=40, unique=True)
    value = models.JSONField()
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Pulse(models.Model):
    """Sums of calls, noted once a minute for the last quarter of an hour: their difference is what happened since.

    `samples`: lists of [moment in ISO form, calls that went well, calls that failed, milliseconds], oldest first.
    """

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="+")
    samples = models.JSONField(default=list)

    def __str__(self) -> str:
        return str(self.connection_id)


class Alert(models.Model):
    """A limit that was passed, or a connection that is paused: told once when it begins and once when it ends.

    `calm_since`: from when on the value has been within its limit again; `began_mailed_at` and `ended_mailed_at`: when
    the mail server took the mails, empty until then.
    """

    class Kind(models.TextChoices):
        RATE = "rate", _("Success rate")
        DURATION = "duration", _("Duration of a call")
        QUEUE = "queue", _("Length of the queue")
        PAUSED = "paused", _("Connection paused")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.FloatField()
    limit = models.FloatField()
    began_at = models.DateTimeField(default=timezone.now)
    calm_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    began_mailed_at = models.DateTimeField(null=True, blank=True)
    ended_mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "kind"), condition=Q(ended_at=None), name="integrations_alert_open_once"
            ),
        )
        indexes = (models.Index(fields=("began_at",), name="integrations_alert_when"),)

    def __str__(self) -> str:
        return str(self.get_kind_display())

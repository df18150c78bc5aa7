"""The change of a connection's API key, step by step."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection
from integrations.models.fields import EncryptedTextField


class KeyRotation(models.Model):
    """A rotation under way. `secret` is the new key until the switch, and the old one from then on until it is gone."""

    class Step(models.TextChoices):
        MADE = "made", _("New key made, not tested")
        TESTED = "tested", _("New key tested")
        SWITCHED = "switched", _("New key in use")

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="key_rotation")
    step = models.CharField(max_length=8, choices=Step.choices)
    secret = EncryptedTextField()
    made_here = models.BooleanField(default=False)
    ends_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("change of key")
        verbose_name_plural = _("changes of key")

    def __str__(self) -> str:
        return str(self.get_step_display())

"""The audit log: who changed what, when, and from where."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where a write came from."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    IMPORT = "import", _("Import")
    ODOO = "odoo", _("Odoo")
    PROGRAM = "program", _("Program")


class Change(models.Model):
    """One write of one record. `fields`: by field, its value before and after; nothing for a record that was made.

    Relations are kept by primary key, tags by a list of them, fields of the user's own as "custom.key". The record
    itself may become another noun, or go: `name` is what it was called then. `version`, which is not stored, is the one
    that the write left behind.
    """

    version: int | None = None

    class Action(models.TextChoices):
        MADE = "made", _("Made")
        CHANGED = "changed", _("Changed")
        TRASHED = "trashed", _("Moved to the trash")
        RESTORED = "restored", _("Restored")
        TURNED = "turned", _("Turned into another kind")

    at = models.DateTimeField(_("when"), default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        db_index=False,
    )
    origin = models.CharField(_("from"), max_length=8, choices=Origin.choices)
    action = models.CharField(_("what"), max_length=8, choices=Action.choices)
    content_type = models.ForeignKey(
        ContentType, models.CASCADE, related_name="+", verbose_name=_("kind"), db_index=False
    )
    object_uuid = models.UUIDField()
    name = models.CharField(_("record"), max_length=255)
    fields = models.JSONField(_("fields"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("audit log")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("object_uuid", "-id"), name="crm_change_of_record"),
            models.Index(fields=("actor", "-id"), name="crm_change_by_whom"),
            models.Index(fields=("origin", "-id"), name="crm_change_from_where"),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.name}"

"""What a rule or a person decides: conflicts and possible matches."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.bindings import Binding, ObjectLink
from integrations.models.connections import Connection


class Conflict(ObjectLink):
    """Both sides changed one field. The value that lost is kept here and can be taken back.

    `base`, `here` and `odoo` are values as they stand here; `remote` is Odoo's own in canonical form. `later_here`:
    the edit here is the newer one (rule 13). `before` is the base's entry as it was before a person settled this,
    in a list that is empty without one. `trail` tells who did what when: [{"at", "by", "who", "did"}].
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for a person")
        BY_RULE = "by_rule", _("Settled by rule")
        BY_PERSON = "by_person", _("Settled by a person")

    class Winner(models.TextChoices):
        NOBODY = "", "–"
        HERE = "here", _("Here")
        ODOO = "odoo", _("Odoo")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="conflicts")
    binding = models.ForeignKey(Binding, models.SET_NULL, null=True, related_name="conflicts")
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField(null=True, blank=True)
    field = models.CharField(max_length=64)
    base = models.JSONField(null=True)
    here = models.JSONField(null=True)
    odoo = models.JSONField(null=True)
    remote = models.JSONField(null=True)
    before = models.JSONField(default=list)
    trail = models.JSONField(default=list)
    here_at = models.DateTimeField(null=True, blank=True)
    here_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    later_here = models.BooleanField(default=False)
    rule = models.CharField(max_length=16, blank=True, default="")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    winner = models.CharField(max_length=8, choices=Winner.choices, blank=True, default=Winner.NOBODY)
    remote_write_date = models.DateTimeField(null=True, blank=True)
    remote_write_uid = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model", "object_uuid", "field"),
                condition=Q(status="open"),
                name="integrations_conflict_open_once",
            ),
        )
        indexes = (
            models.Index(fields=("status", "-id"), name="integrations_conflict_list"),
            models.Index(fields=("object_uuid", "-id"), name="integrations_conflict_of"),
        )

    def __str__(self) -> str:
        return f"{self.field} · {self.remote_model}({self.remote_id or '?'})"


class MatchCandidate(models.Model):
    """An Odoo record and a record of ours that may be the same: a person says (rule 12)."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for a person")
        SAME = "same", _("The same")
        DIFFERENT = "different", _("Not the same")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="match_candidates")
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField()
    remote_name = models.CharField(max_length=255, blank=True, default="")
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_uuid = models.UUIDField()
    reason = models.CharField(max_length=120)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("possible match")
        verbose_name_plural = _("possible matches")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model", "remote_id", "object_uuid"),
                name="integrations_match_once",
            ),
        )
        indexes = (models.Index(fields=("object_uuid", "status"), name="integrations_match_of"),)

    def __str__(self) -> str:
        return f"{self.remote_name} ?"

"""Two records that were one: what a merge changed, for the way back; and pairs that a person said are two."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Merge(models.Model):
    """One record merged into another of its noun. `before` is what the way back needs:

    fields: by name, the survivor's value before and after; tags: keys of those it got; moved: by "table.field", keys of
    the rows that pointed to the loser; primary: whether the loser was the primary contact of its account.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)  # pruned by age
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("who"), db_index=False
    )
    noun = models.CharField(max_length=32)
    survivor = models.UUIDField(db_index=True)
    survivor_name = models.CharField(max_length=255)
    loser = models.UUIDField(db_index=True)
    loser_name = models.CharField(max_length=255)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.loser_name} → {self.survivor_name}"


class NotDuplicates(models.Model):
    """Two records that look alike and are not the same, so a person said; the smaller uuid stands first."""

    one = models.UUIDField()
    other = models.UUIDField(db_index=True)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("pair that is not the same")
        verbose_name_plural = _("pairs that are not the same")
        constraints = (
            models.UniqueConstraint(fields=("one", "other"), name="crm_not_duplicates_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="crm_not_duplicates_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.one} ≠ {self.other}"

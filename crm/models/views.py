"""Views of lists that people keep: filters, words, order and columns under a name."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """One view of a noun's list. `query` is what stands in the list's address, without page and view."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views", verbose_name=_("owner"), db_index=False
    )
    noun = models.CharField(max_length=32)
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(blank=True, default="")
    shared = models.BooleanField(_("shared with everybody"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    forgotten_at = models.DateTimeField(null=True, editable=False, db_index=True)  # pruned by age

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ("name", "id")
        indexes = (models.Index(fields=("noun", "shared", "name"), name="crm_view_of_list"),)
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "noun", "name"),
                condition=models.Q(forgotten_at=None),
                name="crm_view_name_once",
                violation_error_message=_("You have a view of this name already; choose another one."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view that a person finds when they open a list."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    noun = models.CharField(max_length=32)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "noun"), name="crm_default_view_once"),)

    def __str__(self) -> str:
        return f"{self.noun}: {self.view}"

"""Personal tokens of the API: for programs that speak for one person, within bounds that the person sets."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PersonalToken(models.Model):
    """One token; only a digest of it is kept, and its first letters, by which people know it again.

    `scopes`: "leads:read", "leads:write" (which reads, too), or "*" in place of the resource for all of them.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="personal_tokens", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=60)
    begins = models.CharField(_("begins with"), max_length=16)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.name} ({self.begins}…)"

    @property
    def holds(self) -> bool:
        """Whether it is neither revoked nor past its end."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

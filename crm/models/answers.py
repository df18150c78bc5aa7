"""Answers of the API that are kept, so that a request sent again is not done again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class KeptAnswer(models.Model):
    """One `Idempotency-Key` of one user, and what was answered; without a status the request is under way.

    `claimed_at` is the claim's token, too: only who holds it may write the answer.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    claimed_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)  # pruned by age

    class Meta:
        verbose_name = "kept answer"
        verbose_name_plural = "kept answers"
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="crm_answer_once"),)

    def __str__(self) -> str:
        return self.key

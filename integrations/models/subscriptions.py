"""Outgoing webhooks: who wants to hear of changes, and what each was told."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.fields import EncryptedTextField


class Subscription(models.Model):
    """An address that is told of changes which its owner may see.

    `events`: types such as "lead.trashed"; none means all. `site` is Tandem's own origin, as it was called when this
    was made. `old_secret` signs beside `secret` until `old_until`. A sender holds the row by `busy_token`; nothing is
    sent before `not_before`, which is the end of that hold or of a rest after a failure. One that was deleted stays
    for a while, without address and secrets, for the writes that still point to it.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DELETED = "deleted", _("Deleted")

    class Reason(models.TextChoices):
        NONE = "", "–"
        PERSON = "person", _("Paused by a person.")
        GONE = "gone", _("The address answered 410 Gone: it wants no more webhooks.")
        FAILING = "failing", _("Nothing was accepted for five days.")
        OWNER = "owner", _("Its owner's account is switched off.")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=60)
    url = models.CharField(_("URL"), max_length=500)
    site = models.CharField(max_length=255, editable=False)
    events = models.JSONField(_("events"), default=list, blank=True)
    skip_own = models.BooleanField(_("skip own changes"), default=True)
    secret = EncryptedTextField(editable=False)
    old_secret = EncryptedTextField(blank=True, default="", editable=False)
    old_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(_("reason"), max_length=8, choices=Reason.choices, blank=True, default=Reason.NONE)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    busy_token = models.UUIDField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("-id",)
        indexes = (
            # Every write asks who listens.
            models.Index(fields=("id",), name="subscription_active", condition=Q(state="active")),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def secrets(self) -> list[str]:
        """The secrets that sign now, the newest first."""
        rotating = self.old_until is not None and self.old_until > timezone.now()
        return [self.secret, *([self.old_secret] if rotating else [])]

    @property
    def rotates_until(self) -> object:
        """When the old secret ends, None when there is none."""
        return self.old_until if len(self.secrets) > 1 else None


class Delivery(models.Model):
    """One change for one subscription. `body` is what is sent, letter by letter, at each attempt.

    `uuid` is the message's id. `noun` and `object_uuid` say which record must be visible to the owner when it is sent;
    a test has neither.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        DELIVERED = "done", _("Delivered")
        FAILED = "failed", _("Failed")

    TEST = "test"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"), db_index=False
    )
    type = models.CharField(_("event"), max_length=48)
    noun = models.CharField(max_length=32, blank=True, default="")
    object_uuid = models.UUIDField(null=True, blank=True)
    body = models.TextField()
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    claim_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    tried_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    answer_status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    answer_ms = models.PositiveIntegerField(_("time in ms"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True, default="")
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-id",)
        indexes = (
            # What is due of one subscription, and of which there is anything due.
            models.Index(
                fields=("subscription", "due_at"),
                name="delivery_open",
                condition=Q(status__in=("waiting", "claimed")),
            ),
            models.Index(fields=("subscription", "-id"), name="delivery_recent"),
            models.Index(fields=("settled_at",), name="delivery_old", condition=Q(settled_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"

    @property
    def message_id(self) -> str:
        """What the receiver knows the message by, at each attempt the same."""
        return f"msg_{self.uuid.hex}"

"""What people do: activities, tasks, notes, and the log of what was said and sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.html import to_text
from crm.models.base import Coordinates, Linked, Record


class Activity(Linked, Coordinates, Record):
    """A call, e-mail, meeting, task, note or visit. Durations in minutes, coordinates in degrees."""

    SEARCH_FIELDS = ("subject", "outcome", "next_steps")
    OWNER_FIELD = "owner"

    class Type(models.TextChoices):
        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        MEETING = "meeting", _("Meeting")
        TASK = "task", _("Task")
        NOTE = "note", _("Note")
        VISIT = "visit", _("Visit")

    type = models.CharField(_("type"), max_length=16, choices=Type.choices)
    subject = models.CharField(_("subject"), max_length=255)
    description = models.TextField(_("description"), blank=True, default="")
    starts_at = models.DateTimeField(_("starts"), default=timezone.now)
    duration_minutes = models.PositiveIntegerField(_("duration (minutes)"), default=0)
    outcome = models.CharField(_("outcome"), max_length=255, blank=True, default="")
    next_steps = models.TextField(_("next steps"), blank=True, default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_activities",
        verbose_name=_("owner"),
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ("-starts_at", "-id")
        indexes = (
            models.Index(fields=("-starts_at", "-id"), name="crm_activity_list"),
            models.Index(fields=("owner", "-starts_at", "-id"), name="crm_activity_by_owner"),
        )

    def __str__(self) -> str:
        return self.subject


class Task(Linked, Record):
    """Something to do by a day. In Odoo: a mail.activity, a state made once."""

    SEARCH_FIELDS = ("title", "barcode")
    OWNER_FIELD = "assignee"

    class Kind(models.TextChoices):
        GENERAL = "general", _("General")
        FOLLOW_UP = "follow_up", _("Follow-up")
        REMINDER = "reminder", _("Reminder")
        DEADLINE = "deadline", _("Deadline")

    class Priority(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High")
        URGENT = "urgent", _("Urgent")

    title = models.CharField(_("title"), max_length=255)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.GENERAL)
    description = models.TextField(_("description"), blank=True, default="")
    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    due_on = models.DateField(_("due"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("assignee"),
    )
    barcode = models.CharField(_("barcode"), max_length=64, blank=True, default="")
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("due_on", "id")
        indexes = (
            models.Index(
                fields=("assignee", "due_on", "id"),
                condition=Q(done_at__isnull=True),
                name="crm_task_my_open",
            ),
            models.Index(fields=("due_on", "id"), name="crm_task_list"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("barcode",),
                condition=~Q(barcode=""),
                name="crm_task_barcode",
                violation_error_message=_("Another task has this barcode."),
            ),
        )

    def __str__(self) -> str:
        return self.title


class Note(Linked, Record):
    """A note in HTML, sanitised on the way in. In Odoo: an internal note in the chatter, written once."""

    SEARCH_FIELDS = ("body",)

    body = models.TextField(_("note"))
    task = models.ForeignKey("crm.Task", models.SET_NULL, null=True, blank=True, related_name="notes")

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        text = to_text(self.body)
        return text if len(text) <= 60 else f"{text[:59]}…"

    def build_search_text(self) -> str:
        return to_text(self.body).casefold()

    @classmethod
    def visibility(cls, user: Any) -> Q:
        return cls.visibility_by_links(user)


class CommunicationLog(Linked, Record):
    """What was said or sent, read-only: mails, calls, messages, and what Odoo's chatter holds."""

    SEARCH_FIELDS = ("subject", "author_name")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        SMS = "sms", _("SMS")
        ODOO_MESSAGE = "odoo_message", _("Odoo message")
        ODOO_ACTIVITY = "odoo_activity", _("Odoo activity")

    class Direction(models.TextChoices):
        IN = "in", _("Incoming")
        OUT = "out", _("Outgoing")
        INTERNAL = "internal", _("Internal")

    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices, default=Direction.INTERNAL)
    subject = models.CharField(_("subject"), max_length=255, blank=True, default="")
    body = models.TextField(_("body"), blank=True, default="")
    author_name = models.CharField(_("author"), max_length=255, blank=True, default="")
    happened_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("communication")
        verbose_name_plural = _("communication log")
        ordering = ("-happened_at", "-id")
        indexes = (models.Index(fields=("-happened_at", "-id"), name="crm_commlog_list"),)

    def __str__(self) -> str:
        return self.subject or self.get_channel_display()

    @classmethod
    def visibility(cls, user: Any) -> Q:
        return cls.visibility_by_links(user)

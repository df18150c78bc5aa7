"""Connections to other systems."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.fields import EncryptedTextField


def new_prefix() -> str:
    """The module part of all external ids of one connection: fixed for good once chosen."""
    return f"tandem_{secrets.token_hex(4)}"


class Connection(models.Model):
    """One other system that we are in step with.

    `lost_companies`: those that our user may no longer work for, when that is why the connection is paused.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        OFF = "off", _("Off")

    class Transport(models.TextChoices):
        AUTO = "auto", _("Automatic")
        JSON2 = "json2", "JSON-2"
        JSONRPC = "jsonrpc", "JSON-RPC"
        XMLRPC = "xmlrpc", "XML-RPC"

    system = models.CharField(_("system"), max_length=16, default="odoo", editable=False)
    name = models.CharField(_("name"), max_length=120, default="Odoo")
    url = models.URLField(_("URL"), max_length=500)
    public_url = models.URLField(_("URL for people"), max_length=500, blank=True, default="")
    database = models.CharField(_("database"), max_length=120)
    username = models.CharField(_("user name"), max_length=254)
    secret = EncryptedTextField(_("API key"), blank=True, default="")
    transport = models.CharField(_("transport"), max_length=8, choices=Transport.choices, default=Transport.AUTO)
    prefix = models.CharField(_("external id prefix"), max_length=32, unique=True, default=new_prefix, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    series = models.PositiveSmallIntegerField(_("Odoo series"), null=True, blank=True, editable=False)
    remote_uid = models.PositiveIntegerField(_("our user id in Odoo"), null=True, blank=True, editable=False)
    company_id = models.PositiveIntegerField(_("company id in Odoo"), null=True, blank=True)
    company_ids = models.JSONField(_("companies of our user"), default=list, blank=True, editable=False)
    lost_companies = models.JSONField(default=list, blank=True, editable=False)
    own_partner_ids = models.JSONField(_("partners of our companies"), default=list, blank=True, editable=False)
    language = models.CharField(
        _("language"),
        max_length=16,
        default="en_US",
        help_text=_("Code of the language in which Odoo gives translated names, such as fr_FR."),
    )
    interactive_per_minute = models.PositiveIntegerField(_("calls per minute while a person waits"), default=120)
    sync_per_minute = models.PositiveIntegerField(_("calls per minute of the sync"), default=600)
    key_ends_at = models.DateTimeField(_("end of the key"), null=True, blank=True, editable=False)
    key_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    hook_rules = models.JSONField(_("webhook rules in Odoo"), default=dict, blank=True, editable=False)
    hooked_at = models.DateTimeField(null=True, blank=True, editable=False)
    quiet = models.BooleanField(
        _("quiet writes"),
        default=True,
        help_text=_(
            "Quiet writes leave no tracking message in Odoo's chatter and mail nobody. "
            "Loud writes do both, and take about three times as long."
        ),
    )
    push_enabled = models.BooleanField(_("send to Odoo"), default=True)
    partner_types = models.JSONField(
        _("partner types"), default=list, blank=True, help_text=_("Empty: contacts only, no addresses.")
    )
    field_rules = models.JSONField(_("field rules"), default=dict, blank=True)
    source_ids = models.JSONField(_("ids of our lead sources in Odoo"), default=dict, blank=True, editable=False)
    own_fields = models.JSONField(_("own fields of Odoo"), default=list, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        constraints = (
            models.UniqueConstraint(
                fields=("system",),
                condition=~Q(state="off"),
                name="integrations_one_live_connection",
                violation_error_message=_("One Odoo connection can be live at a time."),
            ),
        )

    @classmethod
    def live(cls, *, secret: bool = False) -> Connection | None:
        """The one connection in use, paused or active, or None; its key only where it is asked for. One query."""
        rows = cls.objects if secret else cls.objects.defer("secret")
        return rows.exclude(state=cls.State.OFF).first()

    def __str__(self) -> str:
        return self.name

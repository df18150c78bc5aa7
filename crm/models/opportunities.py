"""The pipeline: stages, opportunities, reasons to lose, and the history of stage changes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.accounts import Account, Contact
from crm.models.base import OwnFields, Record
from crm.models.keys import by_email, by_phone, key_index
from crm.models.tags import Tag


class Stage(models.Model):
    """A column of the pipeline. A table, because Odoo's stages are the user's own."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    key = models.SlugField(_("key"), max_length=40, blank=True, default="", editable=False)
    sequence = models.IntegerField(_("sequence"), default=10)
    probability = models.DecimalField(
        _("probability"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    is_won = models.BooleanField(_("won"), default=False)
    is_lost = models.BooleanField(_("lost"), default=False)
    folded = models.BooleanField(_("folded"), default=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ("sequence", "id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(is_won=True, is_lost=True),
                name="crm_stage_won_or_lost",
                violation_error_message=_("A stage is won or lost, not both."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class LostReason(models.Model):
    """Why an opportunity or lead was lost."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=255)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("lost reason")
        verbose_name_plural = _("lost reasons")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Priority(models.TextChoices):
    """Odoo's priorities of a crm.lead: its value, shown there as stars."""

    LOW = "0", _("Low")
    MEDIUM = "1", _("Medium")
    HIGH = "2", _("High")
    VERY_HIGH = "3", _("Very high")


class Opportunity(OwnFields, Record):
    """A deal. In Odoo: a crm.lead of type opportunity."""

    SEARCH_FIELDS = ("name", "contact_name", "company_name", "email", "phone")
    OWNER_FIELD = "owner"

    name = models.CharField(_("name"), max_length=255)
    account = models.ForeignKey(
        Account,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("account"),
    )
    contact = models.ForeignKey(
        Contact,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("contact"),
    )
    contact_name = models.CharField(_("contact name"), max_length=255, blank=True, default="")
    company_name = models.CharField(_("company name"), max_length=255, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="opportunities", verbose_name=_("stage"))
    stage_since = models.DateTimeField(_("in stage since"), default=timezone.now, editable=False)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    probability = models.DecimalField(
        _("probability (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    probability_by_hand = models.BooleanField(_("probability set by hand"), default=False)
    close_date = models.DateField(_("expected close"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_opportunities",
        verbose_name=_("owner"),
    )
    priority = models.CharField(_("priority"), max_length=1, choices=Priority.choices, default=Priority.LOW)
    description = models.TextField(_("description"), blank=True, default="")
    requirements = models.TextField(_("requirements"), blank=True, default="")
    product_interest = models.TextField(_("product interest"), blank=True, default="")
    competition = models.TextField(_("competition"), blank=True, default="")
    risk = models.TextField(_("risk"), blank=True, default="")
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True, editable=False)
    lost_reason = models.ForeignKey(
        LostReason, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("lost reason")
    )
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True, editable=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="opportunities", verbose_name=_("tags"))
    email_key = by_email()
    phone_key = by_phone()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        ordering = ("-updated_at", "-id")
        indexes = (
            models.Index(fields=("stage", "-updated_at", "-id"), name="crm_opp_board"),
            # All that the sums of the board's columns need, so that the rows themselves are not read.
            models.Index(
                fields=("stage", "currency", "amount", "probability", "owner"),
                condition=Q(archived_at__isnull=True, lost_at__isnull=True),
                name="crm_opp_sums",
            ),
            models.Index(fields=("owner", "stage", "-id"), name="crm_opp_by_owner"),
            models.Index(fields=("close_date", "id"), name="crm_opp_by_close"),
            models.Index(fields=("-updated_at", "-id"), name="crm_opp_recent"),
            models.Index(fields=("name", "id"), name="crm_opp_by_name"),
            models.Index(fields=("amount", "id"), name="crm_opp_by_amount"),
            key_index("email_key", "crm_opp_by_email"),
            key_index("phone_key", "crm_opp_by_phone"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(name=""),
                name="crm_opp_name",
                violation_error_message=_("An opportunity needs a name."),
            ),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=100),
                name="crm_opp_probability",
                violation_error_message=_("A probability lies between 0 and 100."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class StageChange(models.Model):
    """One move of an opportunity between stages; kept for good."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="stage_changes")
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, related_name="+")
    to_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("stage change")
        verbose_name_plural = _("stage changes")
        ordering = ("-changed_at", "-id")
        indexes = (models.Index(fields=("opportunity", "-changed_at", "-id"), name="crm_stagechange_of_opp"),)

    def __str__(self) -> str:
        return f"{self.from_stage_id or '–'} → {self.to_stage_id}"

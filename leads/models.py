"""The lead."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Contact, LostReason, Opportunity, OwnFields, PostalAddress, Priority, Record, Tag
from crm.models.keys import by_email, by_name, by_phone, key_index


class Lead(PostalAddress, OwnFields, Record):
    """Somebody who may buy. In Odoo: a crm.lead of type lead; after conversion, read-only history."""

    SEARCH_FIELDS = ("name", "contact_name", "company_name", "email", "phone", "mobile")
    OWNER_FIELD = "owner"

    class Source(models.TextChoices):
        WEBSITE = "website", _("Website")
        TRADE_SHOW = "trade_show", _("Trade show")
        REFERRAL = "referral", _("Referral")
        COLD_CALL = "cold_call", _("Cold call")
        SOCIAL_MEDIA = "social_media", _("Social media")
        WHITE_PAPER = "white_paper", _("White paper")
        CONTACT_FORM = "contact_form", _("Contact form")

    class Stage(models.TextChoices):
        INQUIRY = "inquiry", _("Inquiry")
        QUALIFIED = "qualified", _("Qualified")
        PROPOSAL = "proposal", _("Proposal")
        NEGOTIATION = "negotiation", _("Negotiation")

    name = models.CharField(_("title"), max_length=255)
    contact_name = models.CharField(_("contact name"), max_length=255, blank=True, default="")
    company_name = models.CharField(_("company name"), max_length=255, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    mobile = models.CharField(_("mobile"), max_length=64, blank=True, default="")
    job_title = models.CharField(_("job title"), max_length=255, blank=True, default="")
    website = models.CharField(_("website"), max_length=255, blank=True, default="")
    description = models.TextField(_("description"), blank=True, default="")
    source = models.CharField(_("source"), max_length=16, choices=Source.choices, blank=True, default="")
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.INQUIRY)
    priority = models.CharField(_("priority"), max_length=1, choices=Priority.choices, default=Priority.LOW)
    budget = models.CharField(_("budget"), max_length=255, blank=True, default="")
    authority = models.CharField(_("authority"), max_length=255, blank=True, default="")
    need = models.TextField(_("need"), blank=True, default="")
    timeline = models.CharField(_("timeline"), max_length=255, blank=True, default="")
    score = models.PositiveSmallIntegerField(_("score"), default=0, validators=[MaxValueValidator(100)])
    expected_revenue = models.DecimalField(
        _("expected revenue"),
        max_digits=16,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
    )
    utm_source = models.CharField(_("UTM source"), max_length=255, blank=True, default="")
    utm_medium = models.CharField(_("UTM medium"), max_length=255, blank=True, default="")
    utm_campaign = models.CharField(_("UTM campaign"), max_length=255, blank=True, default="")
    referrer = models.CharField(_("referrer"), max_length=500, blank=True, default="")
    consent = models.BooleanField(_("consent to marketing"), default=False)
    consent_at = models.DateTimeField(_("consent given"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_leads",
        verbose_name=_("owner"),
    )
    account = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("account")
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("contact")
    )
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True, editable=False)
    lost_reason = models.ForeignKey(
        LostReason, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("lost reason")
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads", verbose_name=_("tags"))
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True, editable=False)
    converted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    converted_account = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, editable=False, related_name="converted_leads"
    )
    converted_contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, editable=False, related_name="converted_leads"
    )
    converted_opportunity = models.OneToOneField(
        Opportunity, models.SET_NULL, null=True, blank=True, editable=False, related_name="converted_lead"
    )
    email_key = by_email()
    phone_key = by_phone()
    mobile_key = by_phone("mobile")
    name_key = by_name("contact_name", "company_name")

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ("-updated_at", "-id")
        indexes = (
            models.Index(fields=("-updated_at", "-id"), name="leads_lead_recent"),
            models.Index(fields=("owner", "-updated_at", "-id"), name="leads_lead_by_owner"),
            models.Index(fields=("stage", "-updated_at", "-id"), name="leads_lead_by_stage"),
            models.Index(fields=("email",), name="leads_lead_email"),
            models.Index(fields=("name", "id"), name="leads_lead_by_name"),
            models.Index(fields=("score", "id"), name="leads_lead_by_score"),
            key_index("email_key", "leads_lead_by_email"),
            key_index("phone_key", "leads_lead_by_phone"),
            key_index("mobile_key", "leads_lead_by_mobile"),
            key_index("name_key", "leads_lead_by_name_key"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(name=""),
                name="leads_lead_name",
                violation_error_message=_("A lead needs a title."),
            ),
            models.CheckConstraint(
                condition=Q(score__lte=100),
                name="leads_lead_score",
                violation_error_message=_("A score lies between 0 and 100."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def frozen_reason(self) -> str:
        if self.converted_at is None:
            return ""
        return str(_("This lead was converted and is kept as history; edit the opportunity instead."))

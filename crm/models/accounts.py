"""Accounts (companies) and contacts (people)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.models.base import Coordinates, OwnFields, PostalAddress, Record
from crm.models.keys import by_email, by_name, by_phone, by_site, key_index
from crm.models.tags import Tag


class Account(PostalAddress, Coordinates, OwnFields, Record):
    """A company. In Odoo: a res.partner with is_company."""

    SEARCH_FIELDS = ("name", "email", "phone", "website", "city", "vat")
    OWNER_FIELD = "manager"

    class Type(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        DISTRIBUTOR = "distributor", _("Distributor")
        DEALER = "dealer", _("Dealer")
        SUPPLIER = "supplier", _("Supplier")
        PARTNER = "partner", _("Partner")

    name = models.CharField(_("name"), max_length=255)
    type = models.CharField(_("type"), max_length=16, choices=Type.choices, default=Type.CUSTOMER)
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent account"),
    )
    territory = models.CharField(_("territory"), max_length=120, blank=True, default="")
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="managed_accounts",
        db_index=False,  # crm_account_by_manager begins with it
        verbose_name=_("account manager"),
    )
    annual_revenue = models.DecimalField(
        _("annual revenue"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    industry = models.CharField(_("industry"), max_length=120, blank=True, default="")
    website = models.CharField(_("website"), max_length=255, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    vat = models.CharField(_("VAT number"), max_length=64, blank=True, default="")
    description = models.TextField(_("description"), blank=True, default="")
    tags = models.ManyToManyField(Tag, blank=True, related_name="accounts", verbose_name=_("tags"))
    email_key = by_email()
    phone_key = by_phone()
    site_key = by_site()
    name_key = by_name("name")

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("name", "id")
        indexes = (
            models.Index(fields=("name", "id"), name="crm_account_list"),
            models.Index(fields=("manager", "name", "id"), name="crm_account_by_manager"),
            models.Index(fields=("email",), name="crm_account_email"),
            models.Index(fields=("updated_at", "id"), name="crm_account_recent"),
            key_index("email_key", "crm_account_by_email"),
            key_index("phone_key", "crm_account_by_phone"),
            key_index("site_key", "crm_account_by_site"),
            key_index("name_key", "crm_account_by_name_key"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(name=""),
                name="crm_account_name",
                violation_error_message=_("An account needs a name."),
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="crm_account_not_own_parent",
                violation_error_message=_("An account cannot be its own parent."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Contact(PostalAddress, OwnFields, Record):
    """A person. In Odoo: a res.partner without is_company. `moved_to` redirects when Odoo made a company of it."""

    SEARCH_FIELDS = ("name", "email", "phone", "mobile", "job_title")
    OWNER_FIELD = "owner"

    class Role(models.TextChoices):
        DECISION_MAKER = "decision_maker", _("Decision maker")
        INFLUENCER = "influencer", _("Influencer")
        CONTACT = "contact", _("Contact")
        DISTRIBUTOR = "distributor", _("Distributor")
        DEALER = "dealer", _("Dealer")

    name = models.CharField(_("name"), max_length=255)
    account = models.ForeignKey(
        Account,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        db_index=False,  # crm_contact_of_account begins with it
        verbose_name=_("account"),
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.CONTACT)
    reports_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("reports to")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_contacts",
        verbose_name=_("owner"),
    )
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=64, blank=True, default="")
    mobile = models.CharField(_("mobile"), max_length=64, blank=True, default="")
    job_title = models.CharField(_("job title"), max_length=255, blank=True, default="")
    website = models.CharField(_("website"), max_length=255, blank=True, default="")
    vat = models.CharField(_("VAT number"), max_length=64, blank=True, default="")
    is_primary = models.BooleanField(_("primary contact"), default=False)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    do_not_call = models.BooleanField(_("do not call"), default=False)
    description = models.TextField(_("description"), blank=True, default="")
    tags = models.ManyToManyField(Tag, blank=True, related_name="contacts", verbose_name=_("tags"))
    moved_to = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, editable=False, related_name="former_contacts"
    )
    email_key = by_email()
    phone_key = by_phone()
    mobile_key = by_phone("mobile")
    name_key = by_name("name")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("name", "id")
        indexes = (
            models.Index(fields=("name", "id"), name="crm_contact_list"),
            models.Index(fields=("account", "name", "id"), name="crm_contact_of_account"),
            models.Index(fields=("email",), name="crm_contact_email"),
            models.Index(fields=("updated_at", "id"), name="crm_contact_recent"),
            key_index("email_key", "crm_contact_by_email"),
            key_index("phone_key", "crm_contact_by_phone"),
            key_index("mobile_key", "crm_contact_by_mobile"),
            key_index("name_key", "crm_contact_by_name_key"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(name=""),
                name="crm_contact_name",
                violation_error_message=_("A contact needs a name."),
            ),
            models.CheckConstraint(
                condition=Q(reports_to__isnull=True) | ~Q(reports_to=F("id")),
                name="crm_contact_not_own_boss",
                violation_error_message=_("A contact cannot report to themself."),
            ),
            models.UniqueConstraint(
                fields=("account",),
                condition=Q(is_primary=True, archived_at__isnull=True),
                name="crm_contact_one_primary",
                violation_error_message=_("This account has a primary contact already."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def frozen_reason(self) -> str:
        if self.moved_to_id is None:
            return ""
        return str(_("This contact became an account; edit the account instead."))

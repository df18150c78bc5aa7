"""People who sign in, and their teams."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.permissions import role_grants, role_opens


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` is an IANA time zone name."""
    if value not in available_timezones():
        raise ValidationError(_("%(value)s is not a time zone name such as Europe/Berlin."), params={"value": value})


class Team(models.Model):
    """A sales team."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    manager = models.ForeignKey(
        "crm.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="managed_teams",
        verbose_name=_("manager"),
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users; e-mail addresses are stored in lower case, because people type them in any."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Make a user. Raises ValueError when the e-mail is empty."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Make a user who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, role=User.Role.SUPER_ADMIN, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in by e-mail; also, inactive and without password, a salesperson known only from Odoo."""

    class Role(models.TextChoices):
        SUPER_ADMIN = "super_admin", _("Super Admin")
        ADMIN = "admin", _("Admin")
        SALES_MANAGER = "sales_manager", _("Sales Manager")
        SALES_USER = "sales_user", _("Sales User")
        READ_ONLY = "read_only", _("Read-only")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    locale = models.CharField(_("locale"), max_length=16, default="en")
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.SALES_USER)
    is_staff = models.BooleanField(_("may open the admin"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    from_odoo = models.BooleanField(_("known only from Odoo"), default=False, editable=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("name", "email", "id")
        constraints = (
            models.UniqueConstraint(
                Lower("email"), name="crm_user_email_ci", violation_error_message=_("This e-mail is taken.")
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def administers(self) -> bool:
        """Whether this user keeps house for all others."""
        return self.role in ADMIN_ROLES

    @property
    def sees_own_only(self) -> bool:
        """Whether this user is bound to own, team and unowned rows; all others see everything."""
        return self.role == self.Role.SALES_USER and not self.is_superuser

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's rights, and on top of them what the role grants (crm/permissions.py)."""
        return super().has_perm(perm, obj) or (self.is_active and role_grants(self.role, perm))

    def has_module_perms(self, app_label: str) -> bool:
        return super().has_module_perms(app_label) or (self.is_active and role_opens(self.role, app_label))

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


ADMIN_ROLES = (User.Role.SUPER_ADMIN, User.Role.ADMIN)

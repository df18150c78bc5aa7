"""Writes of users: inviting, changing, letting in and out. At least one active super admin always remains."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User

Role = User.Role


class UserFields(TypedDict, total=False):
    """What a user has besides the e-mail address."""

    name: str
    role: str
    team: Team | None
    time_zone: str
    locale: str
    is_staff: bool


class UserChanges(UserFields, total=False):
    """What can be changed on a user."""

    email: str
    is_active: bool


def invite_user(*, actor: User | None, email: str, password: str | None = None, **fields: Unpack[UserFields]) -> User:
    """Make a user who signs in by this e-mail; without a password they cannot sign in until one is set.

    A salesperson known only from Odoo by this e-mail becomes that user and keeps what is theirs. Raises
    ValidationError on bad values, an e-mail in use, a weak password, and a role above the actor's.
    """
    address = email.strip().lower()
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=address, from_odoo=True, is_active=False).first()
        user = user or User(email=address)
        user.is_active, user.from_odoo = True, False
        for name, value in fields.items():
            setattr(user, name, value)
        _ensure_may_grant(actor, user.role)
        user.is_superuser = user.role == Role.SUPER_ADMIN
        if password:
            _set_password(user, password)
        else:
            user.set_unusable_password()
        user.full_clean(exclude={"password"})
        user.save()
    return user


def update_user(user: User, *, actor: User | None, **fields: Unpack[UserChanges]) -> User:
    """Change a user; returns it fresh.

    Raises ValidationError on bad values, a role above the actor's, and when the last active super admin would go.
    """
    values: dict[str, Any] = dict(fields)
    if "email" in values:
        values["email"] = values["email"].strip().lower()
    with transaction.atomic():
        keepers = set(_super_admins().select_for_update().values_list("pk", flat=True))
        current = User.objects.select_for_update().get(pk=user.pk)
        if current.role == Role.SUPER_ADMIN:
            _ensure_may_grant(actor, Role.SUPER_ADMIN)
        for name, value in values.items():
            setattr(current, name, value)
        if "role" in values:
            _ensure_may_grant(actor, current.role)
            current.is_superuser = current.role == Role.SUPER_ADMIN
        if keepers == {current.pk} and not (current.is_active and current.role == Role.SUPER_ADMIN):
            raise ValidationError(_("This is the last active super admin. Name another one first."))
        current.full_clean(exclude={"password"})
        current.save(update_fields=[*values, "is_superuser"])
    return current


def deactivate_user(user: User, *, actor: User | None) -> User:
    """Shut a user out; what they own stays theirs. Raises ValidationError for oneself and the last super admin."""
    if actor is not None and actor.pk == user.pk:
        raise ValidationError(_("You cannot deactivate yourself."))
    return update_user(user, actor=actor, is_active=False)


def reactivate_user(user: User, *, actor: User | None) -> User:
    """Let a user in again."""
    return update_user(user, actor=actor, is_active=True)


def set_password(user: User, *, actor: User | None, password: str) -> User:
    """Set a new password. Raises ValidationError when it is weak or the user ranks above the actor."""
    _ensure_may_grant(actor, user.role)
    _set_password(user, password)
    user.save(update_fields=["password"])
    return user


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
    user.set_password(password)


def _super_admins() -> Any:
    return User.objects.filter(role=Role.SUPER_ADMIN, is_active=True).order_by("pk")


def _ensure_may_grant(actor: User | None, role: str) -> None:
    """Only a super admin touches super admins. No actor means the system itself."""
    if role == Role.SUPER_ADMIN and actor is not None and not (actor.is_superuser or actor.role == Role.SUPER_ADMIN):
        raise ValidationError({"role": _("Only a super admin can make or change a super admin.")})

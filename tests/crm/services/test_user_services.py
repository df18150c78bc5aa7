"""Who may let whom in."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError

from crm.models import User
from crm.services.users import deactivate_user, invite_user, reactivate_user, set_password, update_user
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db
GOOD = "correct horse battery staple"


def test_an_invited_user_signs_in_by_e_mail_in_any_case(admin_user: User) -> None:
    user = invite_user(actor=admin_user, email=" New@Example.COM ", name="New", password=GOOD)
    assert (user.email, user.role) == ("new@example.com", User.Role.SALES_USER)
    assert authenticate(username="NEW@example.com", password=GOOD) == user


def test_without_a_password_nobody_signs_in(admin_user: User) -> None:
    user = invite_user(actor=admin_user, email="new@example.com")
    assert not user.has_usable_password()
    set_password(user, actor=admin_user, password=GOOD)
    assert authenticate(username="new@example.com", password=GOOD) == user


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "a@example.com", "password": "short"}, "password"),
        ({"email": "a@example.com", "role": "king"}, "role"),
        ({"email": "a@example.com", "time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_bad_values_are_refused_by_field(admin_user: User, values: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        invite_user(actor=admin_user, **values)
    assert list(refusal.value.message_dict) == [field]
    assert User.objects.count() == 1


def test_an_e_mail_in_use_is_refused(admin_user: User, owner: User) -> None:
    with pytest.raises(ValidationError):
        invite_user(actor=admin_user, email="OWNER@example.com")


def test_a_salesperson_known_from_odoo_keeps_what_is_theirs(admin_user: User) -> None:
    known = UserFactory.create(email="seller@example.com", is_active=False, from_odoo=True, password=None)
    account = AccountFactory.create(manager=known)
    user = invite_user(actor=admin_user, email="Seller@example.com", name="Sally", password=GOOD)
    account.refresh_from_db()
    assert (user.pk, user.is_active, user.from_odoo, account.manager) == (known.pk, True, False, user)


def test_only_a_super_admin_makes_super_admins(admin_user: User) -> None:
    admin = UserFactory.create(role=User.Role.ADMIN)
    for change in (
        lambda: invite_user(actor=admin, email="x@example.com", role=User.Role.SUPER_ADMIN),
        lambda: update_user(admin, actor=admin, role=User.Role.SUPER_ADMIN),
        lambda: update_user(admin_user, actor=admin, name="Hacked"),
        lambda: set_password(admin_user, actor=admin, password=GOOD),
    ):
        with pytest.raises(ValidationError, match="Only a super admin"):
            change()
    assert invite_user(actor=admin_user, email="x@example.com", role=User.Role.SUPER_ADMIN).is_superuser


def test_the_last_super_admin_stays(admin_user: User) -> None:
    for change in ({"role": User.Role.ADMIN}, {"is_active": False}):
        with pytest.raises(ValidationError, match="last active super admin"):
            update_user(admin_user, actor=admin_user, **change)
    invite_user(actor=admin_user, email="second@example.com", role=User.Role.SUPER_ADMIN)
    demoted = update_user(admin_user, actor=admin_user, role=User.Role.ADMIN)
    assert not demoted.is_superuser


def test_shutting_out_and_letting_in(admin_user: User, owner: User) -> None:
    assert not deactivate_user(owner, actor=admin_user).is_active
    assert reactivate_user(owner, actor=admin_user).is_active
    with pytest.raises(ValidationError, match="yourself"):
        deactivate_user(admin_user, actor=admin_user)

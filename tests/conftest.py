"""What all tests share: the people who try every page, the stages, and a live connection to announce on."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate
from django.test import Client

from crm.models import Stage, Team, User
from integrations.models import Connection
from tests.factories import TeamFactory, UserFactory


@pytest.fixture
def team(db: None) -> Team:
    return TeamFactory.create(name="North")


@pytest.fixture
def owner(team: Team) -> User:
    """A sales user."""
    return UserFactory.create(email="owner@example.com", name="Olga Owner", team=team)


@pytest.fixture
def team_mate(team: Team) -> User:
    """A sales user of the owner's team."""
    return UserFactory.create(email="mate@example.com", name="Mats Mate", team=team)


@pytest.fixture
def stranger(db: None) -> User:
    """A sales user of another team."""
    return UserFactory.create(email="stranger@example.com", name="Sten Stranger", team=TeamFactory.create(name="South"))


@pytest.fixture
def reader(db: None) -> User:
    """A read-only user."""
    return UserFactory.create(email="reader@example.com", name="Rita Reader", role=User.Role.READ_ONLY)


@pytest.fixture
def admin_user(db: None) -> User:
    """A super admin; replaces pytest-django's fixture, which knows no e-mail sign-in."""
    return User.objects.create_superuser(email="admin@example.com", password="correct horse battery staple", name="Ada")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A test client of this user."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """The test database; a flush, with which a transactional test ends, puts the migrated stages back."""
    add_stages = import_module("crm.migrations.0003_default_stages").add_stages
    post_migrate.connect(
        lambda **_signal: add_stages(apps, None), sender=apps.get_app_config("crm"), weak=False, dispatch_uid="stages"
    )


@pytest.fixture
def stages(db: None) -> dict[str, Stage]:
    """The default stages by key."""
    return {stage.key: stage for stage in Stage.objects.exclude(key="")}


@pytest.fixture
def connection_to_odoo(db: None) -> Connection:
    """A live connection, so that announcing leaves outbox rows; nothing is reached."""
    return Connection.objects.create(url="http://odoo.example.com", database="odoo", username="sync@example.com")

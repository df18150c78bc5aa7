"""The figure on the first page that says how the sync stands."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType

from crm.models import User
from integrations.models import Binding, Connection, OutboxMessage, external_name
from integrations.standing.tiles import sync_tile
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(url="https://odoo.example.com", database="d", username="u")


def queued(connection: Connection, status: str) -> None:
    """A message about an account in this state."""
    account, kind = AccountFactory(), ContentType.objects.get(app_label="crm", model="account")
    common = {"connection": connection, "remote_model": "res.partner", "content_type": kind}
    Binding.objects.create(**common, object_uuid=account.uuid, external_name=external_name("res.partner", account.uuid))
    OutboxMessage.objects.create(**common, object_uuid=account.uuid, status=status)


def told(user: User) -> tuple[str, bool, bool]:
    """The figure, whether it asks for a look, and whether it leads somewhere."""
    (tile,) = sync_tile(user)
    return str(tile.figure), tile.alert, bool(tile.url)


def test_without_a_connection_there_is_no_figure() -> None:
    assert sync_tile(UserFactory()) == []


def test_the_worst_is_told_first(connection: Connection) -> None:
    admin = UserFactory(role="admin")
    assert told(admin) == ("In step", False, True)
    queued(connection, OutboxMessage.Status.WAITING)
    assert told(admin) == ("1 on the way", False, True)
    queued(connection, OutboxMessage.Status.PARKED)
    assert told(admin) == ("1 set aside", True, True)
    connection.state = Connection.State.PAUSED
    connection.save()
    assert told(admin) == ("Paused", True, True)


def test_people_who_may_not_open_the_sync_see_the_figure_alone(connection: Connection) -> None:
    assert told(UserFactory(role="sales_user")) == ("In step", False, False)

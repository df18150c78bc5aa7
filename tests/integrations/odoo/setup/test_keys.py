"""Case 25: keys run out, are refused, are changed without a gap; nothing is lost and no try is burned."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.utils import timezone

from crm.models import User
from crm.services.accounts import create_account
from integrations import sync
from integrations.decisions import connections
from integrations.errors import AuthRejected
from integrations.models import Connection, IntegrationEvent, KeyRotation, OutboxMessage
from integrations.odoo.setup import keys
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]
STATUS = OutboxMessage.Status


def second_key(sides: TwoSides, key: str = "another-key-of-ours") -> str:
    """A key that a person has made in Odoo for the same user."""
    sides.control.request("POST", "add_key", {"user": sides.odoo.username, "key": key})
    return key


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_case_25_an_expired_key_pauses_keeps_everything_and_burns_no_try(synced: TwoSides, admin_user: User) -> None:
    create_account(actor=admin_user, name="Acme")
    synced.control.expire_key(synced.odoo.username)
    with pytest.raises(AuthRejected):
        synced.push("res.partner")
    connection = Connection.objects.get()
    assert connection.state == Connection.State.PAUSED
    assert "Odoo" in connection.state_reason
    message = OutboxMessage.objects.get()
    assert (message.status, message.attempts, message.refusals) == (STATUS.WAITING, 0, 0)
    for _turn in range(3):
        synced.later(60)
        synced.push("res.partner")
    assert OutboxMessage.objects.get().attempts == 0

    synced.control.expire_key(synced.odoo.username, renew=True)
    connections.resume(connection)
    synced.settle()
    assert OutboxMessage.objects.filter(status=STATUS.DONE).count() >= 1
    assert synced.control.counters()["twins"]["res.partner"] == {}


@pytest.mark.parametrize(("series", "transport"), [(16, "xmlrpc"), (18, "jsonrpc")])
def test_case_25_a_password_that_two_factor_login_refuses_pauses_and_is_explained(
    synced: TwoSides, admin_user: User
) -> None:
    Connection.objects.update(secret=synced.odoo.password)
    create_account(actor=admin_user, name="Acme")
    synced.control.settings(two_factor=[synced.odoo.username])
    with pytest.raises(AuthRejected):
        synced.push("res.partner")
    connection = Connection.objects.get()
    assert connection.state == Connection.State.PAUSED
    assert "two-factor" in connection.state_reason
    assert OutboxMessage.objects.get().attempts == 0


def test_a_warning_stands_in_the_events_from_14_days_before(synced: TwoSides) -> None:
    sync.check_key()
    assert Connection.objects.get().key_ends_at is not None
    assert not IntegrationEvent.objects.filter(kind="key ends").exists()
    ends = timezone.now() + timedelta(days=13)
    row = synced.control.dump("res.users.apikeys", "user_id")
    mine = [one["id"] for one in row if one["user_id"] == synced.odoo.uid]
    synced.control.patch("res.users.apikeys", mine, expiration_date=f"{ends:%Y-%m-%d %H:%M:%S}")
    sync.check_key()
    event = IntegrationEvent.objects.get(kind="key ends")
    assert f"{ends:%Y-%m-%d}" in event.message


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_a_key_made_by_hand_is_tested_switched_and_the_old_one_seen_gone(synced: TwoSides, admin_user: User) -> None:
    new = second_key(synced)
    keys.test(synced.connection, new, actor=admin_user)
    assert Connection.objects.get().secret == synced.odoo.api_key

    keys.switch(synced.connection, actor=admin_user)
    assert Connection.objects.get().secret == new
    create_account(actor=admin_user, name="Acme")
    synced.settle()

    assert KeyRotation.objects.get().secret == synced.odoo.api_key
    with pytest.raises(ValidationError, match="still works"):
        keys.revoke(Connection.objects.get(), actor=admin_user)
    assert KeyRotation.objects.get().step == KeyRotation.Step.SWITCHED
    synced.control.request("POST", "drop_key", {"key": synced.odoo.api_key})
    keys.revoke(Connection.objects.get(), actor=admin_user)
    assert not KeyRotation.objects.exists()
    assert Connection.objects.get().secret == new


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_a_key_that_fails_its_test_changes_nothing(synced: TwoSides, admin_user: User) -> None:
    before = Connection.objects.values().get()
    with pytest.raises(ValidationError, match="does not accept this key"):
        keys.test(synced.connection, "nonsense", actor=admin_user)
    with pytest.raises(ValidationError, match="in use already"):
        keys.test(synced.connection, synced.odoo.api_key, actor=admin_user)
    with pytest.raises(ValidationError, match=r"another user|does not accept"):
        keys.test(synced.connection, synced.odoo.admin_key, actor=admin_user)
    with pytest.raises(ValidationError, match="Test a new key first"):
        keys.switch(synced.connection, actor=admin_user)
    assert Connection.objects.values().get() == before
    assert not KeyRotation.objects.exists()


@pytest.mark.parametrize("series", [19])
def test_odoo_19_makes_and_revokes_the_key_where_it_is_allowed(synced: TwoSides, admin_user: User) -> None:
    synced.control.settings(programmatic_keys=True)
    made = keys.make(synced.connection, actor=admin_user)
    assert made.ends_at is not None
    keys.test(synced.connection, made.secret, actor=admin_user)
    keys.switch(synced.connection, actor=admin_user)
    keys.revoke(Connection.objects.get(), actor=admin_user)
    connection = Connection.objects.get()
    assert connection.secret == made.secret
    assert connection.key_ends_at == made.ends_at
    with pytest.raises(ValidationError, match="does not accept"):
        keys.test(connection, synced.odoo.api_key, actor=admin_user)
    create_account(actor=admin_user, name="Acme")
    synced.settle()


@pytest.mark.parametrize(("series", "words"), [(18, "in its own pages only"), (19, "not enabled")])
def test_where_odoo_makes_no_keys_it_says_so(synced: TwoSides, admin_user: User, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        keys.make(synced.connection, actor=admin_user)
    assert not KeyRotation.objects.exists()


def test_the_switch_resumes_a_connection_that_the_old_key_has_paused(synced: TwoSides, admin_user: User) -> None:
    new = second_key(synced)
    Connection.objects.update(state="paused", state_reason="Odoo refused the user or the key.")
    keys.test(Connection.objects.get(), new, actor=admin_user)
    keys.switch(Connection.objects.get(), actor=admin_user, resume=True)
    assert (Connection.objects.get().state, Connection.objects.get().state_reason) == ("active", "")


def test_no_key_stands_in_the_clear_in_the_database(synced: TwoSides, admin_user: User) -> None:
    new = second_key(synced)
    keys.test(synced.connection, new, actor=admin_user)
    with database.cursor() as cursor:
        cursor.execute("SELECT secret FROM integrations_keyrotation")
        assert cursor.fetchone()[0].startswith("enc1:")

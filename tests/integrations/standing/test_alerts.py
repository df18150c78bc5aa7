"""Alerts: once when a limit is passed and once when it is over, by log and real mail; without a server, no crash."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from crm.models import Account, User
from integrations import options
from integrations.eventlog import EventLog
from integrations.models import Alert, Connection, OutboxMessage
from integrations.odoo.wire.session import pause
from integrations.odoo.wire.target import CallRecord
from integrations.standing import alerts
from tests.factories import UserFactory
from tests.support.smtp import Mailbox, running_smtp

pytestmark = pytest.mark.django_db
START = timezone.now().replace(microsecond=0)


@pytest.fixture
def mailbox(settings: LazySettings) -> Iterator[Mailbox]:
    """A mail server that the settings name."""
    with running_smtp() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield box


@pytest.fixture
def admin(db: None) -> User:
    return UserFactory.create(email="boss@example.com", role=User.Role.ADMIN)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


def calls(odoo: Connection, *, ok: int = 0, failed: int = 0, seconds: float = 0.1) -> None:
    log = EventLog(odoo)
    for number in range(ok + failed):
        good = number < ok
        error = None if good else "TransientError"
        log.call(CallRecord("res.partner", "read", seconds, good, error, 1, 1, 1))
    log.flush()


def queue(odoo: Connection, count: int) -> None:
    content_type = ContentType.objects.get_for_model(Account)
    OutboxMessage.objects.bulk_create(
        OutboxMessage(connection=odoo, remote_model="res.partner", content_type=content_type, object_uuid=uuid4())
        for _number in range(count)
    )


def body(mail: Any) -> str:
    text: str = mail.get_payload(decode=True).decode()
    return text


def test_an_alert_is_mailed_once_when_it_begins_and_once_when_it_ends(
    connection_to_odoo: Connection, admin: User, mailbox: Mailbox
) -> None:
    alerts.watch(now=minute(0))
    calls(connection_to_odoo, ok=5, failed=5)
    for number in range(1, 6):
        alerts.watch(now=minute(number))
    assert [mail["Subject"] for mail in mailbox.mails] == ["Tandem, Odoo: alert: Success rate"]
    assert mailbox.recipients == [["boss@example.com"]]
    assert "Only 50 % of the calls to Odoo go well; the limit is 80 %." in body(mailbox.mails[0])

    for number in range(16, 40):
        calls(connection_to_odoo, ok=3)
        alerts.watch(now=minute(number))
    assert [mail["Subject"] for mail in mailbox.mails][1:] == ["Tandem, Odoo: over: Success rate"]
    assert Alert.objects.get().ended_at is not None


def test_a_value_that_swings_around_its_limit_is_one_alert(
    connection_to_odoo: Connection, admin: User, mailbox: Mailbox
) -> None:
    options.change({"alert_queue": 2}, actor=None)
    for number in range(20):
        queue(connection_to_odoo, 3)
        alerts.watch(now=minute(2 * number))
        OutboxMessage.objects.all().delete()
        alerts.watch(now=minute(2 * number + 1))
    assert Alert.objects.count() == 1
    assert len(mailbox.mails) == 1


def test_each_limit_has_its_alert_and_zero_is_none(connection_to_odoo: Connection, mailbox: Mailbox) -> None:
    queue(connection_to_odoo, 4)
    alerts.watch(now=minute(0))
    calls(connection_to_odoo, ok=5, failed=5, seconds=3)
    options.change({"alert_rate": 0, "alert_duration_ms": 0, "alert_queue": 0}, actor=None)
    alerts.watch(now=minute(1))
    assert not Alert.objects.exists()

    options.change({"alert_rate": 60, "alert_duration_ms": 2000, "alert_queue": 3}, actor=None)
    alerts.watch(now=minute(2))

    assert [alerts.sentence(one) for one in alerts.open_alerts(connection_to_odoo)] == [
        "Only 50 % of the calls to Odoo go well; the limit is 60 %.",
        "A call to Odoo takes 3000 ms on average; the limit is 2000 ms.",
        "4 messages wait; the limit is 3.",
    ]


def test_a_paused_connection_is_mailed_at_once_with_its_reason_and_again_when_it_runs(
    connection_to_odoo: Connection, admin: User, mailbox: Mailbox
) -> None:
    pause(connection_to_odoo, "Odoo refuses the key.")
    alerts.watch(now=minute(0))
    alerts.watch(now=minute(1))
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Tandem, Odoo: alert: Connection paused"
    assert "The connection is paused. Odoo refuses the key." in body(mail)
    assert "Nothing is lost" in body(mail)

    Connection.objects.update(state=Connection.State.ACTIVE, state_reason="")
    alerts.watch(now=minute(2))
    alerts.watch(now=minute(8))
    assert "The connection runs again since" in body(mailbox.mails[-1])
    assert len(mailbox.mails) == 2


def test_a_handful_of_calls_is_too_little_to_judge(connection_to_odoo: Connection) -> None:
    alerts.watch(now=minute(0))
    calls(connection_to_odoo, failed=4)
    alerts.watch(now=minute(1))
    assert not Alert.objects.exists()


def test_who_is_named_is_told_instead_of_the_administrators(
    connection_to_odoo: Connection, admin: User, mailbox: Mailbox
) -> None:
    options.change({"alert_queue": 1, "alert_recipients": "ops@example.com; duty@example.com"}, actor=admin)
    queue(connection_to_odoo, 2)
    alerts.watch(now=minute(0))
    assert mailbox.recipients == [["ops@example.com", "duty@example.com"]]


def test_a_mail_server_that_is_away_is_tried_again_and_logged(
    connection_to_odoo: Connection,
    admin: User,
    mailbox: Mailbox,
    settings: LazySettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    options.change({"alert_queue": 1}, actor=None)
    queue(connection_to_odoo, 2)
    settings.EMAIL_PORT = 1
    with caplog.at_level(logging.WARNING):
        alerts.watch(now=minute(0))
    assert [record.message for record in caplog.records] == ["alert.began", "alert.mail_failed"]
    settings.EMAIL_PORT, mailbox.refuse = mailbox.port, True
    alerts.watch(now=minute(1))
    assert mailbox.mails == []
    mailbox.refuse = False
    alerts.watch(now=minute(2))
    alerts.watch(now=minute(3))
    assert len(mailbox.mails) == 1


def test_without_a_mail_server_the_log_tells_it_once(
    connection_to_odoo: Connection, admin: User, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_HOST = ""
    options.change({"alert_queue": 1}, actor=None)
    queue(connection_to_odoo, 2)
    with caplog.at_level(logging.WARNING):
        for number in range(4):
            alerts.watch(now=minute(number))
    assert [record.message for record in caplog.records] == ["alert.began"]


def test_without_a_connection_there_is_nothing_to_watch(db: None) -> None:
    alerts.watch()
    assert not Alert.objects.exists()

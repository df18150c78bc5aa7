"""Cases 10, 11 and 13: webhooks that are lost, come early, come a hundred times."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.conf import LazySettings
from django.db.models import F
from django.test import Client
from django.utils import timezone

from crm.models import Contact
from integrations import sync
from integrations.counting import hookwatch
from integrations.models import HookCheck, HookDay, InboxMessage
from integrations.odoo.pulling import readback
from tests.support.two_sides import TwoSides

HERE = "/api/v1/integrations/odoo"
KEY = "test-key-one"
STATUS = InboxMessage.Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = [KEY]


def hook(remote_id: int, **more: Any) -> None:
    """What Odoo's automation rule sends."""
    body = {"_action": "Send(#1)", "_model": "res.partner", "_id": remote_id, "id": remote_id, **more}
    answer = Client().post(HERE, body, content_type="application/json", headers={"X-Odoo-Api-Key": KEY})
    assert answer.status_code == 202


def pass_time(seconds: float) -> None:
    """So many seconds go by for hints and for what is to be judged."""
    gone = timedelta(seconds=seconds)
    InboxMessage.objects.update(due_at=F("due_at") - gone, received_at=F("received_at") - gone)
    HookCheck.objects.update(found_at=F("found_at") - gone)


def partner(sides: TwoSides, name: str = "Paula") -> int:
    """A person of Odoo, known here already."""
    remote_id = sides.control.create("res.partner", name=name, email=f"{name.lower()}@example.com")
    sides.pull()
    sides.end_second()
    sides.control.reset_counters()
    return remote_id


def today() -> HookDay:
    return HookDay.objects.get(remote_model="res.partner")


def test_case_13_a_storm_of_100_copies_is_absorbed_into_one_read(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    for _copy in range(100):
        hook(remote_id, write_date="2026-01-01 10:00:00.123456")
    pass_time(0.31)
    sync.read_back()
    assert synced.calls("res.partner.read") == 1
    assert Contact.objects.get(name="Paula").phone == "+49 30 1"
    assert set(InboxMessage.objects.values_list("status", flat=True)) == {STATUS.DONE}
    assert (today().received, today().reads, today().absorbed) == (100, 1, 99)


def test_case_13_while_copies_pour_in_nothing_is_read_but_not_for_ever(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    hook(remote_id)
    pass_time(0.31)
    hook(remote_id)
    sync.read_back()
    assert synced.calls("res.partner.read") == 0
    pass_time(1.8)
    hook(remote_id)
    sync.read_back()
    assert synced.calls("res.partner.read") == 1


def test_case_13_a_late_copy_of_the_same_dated_news_costs_no_read(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    for _copy in range(2):
        hook(remote_id, write_date="2026-01-01 10:00:00.123456")
        pass_time(0.31)
        sync.read_back()
    assert synced.calls("res.partner.read") == 1
    assert (today().received, today().reads, today().absorbed) == (2, 1, 1)


def test_case_13_other_news_of_the_same_record_is_read(synced: TwoSides) -> None:
    remote_id = partner(synced)
    for number in range(2):
        synced.control.write("res.partner", [remote_id], phone=f"+49 30 {number}")
        hook(remote_id, write_date=f"2026-01-01 10:00:0{number}.123456")
        pass_time(0.31)
        sync.read_back()
    assert Contact.objects.get(name="Paula").phone == "+49 30 1"


def test_case_13_the_same_body_without_a_moment_may_be_another_change(synced: TwoSides) -> None:
    remote_id = partner(synced)
    for number in range(2):
        synced.control.write("res.partner", [remote_id], phone=f"+49 30 {number}")
        hook(remote_id)
        pass_time(0.31)
        sync.read_back()
    assert Contact.objects.get(name="Paula").phone == "+49 30 1"
    hook(remote_id)
    for _look in range(3):
        pass_time(11)
        sync.read_back()
    assert InboxMessage.objects.latest("id").status == STATUS.DROPPED
    assert synced.calls("res.partner.read") == 5


def test_case_13_the_window_ends(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    hook(remote_id, write_date="2026-01-01 10:00:00.123456")
    pass_time(0.31)
    sync.read_back()
    InboxMessage.objects.update(settled_at=timezone.now() - readback.REPLAY_WINDOW - timedelta(seconds=1))
    hook(remote_id, write_date="2026-01-01 10:00:00.123456")
    pass_time(0.31)
    sync.read_back()
    assert synced.calls("res.partner.read") == 2


def test_case_10_a_lost_webhook_is_found_by_the_poll_and_counted(synced: TwoSides) -> None:
    remote_id = partner(synced)
    hookwatch.count_worked_off(synced.connection, "res.partner", received=1, reads=1, absorbed=0)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    synced.pull()
    assert Contact.objects.get(name="Paula").phone == "+49 30 1"
    assert hookwatch.judge(synced.connection) == 0
    pass_time(61)
    assert hookwatch.judge(synced.connection) == 1
    assert hookwatch.judge(synced.connection) == 0
    assert today().lost == 1


def test_case_10_a_webhook_that_came_before_or_soon_after_the_poll_is_not_lost(synced: TwoSides) -> None:
    first, second = partner(synced), partner(synced, "Quentin")
    hookwatch.count_worked_off(synced.connection, "res.partner", received=1, reads=1, absorbed=0)
    synced.control.write("res.partner", [first, second], phone="+49 30 1")
    hook(first)
    synced.pull()
    hook(second)
    HookCheck.objects.update(found_at=timezone.now() - timedelta(seconds=61))
    assert hookwatch.judge(synced.connection) == 0
    assert today().lost == 0


def test_our_own_writes_and_unexpected_webhooks_are_not_missed(synced: TwoSides) -> None:
    remote_id = partner(synced)
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    synced.pull()
    assert not HookCheck.objects.exists()
    hookwatch.count_worked_off(synced.connection, "res.partner", received=1, reads=1, absorbed=0)
    synced.end_second()
    synced.control.write("res.partner", [remote_id], user=synced.odoo.username, phone="+49 30 2")
    synced.pull()
    assert not HookCheck.objects.exists()


def test_a_webhook_that_fell_silent_is_noticed_and_one_that_came_again_is_well(synced: TwoSides) -> None:
    ids = [partner(synced, name) for name in ("Paula", "Quentin", "Rita")]
    hookwatch.count_worked_off(synced.connection, "res.partner", received=1, reads=1, absorbed=0)
    assert not hookwatch.heartbeat(synced.connection).silent
    synced.control.write("res.partner", ids, phone="+49 30 1")
    synced.pull()
    pass_time(61)
    hookwatch.judge(synced.connection)
    assert hookwatch.heartbeat(synced.connection).silent
    assert hookwatch.heartbeat(synced.connection).lost == 3
    hook(ids[0])
    pass_time(0.31)
    sync.read_back()
    assert not hookwatch.heartbeat(synced.connection).silent


def sign(body: bytes, moment: float, key: str = KEY) -> dict[str, str]:
    stamp = str(int(moment))
    digest = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Tandem-Timestamp": stamp, "X-Tandem-Signature": digest}


@pytest.mark.parametrize(
    ("age", "key", "status"), [(0, KEY, 202), (240, KEY, 202), (310, KEY, 401), (-310, KEY, 401), (0, "other", 401)]
)
def test_a_signature_counts_for_five_minutes(db: None, age: int, key: str, status: int) -> None:
    body = orjson.dumps({"_model": "res.partner", "_id": 7})
    headers = sign(body, time.time() - age, key)
    answer = Client().post(HERE, body, content_type="application/json", headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "١٢"])
def test_a_signature_without_a_moment_is_refused_even_beside_a_key(db: None, stamp: str) -> None:
    body = orjson.dumps({"_model": "res.partner", "_id": 7})
    headers = {**sign(body, time.time()), "X-Tandem-Timestamp": stamp, "X-Odoo-Api-Key": KEY}
    answer = Client().post(HERE, body, content_type="application/json", headers=headers)
    assert (answer.status_code, InboxMessage.objects.count()) == (401, 0)

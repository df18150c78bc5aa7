"""Every remote call is an event, on all three transports; none holds a secret or what people wrote."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.db.models import Q, Sum

from crm.models import User
from crm.services.accounts import create_account, update_account
from integrations import eventlog, sync, webhooks
from integrations.errors import IntegrationError
from integrations.models import IntegrationEvent
from integrations.odoo.setup import hooks
from integrations.odoo.setup.check import check_live
from integrations.odoo.setup.connect import connect
from leads.services import create_lead
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides, two_sides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]


def logged_calls() -> int:
    """Remote calls that the log knows."""
    calls = IntegrationEvent.objects.filter(Q(kind="idle poll") | Q(kind__startswith="call "))
    return calls.aggregate(n=Sum("count"))["n"] or 0


def passed_by(proxy: RunningProxy) -> int:
    """HTTP exchanges that went through the proxy."""
    return int(proxy.state()["seen"])


def everything_logged() -> str:
    return "\n".join(" ".join(str(value) for value in row) for row in IntegrationEvent.objects.values_list())


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_every_call_of_every_piece_of_work_is_an_event(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    sides = behind_proxy
    IntegrationEvent.objects.all().delete()
    proxy.clear()
    sides.control.create("res.partner", name="Gisela Geheim", email="gisela@example.com")
    sides.pull()
    account = create_account(actor=admin_user, name="Verborgen GmbH", phone="+49 30 5550199")
    create_lead(actor=admin_user, name="Leise Anfrage")
    proxy.rule("lost_answer", **sides.wire_of_load("crm.lead"))
    sides.settle()
    update_account(account, actor=admin_user, phone="+49 30 5550200")
    sides.settle(compare_ids=True)
    check_live(sides.connection)
    two_sides(sides.odoo, url=proxy.url, transport=sides.connection.transport)

    assert logged_calls() == passed_by(proxy)
    assert proxy.struck("lost_answer") == 1
    assert not IntegrationEvent.objects.filter(kind__startswith="call ", duration_ms=None).exists()
    logged = everything_logged()
    for hidden in (sides.odoo.api_key, "Geheim", "gisela", "Verborgen", "5550199", "5550200", "Leise"):
        assert hidden not in logged


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_a_call_about_one_record_names_it(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    IntegrationEvent.objects.all().delete()
    update_account(account, actor=admin_user, phone="+49 30 1")
    synced.settle()
    loads = IntegrationEvent.objects.filter(kind="call load", remote_model="res.partner")
    assert [event.remote_id for event in loads] == [synced.remote_id(account)]


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_polls_that_find_nothing_take_one_row_a_model_and_hour(behind_proxy: TwoSides, proxy: RunningProxy) -> None:
    behind_proxy.settle()
    IntegrationEvent.objects.all().delete()
    proxy.clear()
    for _turn in range(4):
        behind_proxy.pull()
    assert logged_calls() == passed_by(proxy)
    idle = IntegrationEvent.objects.filter(kind="idle poll", remote_model="res.partner")
    assert idle.count() <= 2  # the clock may strike meanwhile
    assert idle.aggregate(n=Sum("count"))["n"] == 4
    assert not IntegrationEvent.objects.filter(kind="call search_read").exists()


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_a_failed_call_is_an_event_without_odoos_words(connected: TwoSides) -> None:
    IntegrationEvent.objects.all().delete()
    with pytest.raises(IntegrationError):
        connect(
            url=connected.odoo.url,
            database=connected.odoo.database,
            username="gisela@example.com",
            secret="not-the-key-4711",
            transport=connected.connection.transport,
        )
    failed = IntegrationEvent.objects.get(result="failed")
    assert failed.message == "AuthRejected"
    for hidden in ("gisela", "4711"):
        assert hidden not in everything_logged()


def test_a_webhook_is_an_event_without_its_body(synced: TwoSides) -> None:
    IntegrationEvent.objects.all().delete()
    partner = synced.control.create("res.partner", name="Gisela Geheim", email="gisela@example.com")
    webhooks.store({"contact": {"id": partner, "email": "gisela@example.com", "note": "Leise bitte"}})
    webhooks.store({"_model": "account.move", "_id": 5})
    synced.later(2)
    sync.read_back()
    assert eventlog.log_webhooks() == 2

    heard = IntegrationEvent.objects.filter(kind="webhook").order_by("remote_model")
    assert [(event.remote_model, event.remote_id, event.result) for event in heard] == [
        ("account.move", 5, "ok"),
        ("res.partner", partner, "ok"),
    ]
    for hidden in ("Geheim", "gisela", "Leise"):
        assert hidden not in everything_logged()


def test_setting_up_webhooks_is_logged_without_the_administrators_key(
    behind_proxy: TwoSides, proxy: RunningProxy, settings: LazySettings
) -> None:
    settings.ODOO_WEBHOOK_KEYS = ["a-webhook-key"]
    before, seen = logged_calls(), passed_by(proxy)
    key = behind_proxy.odoo.admin_key

    address = hooks.address_for("https://crm.example.com")
    hooks.set_up(behind_proxy.connection, login="admin", key=key, address=address)

    assert logged_calls() - before == passed_by(proxy) - seen > 0
    assert key not in everything_logged()
    assert "a-webhook-key" not in everything_logged()

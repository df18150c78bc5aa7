"""Rule 16: what every load says. Rule 17: keys and addresses."""

from __future__ import annotations

import logging

import pytest

from crm.models import User
from crm.services.accounts import archive_account, create_account, update_account
from crm.services.pipeline import create_opportunity
from integrations.errors import PermanentError
from integrations.models import IntegrationEvent
from integrations.odoo.wire.target import base_url
from leads.services import create_lead, update_lead
from tests.support.two_sides import TwoSides, two_sides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rule_16_quiet_unless_loud(synced: TwoSides, admin_user: User) -> None:
    mira = User.objects.get(email="mira@example.com")
    lead = create_lead(actor=admin_user, name="Quiet", owner=mira)
    synced.settle()
    assert synced.control.dump("mail.message") == []
    assert synced.control.counters()["mails"] == 0
    synced.connection.quiet = False
    synced.connection.save()

    update_lead(lead, actor=admin_user, expected_revenue=5)
    synced.settle()

    assert len(synced.control.dump("mail.message")) == 1


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rule_16_archived_records_are_written_and_pointed_to(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    account = archive_account(account, actor=admin_user)
    synced.settle()
    deal = create_opportunity(actor=admin_user, name="Deal", account=account)
    update_account(account, actor=admin_user, phone="2")

    synced.settle()

    assert synced.there(account)["phone"] == "2"
    assert synced.there(deal)["partner_id"] == synced.remote_id(account)


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rule_16_the_company_is_set_at_create_and_all_companies_of_the_user_are_visible(
    synced: TwoSides, admin_user: User
) -> None:
    other = synced.control.create("res.company", name="Second")
    synced.control.patch("res.users", [synced.odoo.uid], company_ids=[1, other])
    connection = two_sides(synced.odoo).connection
    connection.company_id = other
    connection.save()
    synced.connection.refresh_from_db()
    assert sorted(synced.connection.company_ids) == [1, other]
    foreign = synced.control.create("crm.lead", name="Of the first", type="lead", company_id=1)

    lead = create_lead(actor=admin_user, name="Of the second")
    synced.settle()

    assert synced.there(lead)["company_id"] == other
    assert synced.here("crm.lead", foreign).name == "Of the first"
    update_lead(synced.here("crm.lead", foreign), actor=admin_user, phone="2")
    synced.settle()
    assert synced.row("crm.lead", foreign)["phone"] == "2"
    assert synced.row("crm.lead", foreign)["company_id"] == 1


@pytest.mark.parametrize("cell", ["", "7a", "-1", "1.0", " "])
def test_rule_16_ids_are_checked_here_before_sending(synced: TwoSides, cell: str) -> None:
    with synced.session() as session, pytest.raises(PermanentError):
        session.load("res.partner", [".id", "name"], [[cell, "Nobody"]])

    assert synced.loads() == {}


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("https://x.example.com/odoo", "https://x.example.com"),
        ("https://x.example.com/web#action=7", "https://x.example.com"),
        ("https://x.example.com/odoo/crm?debug=1", "https://x.example.com"),
        ("x.example.com/web/login", "https://x.example.com"),
    ],
)
def test_rule_17_the_address_may_end_in_odoo_or_web(typed: str, base: str) -> None:
    assert base_url(typed) == base


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rule_17_the_secret_never_reaches_a_log_or_an_event(
    synced: TwoSides, admin_user: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    create_account(actor=admin_user, name="Acme")
    synced.settle()
    synced.control.expire_key(synced.odoo.username)
    update_account(create_account(actor=admin_user, name="Two"), actor=admin_user, phone="2")
    with pytest.raises(Exception) as refused:  # noqa: PT011
        synced.push()

    key = synced.odoo.api_key
    texts = [str(refused.value), caplog.text, repr(synced.connection.__dict__.get("_state"))]
    texts += [f"{event.kind} {event.message}" for event in IntegrationEvent.objects.all()]
    synced.connection.refresh_from_db()
    texts.append(synced.connection.state_reason)
    assert [text for text in texts if key in text] == []
    assert synced.connection.state == "paused"

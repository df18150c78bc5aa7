"""Own fields and lead sources in a browser: a mistake is told at its line, what is right is kept and shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Account
from integrations.models import Connection, RemoteName
from tests.factories import AccountFactory
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_field_that_odoo_lacks_is_told_and_a_good_one_stands_on_the_record(page: Page, odoo: RunningSandbox) -> None:
    page.goto("/admin/sync/settings/")
    page.get_by_role("link", name="Own fields").click()
    page.locator("#id_line-0-model").select_option("res.partner")
    page.locator("#id_line-0-name").fill("x_no_such_field")
    page.get_by_role("button", name="Check and save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    expect(page.locator("#id_line-0-name_error")).to_contain_text("Odoo has no field “x_no_such_field” there")
    expect(page.locator("#id_line-0-name")).to_have_value("x_no_such_field")
    assert Connection.objects.get().own_fields == []

    page.locator("#id_line-0-name").fill("x_customer_number")
    page.locator("#id_line-0-name").press("Enter")
    expect(page.locator("body")).to_contain_text("All records are now read once for 1 new field")
    expect(page.locator("legend").first).to_contain_text("Customer Number")

    account = AccountFactory.create(name="Acme")
    page.goto(f"/admin/crm/account/{account.pk}/change/")
    page.get_by_label("Customer Number").fill("K-1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("body")).to_contain_text("was changed successfully")
    assert Account.objects.get().custom == {"x_customer_number": "K-1"}


def test_two_lead_sources_cannot_stand_for_the_same_source_of_odoo(page: Page, connection_to_odoo: Connection) -> None:
    RemoteName.objects.create(connection=connection_to_odoo, remote_model="utm.source", remote_id=5, name="Our Site")
    page.goto("/admin/sync/settings/sources/")
    page.get_by_label("Website").select_option("5")
    page.get_by_label("Referral").select_option("5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#id_referral_error")).to_have_text("“Our Site” stands for another of our sources already.")
    assert Connection.objects.get().source_ids == {}
    page.get_by_label("Referral").select_option("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("body")).to_contain_text("Saved.")
    assert Connection.objects.get().source_ids == {"website": 5}

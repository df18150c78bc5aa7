"""Deleted, merged and held-back records, and the undo of a run, as people see and use them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.models import Contact
from integrations import sync
from integrations.models import BeforeImage, Binding, Connection, MissingRecord, SafetyStop, SyncRun, content_type_of
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Bartholomew-Alexander von und zu Hohenstein-Wolkenburg-Langenbach the Younger of Somewhere"


def gone(odoo: Connection, number: int, name: str, kind: str = "deleted", **values: Any) -> MissingRecord:
    contact = ContactFactory.create(name=name, email=f"p{number}@example.com")
    tie: dict[str, Any] = {"connection": odoo, "remote_model": "res.partner", "content_type": content_type_of(contact)}
    tie["object_uuid"] = contact.uuid
    binding = Binding.objects.create(**tie, remote_id=number, external_name=f"x{number}", state="gone")
    return MissingRecord.objects.create(**tie, binding=binding, remote_id=number, kind=kind, **values)


@pytest.fixture
def odoo(transactional_db: None) -> Connection:
    return Connection.objects.create(url="http://odoo.example.com", database="odoo", username="sync@example.com")


def test_nothing_chosen_is_told_then_one_is_dropped_and_the_rest_created_again(page: Page, odoo: Connection) -> None:
    for number, name in enumerate(("Anna", "Bert", LONG), start=1):
        gone(odoo, number, name)
    page.goto("/admin/sync/deleted/")
    page.get_by_role("button", name="Drop here").click()
    expect(page.locator("body")).to_contain_text("Choose at least one record first.")

    page.get_by_role("row", name="Anna").get_by_role("checkbox").check()
    expect(page.locator("[data-chosen]")).to_have_text("1 / 3")
    page.get_by_role("button", name="Drop here").click()
    expect(page.locator("body")).to_contain_text("1 record: dropped here.")
    page.locator("[data-choose-all]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-chosen]")).to_have_text("2 / 2")
    page.get_by_role("button", name="Create again in Odoo").press("Enter")

    expect(page.locator("body")).to_contain_text("2 records: created again.")
    expect(page.locator("body")).to_contain_text("Nothing here waits for a decision")
    assert Contact.objects.active().count() == 2


def test_a_survivor_must_be_chosen_and_is_named(page: Page, odoo: Connection) -> None:
    gone(odoo, 1, "Office")
    MissingRecord.objects.all().delete()
    Binding.objects.update(state="bound")
    gone(odoo, 2, "Bea", "merged", candidates=[{"id": 1, "name": "Office", "about": "p1@example.com"}])
    page.goto("/admin/sync/merged/")
    page.get_by_role("button", name="This is the survivor").click()
    expect(page.locator("body")).to_contain_text("Choose the record that it was merged into.")

    page.get_by_label("Office").check()
    page.get_by_role("button", name="This is the survivor").click()

    expect(page.locator("body")).to_contain_text("hangs on the survivor now")
    assert Contact.objects.get(name="Bea").archived_at is not None


def test_a_stop_names_the_reason_and_keeps_the_records(page: Page, odoo: Connection) -> None:
    for number in range(1, 8):
        gone(odoo, number, f"Person {number}")
    SafetyStop.objects.create(
        connection=odoo, remote_model="res.partner", remote_ids=list(range(1, 8)), bound=40, sample={"hidden": 7}
    )
    page.goto("/admin/sync/stops/")
    page.get_by_role("link", name="7 of 40 records").click()
    expect(page.locator("body")).to_contain_text("our user has lost a right")
    expect(page.locator("tbody tr")).to_have_count(7)

    page.get_by_role("button", name="No, keep them").click()

    expect(page.locator("body")).to_contain_text("They stay here.")
    assert SafetyStop.objects.get().status == SafetyStop.Status.REFUSED


def test_an_undo_is_previewed_begun_and_followed_to_its_end(page: Page, odoo: Connection) -> None:
    run = SyncRun.objects.create(
        connection=odoo, kind="poll", remote_model="res.partner", finished_at=timezone.now(), total=2, sent=2
    )
    for name, phone in (("Anna", "2"), ("Bert", "3")):
        contact = ContactFactory.create(name=name, phone=phone)
        BeforeImage.objects.create(
            run=run,
            content_type=content_type_of(contact),
            object_uuid=contact.uuid,
            remote_model="res.partner",
            fields={"phone": ["1", "2"]},
        )
    page.goto(f"/admin/sync/runs/{run.pk}/")
    page.get_by_role("link", name="Preview of an undo").click()
    expect(page.locator("[data-group=back]")).to_contain_text("Anna")
    expect(page.locator("[data-group=kept]")).to_contain_text("Bert")
    page.get_by_role("radio", name="Here only").check()
    page.get_by_role("button", name="Undo this run").click()
    expect(page.locator("progress")).to_be_visible()

    sync.undo_due()

    expect(page.locator(".tandem-sum")).to_contain_text("1 undone + 1 kept as it is")
    assert sorted(Contact.objects.values_list("phone", flat=True)) == ["1", "3"]

"""The stages of Odoo in a browser: a mistake is told at its stage, a preview before anything is saved."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Stage
from integrations.models import Binding, Connection, content_type_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_stages_change_places_after_a_preview(page: Page, connection_to_odoo: Connection) -> None:
    one, two = Stage.objects.filter(is_won=False, is_lost=False)[:2]
    for number, stage in ((1, one), (2, two)):
        Binding.objects.create(
            connection=connection_to_odoo,
            remote_model="crm.stage",
            remote_id=number,
            content_type=content_type_of(stage),
            object_uuid=stage.uuid,
            external_name=f"crm_stage_{stage.uuid}",
            state=Binding.State.BOUND,
        )
    page.goto("/admin/sync/settings/")
    page.get_by_role("navigation", name="Configuration").get_by_role("link", name="Stages").click()
    page.locator("#id_stage-1").select_option(str(two.uuid))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#id_stage-2_error")).to_contain_text("stands for another stage of Odoo already.")
    page.locator("#id_stage-2").select_option(str(one.uuid))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("body")).to_contain_text("What saving changes")
    assert Binding.objects.get(remote_id=1).object_uuid == one.uuid

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("body")).to_contain_text("2 stages of Odoo have others here.")
    assert Binding.objects.get(remote_id=1).object_uuid == two.uuid
    assert Binding.objects.get(remote_id=2).object_uuid == one.uuid

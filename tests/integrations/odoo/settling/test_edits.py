"""Rule 14: a bulk edit is a run with before-images, which can be undone long after its own list is closed."""

from __future__ import annotations

import pytest

from crm import workbook
from crm.models import Account, Opportunity, Stage, User
from crm.nouns import Noun
from crm.services import bulk
from crm.services.accounts import create_account
from crm.services.activities import log_activity
from crm.services.pipeline import create_opportunity
from integrations.models import SyncRun
from integrations.odoo.settling import undo
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db


def edit(noun: Noun, rows: list[Account] | list[Opportunity], key: str, value: object, actor: User) -> SyncRun:
    """Change these rows at once; returns the run that was made of it."""
    action = bulk.action_of(noun, key)
    assert action is not None
    bulk.apply(noun, [row.uuid for row in rows], action, value, actor=actor)
    return SyncRun.objects.get(kind=SyncRun.Kind.EDIT)


def undone(run: SyncRun, actor: User) -> SyncRun:
    made = undo.start(run, actor=actor)
    undo.work_off()
    made.refresh_from_db()
    return made


def test_rule_14_a_bulk_edit_is_undone_on_both_sides(synced: TwoSides, admin_user: User) -> None:
    first, second = Stage.objects.filter(is_won=False, is_lost=False)[:2]
    deals = [create_opportunity(actor=admin_user, name=f"Deal {n}", stage=first) for n in range(3)]
    deals.append(create_opportunity(actor=admin_user, name="There already", stage=second))
    synced.settle()

    run = edit(workbook.OPPORTUNITIES, deals, "stage", second, admin_user)
    synced.settle()
    there = synced.there(deals[0])["stage_id"]
    made = undone(run, admin_user)
    synced.settle()

    assert (run.total, run.sent, run.skipped, run.failed, run.unknown) == (4, 3, 1, 0, 0)
    assert (run.asked_by, run.remote_model, run.finished_at is not None) == (admin_user, "crm.lead", True)
    assert {deal.stage for deal in Opportunity.objects.filter(name__startswith="Deal")} == {first}
    assert synced.there(deals[0])["stage_id"] != there
    assert (made.sent, made.failed, made.unknown) == (3, 0, 0)


def test_rule_14_what_was_changed_since_a_bulk_edit_is_kept(synced: TwoSides, admin_user: User) -> None:
    accounts = [create_account(actor=admin_user, name=name, type="customer") for name in ("Kept", "Undone")]
    run = edit(workbook.ACCOUNTS, accounts, "trash", None, admin_user)
    kept = Account.objects.get(name="Kept")
    workbook.ACCOUNTS.restore(kept, actor=admin_user)

    made = undone(run, admin_user)

    assert set(Account.objects.active().values_list("name", flat=True)) >= {"Kept", "Undone"}
    assert (made.sent, made.skipped) == (1, 1)


def test_what_odoo_does_not_hold_makes_no_run(synced: TwoSides, admin_user: User) -> None:
    call = log_activity(actor=admin_user, type="call", subject="Call back")
    action = bulk.action_of(workbook.ACTIVITIES, "trash")
    assert action is not None

    outcome = bulk.apply(workbook.ACTIVITIES, [call.uuid], action, None, actor=admin_user)

    assert len(outcome.undo) == 1
    assert not SyncRun.objects.filter(kind=SyncRun.Kind.EDIT).exists()

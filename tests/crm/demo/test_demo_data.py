"""Demo data: as much as asked for, the same for the same seed, never twice by mistake."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from crm.models import Account, Contact, Note, Opportunity, StageChange, Task, User
from integrations.models import Connection, OutboxMessage
from leads.models import Lead

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stages")]


def run(**options: Any) -> str:
    out = StringIO()
    call_command("demo_data", stdout=out, **options)
    return out.getvalue()


def names() -> list[Any]:
    return [
        list(Account.objects.order_by("id").values_list("uuid", "name", "annual_revenue", "created_at")),
        list(Contact.objects.order_by("id").values_list("uuid", "email", "account__name")),
        list(Lead.objects.order_by("id").values_list("uuid", "company_name", "score")),
        list(Opportunity.objects.order_by("id").values_list("uuid", "stage__key", "amount", "close_date")),
    ]


def test_it_makes_all_kinds_and_tells_how_many(connection_to_odoo: Connection) -> None:
    told = run(scale=30)
    assert Account.objects.count() == 30
    assert min(Contact.objects.count(), Opportunity.objects.count(), Lead.objects.count()) > 15
    assert min(Task.objects.count(), Note.objects.count()) > 5
    assert "30  accounts" in told
    assert "Nothing was queued for Odoo" in told
    assert OutboxMessage.objects.count() == 0


def test_what_is_made_is_sound(connection_to_odoo: Connection) -> None:
    run(scale=30)
    for record in [*Account.objects.all(), *Contact.objects.all(), *Lead.objects.all(), *Opportunity.objects.all()]:
        record.full_clean()
        assert record.search_text == record.build_search_text()
        assert record.email.endswith(".example.com")
        assert record.created_at <= record.updated_at
    for deal in Opportunity.objects.select_related("stage"):
        assert deal.stage_changes.first().to_stage == deal.stage
        assert (deal.lost_at is not None) == deal.stage.is_lost
    assert StageChange.objects.exclude(from_stage=None).exists()
    assert not User.objects.filter(email__contains="demo", password__startswith="md5").exists()


def test_announce_queues_everything_once(connection_to_odoo: Connection) -> None:
    run(scale=5, announce=True)
    partners = Account.objects.count() + Contact.objects.count()
    assert OutboxMessage.objects.filter(remote_model="res.partner", status="waiting").count() == partners
    assert OutboxMessage.objects.filter(remote_model="crm.lead").count() == (
        Lead.objects.count() + Opportunity.objects.count()
    )


@time_machine.travel("2026-05-04 10:00Z", tick=False)
def test_the_same_seed_gives_the_same_data(django_db_blocker: Any) -> None:
    run(scale=8, seed=7)
    first = names()
    for model in (Lead, Opportunity, Contact, Account, User):
        model.objects.all().delete()
    run(scale=8, seed=7)
    assert names() == first
    for model in (Lead, Opportunity, Contact, Account, User):
        model.objects.all().delete()
    run(scale=8, seed=8)
    assert names() != first


def test_a_second_run_is_refused_unless_wanted() -> None:
    run(scale=3)
    with pytest.raises(CommandError, match=r"There is demo data here already\. Say --again"):
        run(scale=3)
    run(scale=3, again=True)
    assert Account.objects.count() == 6
    assert User.objects.count() == 5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scale": 0}, "--scale must be at least 1"),
        ({"scale": -5}, "--scale must be at least 1"),
        ({"scale": 10_000_000}, "at most 100,000 accounts"),
        ({"records": 3}, "--records must be at least 12"),
    ],
)
def test_bad_sizes_are_refused(options: dict[str, int], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(**options)
    assert Account.objects.count() == 0


def test_scale_and_records_exclude_each_other() -> None:
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("demo_data", "--scale", "3", "--records", "30")


def test_the_total_can_be_asked_for() -> None:
    run(records=120)
    assert Account.objects.count() == 10

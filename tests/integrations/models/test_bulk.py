"""Many rows at once: the same rows as Django's own bulk methods would leave, on either database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from crm.models import Account, Country
from integrations.models.bulk import insert_rows, row_maker, update_rows

pytestmark = pytest.mark.django_db

ODD = "Tab\tnew\nline \\N back\\slash “quote” 'single' {brace} ü 日本 😀"


def accounts(count: int) -> list[Account]:
    return [
        Account(name=f"{ODD} {number}", field_times={"name": ODD}, latitude=Decimal("1.5")) for number in range(count)
    ]


def test_rows_arrive_with_keys_and_every_character() -> None:
    rows = insert_rows(accounts(50))
    assert len({row.pk for row in rows}) == 50
    stored = Account.objects.get(pk=rows[7].pk)
    assert (stored.name, stored.uuid, stored.field_times, stored.latitude) == (
        f"{ODD} 7",
        rows[7].uuid,
        {"name": ODD},
        Decimal("1.5"),
    )


def test_a_row_that_a_constraint_refuses_lets_none_in() -> None:
    rows = accounts(50)
    rows[30].uuid = rows[29].uuid
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(rows)
    assert not Account.objects.exists()


def test_a_made_row_equals_one_made_by_the_model() -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    made = row_maker(Account)(name="Made", created_at=at, updated_at=at)
    plain = Account(name="Made", uuid=made.uuid, created_at=at, updated_at=at)
    assert {**made.__dict__, "_state": None} == {**plain.__dict__, "_state": None}
    insert_rows([made])
    assert Account.objects.get().name == "Made"


def test_two_made_rows_share_no_default() -> None:
    make = row_maker(Account)
    one, other = make(name="One"), make(name="Other")
    one.field_times["name"] = "now"
    assert other.field_times == {}
    assert one.uuid != other.uuid


def test_an_update_writes_the_named_fields_only() -> None:
    country = Country.objects.create(code="XX", name="Somewhere")
    rows = list(insert_rows(accounts(30)))
    for number, row in enumerate(rows):
        row.name, row.country, row.field_times, row.latitude = f"{ODD}!{number}", country, {"city": [number]}, None
        row.city, row.annual_revenue = "not named, not written", Decimal("99999999999.99")
        row.archived_at = datetime(2030, 1, 1, 12, tzinfo=UTC)
    update_rows(rows, ["name", "country", "field_times", "latitude", "archived_at", "type", "annual_revenue"])
    stored = {row.pk: row for row in Account.objects.all()}
    assert [stored[row.pk].name for row in rows] == [row.name for row in rows]
    assert {(one.country, one.latitude, one.city, one.type) for one in stored.values()} == {
        (country, None, "", Account.Type.CUSTOMER)
    }
    assert stored[rows[4].pk].field_times == {"city": [4]}
    assert stored[rows[4].pk].annual_revenue == Decimal("99999999999.99")
    assert stored[rows[4].pk].archived_at == datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_nothing_to_do_costs_nothing(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        insert_rows([])
        update_rows([], ["name"])

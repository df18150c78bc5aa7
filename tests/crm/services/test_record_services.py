"""What every write shares."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from crm.models import Account, User
from crm.services import records
from integrations.models import Connection, OutboxMessage
from tests.factories import AccountFactory, TagFactory

pytestmark = pytest.mark.django_db


def test_insert_stamps_searches_and_announces(owner: User, connection_to_odoo: Connection) -> None:
    account = records.insert(Account(name="  Müller GmbH "), actor=owner)
    account.refresh_from_db()
    assert (account.name, account.search_text, account.created_by, account.version) == (
        "Müller GmbH",
        "müller gmbh",
        owner,
        1,
    )
    assert OutboxMessage.objects.filter(object_uuid=account.uuid, status="waiting").count() == 1


def test_insert_refuses_a_blank_name_and_leaves_nothing(owner: User, connection_to_odoo: Connection) -> None:
    with pytest.raises(ValidationError) as refusal:
        records.insert(Account(name="   "), actor=owner)
    assert "name" in refusal.value.message_dict
    assert Account.objects.count() == 0
    assert OutboxMessage.objects.count() == 0


def test_change_writes_only_what_differs(owner: User, connection_to_odoo: Connection) -> None:
    account = AccountFactory.create(name="One", city="Berlin")
    changed = records.change(account, actor=owner, name="Two", city="Berlin")
    assert (changed.version, changed.updated_by, list(changed.field_times)) == (2, owner, ["name"])
    assert Account.objects.search("two").get() == account


def test_change_that_changes_nothing_writes_and_announces_nothing(owner: User, connection_to_odoo: Connection) -> None:
    tag = TagFactory.create()
    account = AccountFactory.create(name="One", annual_revenue="10.00", tags=[tag])
    unchanged = records.change(account, actor=owner, name="One", annual_revenue="10.00", tags=[tag])
    assert unchanged.version == 1
    assert OutboxMessage.objects.count() == 0


def test_changing_only_tags_counts_as_a_change(owner: User, connection_to_odoo: Connection) -> None:
    account = AccountFactory.create()
    changed = records.change(account, actor=owner, tags=(tag for tag in [TagFactory.create(name="New")]))
    assert [tag.name for tag in changed.tags.all()] == ["New"]
    assert (changed.version, list(changed.field_times)) == (2, ["tags"])
    assert OutboxMessage.objects.count() == 1


def test_a_stale_version_is_refused_with_a_sentence_and_nothing_is_written(owner: User) -> None:
    account = AccountFactory.create(name="One")
    records.change(account, actor=owner, expected_version=1, name="Two")
    with pytest.raises(records.StaleVersionError, match="Somebody else saved “Two”"):
        records.change(account, actor=owner, expected_version=1, name="Three")
    account.refresh_from_db()
    assert (account.name, account.version) == ("Two", 2)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"type": "rival"}, "type"),
        ({"annual_revenue": -1}, "annual_revenue"),
        ({"annual_revenue": "much"}, "annual_revenue"),
        ({"latitude": 91}, "latitude"),
        ({"name": ""}, "name"),
        ({"city": "x" * 256}, "city"),
    ],
)
def test_bad_values_are_refused_by_field(owner: User, values: dict[str, Any], field: str) -> None:
    account = AccountFactory.create(name="One")
    with pytest.raises(ValidationError) as refusal:
        records.change(account, actor=owner, **values)
    assert list(refusal.value.message_dict) == [field]
    account.refresh_from_db()
    assert account.version == 1


@pytest.mark.parametrize("name", ["colour", "contacts"])
def test_a_name_that_is_no_field_is_a_type_error(owner: User, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        records.change(AccountFactory.create(), actor=owner, **{name: "red"})


def test_an_untouched_field_with_an_old_bad_value_stops_no_edit(owner: User) -> None:
    account = AccountFactory.create(name="One", type="rival")
    assert records.change(account, actor=owner, name="Two").name == "Two"


def test_archive_and_restore(owner: User, connection_to_odoo: Connection) -> None:
    account = records.archive(AccountFactory.create(), actor=owner)
    assert list(Account.objects.archived()) == [account]
    assert list(Account.objects.active()) == []
    again = records.archive(account, actor=owner)
    assert again.archived_at == account.archived_at
    assert records.restore(account, actor=owner).archived_at is None
    assert OutboxMessage.objects.filter(object_uuid=account.uuid).count() == 1


def test_insert_many_saves_searches_tags_and_announces_in_chunks(
    owner: User, connection_to_odoo: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "CHUNK", 2)
    tag = TagFactory.create()
    rows = [Account(name=f" Firma Ö{n}") for n in range(5)]
    saved = records.insert_many(iter(rows), actor=owner, tags={rows[4].uuid: [tag, tag]})
    assert [row.name for row in saved] == [f"Firma Ö{n}" for n in range(5)]
    assert Account.objects.search("ö4").get().tags.get() == tag
    assert Account.objects.filter(created_by=owner).count() == 5
    assert OutboxMessage.objects.count() == 5


def test_insert_many_can_stay_silent(owner: User, connection_to_odoo: Connection) -> None:
    records.insert_many([Account(name="One")], actor=owner, announce=False)
    assert OutboxMessage.objects.count() == 0


def test_insert_many_names_the_bad_row_and_keeps_earlier_chunks(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "CHUNK", 2)
    rows = [Account(name="One"), Account(name="Two"), Account(name="Three"), Account(name="Four", type="rival")]
    with pytest.raises(ValidationError, match="Row 4: type"):
        records.insert_many(rows, actor=owner)
    assert Account.objects.count() == 2


def test_insert_many_costs_statements_per_chunk_not_per_row(owner: User, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        records.insert_many([Account(name=f"Firm {n}") for n in range(60)], actor=owner)

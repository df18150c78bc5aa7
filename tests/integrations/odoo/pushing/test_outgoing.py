"""What a `load` row says: grouping, cutting, and padding that never pads what must not be."""

from __future__ import annotations

from typing import Any

import pytest

from crm.models import Account, Contact, Opportunity, Stage
from integrations.models import OutboxMessage
from integrations.odoo.mappers.base import NounMap
from integrations.odoo.mappers.crm_lead import LEAD, OPPORTUNITY
from integrations.odoo.mappers.res_partner import ACCOUNT, CONTACT
from integrations.odoo.pushing.outgoing import Line, batches, pad_new
from leads.models import Lead


class Known:
    """Everything here has ten times its number in Odoo."""

    def here(self, model: str, remote_id: int) -> Any:
        return None

    def remote(self, model: str, key: Any) -> int | None:
        return int(str(key).rpartition(":")[2]) * 10


def line(noun: NounMap, obj: Any, tags: tuple[int, ...] = ()) -> Line:
    """A new record's row with every field that has a value."""
    obj.tag_ids = list(tags)
    made = Line(OutboxMessage(), None, obj, noun, dict(noun.constants))
    for one in noun.outgoing_fields():
        here = one.read(obj)
        if not one.same(here, one.empty_here):
            made.put(one, here, Known())  # type: ignore[arg-type]
    return made


def test_rows_with_the_same_columns_share_a_call() -> None:
    rows = [line(ACCOUNT, Account(name="A", city="Ulm")), line(ACCOUNT, Account(name="B", phone="1"))]
    rows.append(line(ACCOUNT, Account(name="C", city="Bonn")))

    found = batches(rows, size=200)

    assert [[one.obj.name for one in part] for _columns, part in found] == [["A", "C"], ["B"]]
    assert [set(columns) for columns, _part in found] == [
        {"is_company", "name", "city"},
        {"is_company", "name", "phone"},
    ]


def test_a_batch_is_cut_at_its_size_and_at_its_weight() -> None:
    rows = [line(ACCOUNT, Account(name=f"Firm {number}")) for number in range(5)]
    heavy = [line(ACCOUNT, Account(name=f"Firm {number}", description="x" * 1000)) for number in range(5)]

    assert [len(part) for _columns, part in batches(rows, size=2)] == [2, 2, 1]
    assert [len(part) for _columns, part in batches(heavy, size=200, max_bytes=2500)] == [2, 2, 1]


def test_a_row_heavier_than_a_batch_goes_alone() -> None:
    rows = [line(ACCOUNT, Account(name=f"Firm {number}", description="x" * 1000)) for number in range(2)]

    assert [len(part) for _columns, part in batches(rows, size=200, max_bytes=10)] == [1, 1]


def test_new_records_are_padded_so_that_they_share_a_call() -> None:
    rows = [line(ACCOUNT, Account(name="A", city="Ulm")), line(ACCOUNT, Account(name="B", phone="1"))]

    pad_new(rows)

    assert len(batches(rows, size=200)) == 1
    assert rows[0].cells == {"is_company": "True", "name": "A", "city": "Ulm", "phone": ""}


def test_an_empty_number_is_padded_as_zero() -> None:
    rows = [line(LEAD, Lead(name="A", expected_revenue=5)), line(LEAD, Lead(name="B"))]

    pad_new(rows)

    assert rows[1].cells["expected_revenue"] == "0"


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"stage": Stage(pk=1, name="New")}, "stage_id/.id"),
        ({"probability": 40, "probability_by_hand": True}, "probability"),
        ({"contact_id": 3}, "partner_id/.id"),
        ({"lost_at": "2030-01-01"}, "active"),
    ],
)
def test_what_odoo_fills_in_by_itself_is_never_padded(given: dict[str, Any], column: str) -> None:
    rows = [line(OPPORTUNITY, Opportunity(name="A", **given)), line(OPPORTUNITY, Opportunity(name="B"))]
    assert column in rows[0].cells

    pad_new(rows)

    assert column not in rows[1].cells


def test_tags_are_never_padded() -> None:
    rows = [line(ACCOUNT, Account(name="A"), tags=(1,)), line(ACCOUNT, Account(name="B"))]

    pad_new(rows)

    assert "category_id/.id" not in rows[1].cells


def test_a_record_with_a_parent_or_a_customer_is_not_padded_at_all() -> None:
    person = line(CONTACT, Contact(name="A", account_id=3))
    deal = line(OPPORTUNITY, Opportunity(name="A", contact_id=3))
    others = [line(CONTACT, Contact(name="B", phone="1")), line(OPPORTUNITY, Opportunity(name="B", phone="1"))]

    pad_new([person, deal, *others])

    assert "phone" not in person.cells
    assert "phone" not in deal.cells


def test_a_link_without_a_counterpart_is_left_out_and_not_sent_as_empty() -> None:
    class Nobody(Known):
        def remote(self, model: str, key: Any) -> int | None:
            return None

    made = Line(OutboxMessage(), None, Account(name="A", manager_id=5), ACCOUNT)
    made.put(ACCOUNT.by_remote["user_id"], 5, Nobody())  # type: ignore[arg-type]

    assert (made.cells, made.sent) == ({}, {})

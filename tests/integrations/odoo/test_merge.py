"""The three-way merge of one field, as a table. Nothing is read or written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from integrations.odoo.mappers.base import NounMap
from integrations.odoo.mappers.kinds import (
    Active,
    Direction,
    Number,
    Ref,
    TagRefs,
    Text,
    Website,
    store_pair,
    store_sent,
)
from integrations.odoo.merge import Clash, Merged, Rules, merge

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
PHONE = Text(remote="phone", local="phone")
CITY = Text(remote="city", local="city", with_parent=False)
EMAIL = Text(remote="email_from", local="email", with_partner=False)
SITE = Website(remote="website", local="website")
PRICE = Number(remote="price", local="price")
OWNER = Ref(remote="user_id", local="owner", model="res.users")
TAGS = TagRefs(remote="tag_ids", local="tags", model="crm.tag")
ACTIVE = Active(remote="active", local="archived_at")
SEEN = Text(remote="seen", local="seen", direction=Direction.IN)
NOUN = NounMap(
    label="x.Thing",
    remote_model="x.thing",
    fields=(PHONE, CITY, EMAIL, SITE, PRICE, OWNER, TAGS, ACTIVE, SEEN),
)


class Known:
    """User 7 in Odoo is user 70 here, tag 3 is tag 30; nobody else is known."""

    def here(self, model: str, remote_id: int) -> Any:
        return {("res.users", 7): 70, ("crm.tag", 3): 30, ("crm.tag", 4): 40}.get((model, remote_id))

    def remote(self, model: str, key: Any) -> int | None:
        return {("res.users", 70): 7, ("crm.tag", 30): 3, ("crm.tag", 40): 4}.get((model, key))


def thing(**values: Any) -> SimpleNamespace:
    empty = {
        "phone": "", "city": "", "email": "", "website": "", "price": 0, "owner_id": None, "tag_ids": [],
        "archived_at": None, "seen": "", "field_times": {}, "account_id": None,
        "updated_at": NOW, "updated_by_id": 9,
    }  # fmt: skip
    return SimpleNamespace(**{**empty, **values})


def merged(base: dict[str, Any], here: dict[str, Any], row: dict[str, Any], rules: Rules | None = None) -> Merged:
    full = {"write_date": "2030-01-01 12:00:00", **row}
    return merge(NOUN, thing(**here), base, full, Known(), rules or Rules())


def winner(found: Merged) -> list[tuple[str, str]]:
    return [(clash.field.remote, clash.winner) for clash in found.clashes]


CASES: list[tuple[str, dict[str, Any], str, Any, dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    # name, base, here, Odoo, changes here, sent, clashes
    ("nothing changed", {"phone": "1"}, "1", "1", {}, {}, []),
    ("both empty, never compared", {}, "", False, {}, {}, []),
    ("changed here", {"phone": "1"}, "2", "1", {}, {"phone": "2"}, []),
    ("changed in Odoo", {"phone": "1"}, "1", "2", {"phone": "2"}, {}, []),
    ("changed to the same on both", {"phone": "1"}, "2", "2", {}, {}, []),
    ("changed on both", {"phone": "1"}, "2", "3", {"phone": "3"}, {}, [("phone", "odoo")]),
    ("emptied here", {"phone": "1"}, "", "1", {}, {"phone": ""}, []),
    ("emptied in Odoo", {"phone": "1"}, "1", False, {"phone": ""}, {}, []),
    ("emptied in Odoo, changed here", {"phone": "1"}, "2", False, {"phone": ""}, {}, [("phone", "odoo")]),
    ("emptied here, changed in Odoo", {"phone": "1"}, "", "2", {"phone": "2"}, {}, [("phone", "odoo")]),
    ("no base, Odoo empty: never wipes", {}, "1", False, {}, {"phone": "1"}, []),
    ("no base, here empty", {}, "", "1", {"phone": "1"}, {}, []),
    ("no base, equal", {}, "1", "1", {}, {}, []),
    ("no base, different", {}, "1", "2", {"phone": "2"}, {}, [("phone", "odoo")]),
    ("sent and taken", {"phone": ["1"]}, "1", "1", {}, {}, []),
    ("sent, and made something else of", {"phone": ["1"]}, "1", "one", {"phone": "one"}, {}, [("phone", "odoo")]),
    ("sent and taken, edited here since", {"phone": ["1"]}, "2", "1", {}, {"phone": "2"}, []),
    ("sent, edited on both sides since", {"phone": ["1"]}, "2", "3", {"phone": "3"}, {}, [("phone", "odoo")]),
]


@pytest.mark.parametrize(
    ("base", "here", "odoo", "changes", "sent", "clashes"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_one_field(
    base: dict[str, Any],
    here: str,
    odoo: Any,
    changes: dict[str, Any],
    sent: dict[str, Any],
    clashes: list[tuple[str, str]],
) -> None:
    found = merged(base, {"phone": here}, {"phone": odoo})

    assert {one.remote: value for one, value in found.changes.items()} == changes
    assert {one.remote: value for one, value in found.outgoing.items()} == sent
    assert winner(found) == clashes


def test_what_was_taken_is_the_new_base_and_what_is_sent_is_not() -> None:
    found = merged({"phone": "1", "website": "a"}, {"phone": "1", "website": "b"}, {"phone": "2", "website": "a"})

    assert found.base == {"phone": "2", "website": "a"}
    assert found.base_changed is True


def test_a_merge_without_news_leaves_the_base_as_it_is() -> None:
    assert merged({"phone": "1"}, {"phone": "1"}, {"phone": "1"}).base_changed is False


def test_a_field_that_the_row_lacks_is_left_alone() -> None:
    found = merged({"phone": "1"}, {"phone": "2"}, {})

    assert (found.changes, found.outgoing, found.base) == ({}, {}, {"phone": "1"})


@pytest.mark.parametrize(
    ("rule", "edited", "expected"),
    [
        ("odoo", 0, "odoo"),
        ("here", 0, "here"),
        ("ask", 0, ""),
        ("newest", 3, "here"),
        ("newest", 2, "odoo"),
        ("newest", -60, "odoo"),
    ],
)
def test_the_rule_decides_and_the_loser_is_kept(rule: str, edited: int, expected: str) -> None:
    times = {"phone": (NOW + timedelta(seconds=edited)).isoformat()}
    found = merged({"phone": "1"}, {"phone": "2", "field_times": times}, {"phone": "3"}, Rules({"x.thing.phone": rule}))

    at = NOW + timedelta(seconds=edited)
    author = 9 if edited == 0 else None
    assert found.clashes == [Clash(PHONE, "1", "2", "3", "3", rule, expected, at, author, later_here=edited > 2)]
    assert (PHONE in found.changes, PHONE in found.outgoing) == (expected == "odoo", expected == "here")
    assert found.base == {"odoo": {"phone": "3"}, "here": {"phone": ["1", "3"]}, "": {"phone": "1"}}[expected]


def test_here_wins_leaves_a_base_after_which_ours_is_sent_and_then_at_rest() -> None:
    rules = Rules({"x.thing.phone": "here"})
    first = merged({"phone": "1"}, {"phone": "2"}, {"phone": "3"}, rules)
    again = merged(first.base, {"phone": "2"}, {"phone": "3"}, rules)
    store_sent(PHONE, again.base, "2")
    after = merged(again.base, {"phone": "2"}, {"phone": "2"}, rules)

    assert again.outgoing == {PHONE: "2"}
    assert again.clashes == []
    assert (after.outgoing, after.changes, after.base) == ({}, {}, {"phone": "2"})


def test_here_wins_over_an_edit_where_both_had_been_empty() -> None:
    rules = Rules({"x.thing.*": "here"})
    base = merged({"phone": ["", "x"]}, {"phone": "2"}, {"phone": "3"}, rules).base

    assert merged(base, {"phone": "2"}, {"phone": "3"}, rules).outgoing == {PHONE: "2"}


def test_the_newest_is_told_by_odoos_clock() -> None:
    times = {"phone": (NOW + timedelta(seconds=60)).isoformat()}
    row = {"phone": "3", "write_date": "2030-01-01 12:00:00"}
    found = merge(
        NOUN,
        thing(phone="2", field_times=times),
        {"phone": "1"},
        row,
        Known(),
        Rules({"x.thing.phone": "newest"}),
        clock_offset=timedelta(seconds=-90),
    )

    assert winner(found) == [("phone", "odoo")]


def test_an_emptying_may_be_asked_about() -> None:
    rules = Rules.read({"ask_before_emptying": ["x.thing.phone"]})
    found = merged({"phone": "1"}, {"phone": "1"}, {"phone": False}, rules)

    assert (found.changes, found.clashes) == ({}, [Clash(PHONE, "1", "1", "", "", "ask", "")])


def test_rules_that_are_none_are_not_read() -> None:
    assert Rules.read({"x.thing.phone": "sometimes"}).of(NOUN, PHONE) == "odoo"


def test_what_belongs_to_the_company_is_neither_compared_nor_sent() -> None:
    found = merged({"city": "Ulm"}, {"city": "Bonn"}, {"city": "Köln", "parent_id": 5})
    mine = merged({"city": "Ulm"}, {"city": "Bonn", "account_id": 5}, {"city": "Köln"})

    assert (found.changes, found.outgoing, found.clashes) == ({}, {}, [])
    assert (mine.changes, mine.outgoing, mine.clashes) == ({}, {}, [])


def test_what_belongs_to_the_customer_is_odoos_unless_it_is_empty_there() -> None:
    other = merged({"email_from": "a"}, {"email": "b"}, {"email_from": "a", "partner_id": 5})
    filled = merged({}, {"email": "b"}, {"email_from": False, "partner_id": 5})

    assert other.changes == {EMAIL: "a"}
    assert [clash.here for clash in other.clashes] == ["b"]
    assert filled.outgoing == {EMAIL: "b"}


def test_what_only_comes_is_never_sent() -> None:
    assert merged({"seen": "1"}, {"seen": "2"}, {"seen": "1"}).outgoing == {}
    assert winner(merged({"seen": "1"}, {"seen": "2"}, {"seen": "3"}, Rules({"x.thing.*": "here"}))) == [
        ("seen", "odoo")
    ]


def test_a_target_that_is_unknown_here_keeps_its_id_and_is_waited_for() -> None:
    found = merged({"user_id": [70, 7]}, {"owner_id": 70}, {"user_id": 8})
    again = merged(found.base, {"owner_id": None}, {"user_id": 8})

    assert found.links == {"user_id": ("res.users", 8)}
    assert found.base == {"user_id": [None, 8]}
    assert found.changes == {OWNER: None}
    assert (again.outgoing, again.changes) == ({}, {})


def test_a_tag_that_is_unknown_here_is_not_taken_for_a_missing_one() -> None:
    found = merged({"tag_ids": [[30], [3]]}, {"tag_ids": [30]}, {"tag_ids": [3, 9]})

    assert (found.changes, found.outgoing, found.base) == ({}, {}, {"tag_ids": [[30], [3]]})


def test_tags_in_another_order_are_the_same() -> None:
    found = merged({"tag_ids": [[30, 40], [3, 4]]}, {"tag_ids": [40, 30]}, {"tag_ids": [4, 3]})

    assert (found.changes, found.outgoing) == ({}, {})


def test_archiving_travels_both_ways() -> None:
    assert merged({}, {}, {"active": False}).changes == {ACTIVE: False}
    assert merged({}, {"archived_at": NOW}, {"active": True}).outgoing == {ACTIVE: False}


@pytest.mark.parametrize("here", ["example.com", "http://example.com", "//example.com"])
def test_a_website_is_the_same_with_and_without_its_scheme(here: str) -> None:
    found = merged({}, {"website": here}, {"website": "http://example.com"})

    assert (found.changes, found.outgoing, found.clashes) == ({}, {}, [])


def test_a_base_holds_no_pair_that_is_empty_and_single_values_where_both_sides_are_equal() -> None:
    base: dict[str, Any] = {"phone": "1", "price": ["5.00", 5.0]}
    store_pair(PHONE, base, "", "")
    store_pair(PRICE, base, "", 0.0)
    store_pair(CITY, base, "Ulm", "Ulm")
    store_pair(SITE, base, "a.b", "http://a.b")

    assert base == {"city": "Ulm", "website": ["a.b", "http://a.b"]}

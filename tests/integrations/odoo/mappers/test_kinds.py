"""The four forms of each kind of value: here, Odoo's, the cell, and the way back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.html import from_lines, to_lines
from integrations.odoo.mappers.kinds import (
    UNRESOLVED,
    Active,
    Choice,
    Day,
    Degrees,
    Field,
    Html,
    Moment,
    NameRef,
    Number,
    Ref,
    TagRefs,
    Text,
    Website,
    parse_time,
)


class Known:
    """Record 7 in Odoo is 70 here, whatever the model; its name is “seven”."""

    def here(self, model: str, remote_id: int) -> Any:
        return {7: 70, 8: 80}.get(remote_id)

    def remote(self, model: str, key: Any) -> int | None:
        return {70: 7, 80: 8, "seven": 7}.get(key)


class Named(Known):
    def here(self, model: str, remote_id: int) -> Any:
        return {7: "seven"}.get(remote_id)


TEXT = Text(remote="x", local="x")
SITE = Website(remote="x", local="x")
RICH = Html(remote="x", local="x")
PRICE = Number(remote="x", local="x")
PLACE = Degrees(remote="x", local="x")
DAY = Day(remote="x", local="x")
MOMENT = Moment(remote="x", local="x")
STARS = Choice(remote="x", local="x")
OWNER = Ref(remote="x", local="x", model="res.users")
SOURCE = NameRef(remote="x", local="x", model="utm.source", make=True)
TAGS = TagRefs(remote="x", local="x", model="crm.tag")
ACTIVE = Active(remote="x", local="archived_at")

# kind, Odoo's raw value, the attribute here, the cell that is sent for it
FORMS: list[tuple[Field, Any, Any, str]] = [
    (TEXT, "Acme", "Acme", "Acme"),
    (TEXT, False, "", ""),
    (TEXT, " two  blanks\tand\nlines ", " two  blanks\tand\nlines ", " two  blanks\tand\nlines "),
    (SITE, "http://example.com", "http://example.com", "http://example.com"),
    (RICH, "<p>one</p><p>two</p>", "one\ntwo", "<p>one</p><p>two</p>"),
    (RICH, False, "", ""),
    (PRICE, 12000.5, Decimal("12000.50"), "12000.50"),
    (PRICE, 12000.505, Decimal("12000.51"), "12000.51"),
    (PRICE, 0.1 + 0.2, Decimal("0.30"), "0.30"),
    (PRICE, False, Decimal(0), "0"),
    (PLACE, 48.137154, Decimal("48.1371540"), "48.1371540"),
    (PLACE, 0.0, None, "0"),
    (DAY, "2030-02-01", date(2030, 2, 1), "2030-02-01"),
    (DAY, False, None, ""),
    (MOMENT, "2030-01-15 09:00:00", datetime(2030, 1, 15, 9, tzinfo=UTC), "2030-01-15 09:00:00"),
    (MOMENT, False, None, ""),
    (STARS, "2", "2", "2"),
    (STARS, False, "0", "0"),
]


@pytest.mark.parametrize(("kind", "raw", "held", "cell"), FORMS)
def test_a_value_comes_and_goes(kind: Field, raw: Any, held: Any, cell: str) -> None:
    obj = SimpleNamespace(x=None)
    here = kind.incoming(kind.canon(raw), Known())
    kind.write(obj, here)

    assert obj.x == held
    assert kind.read(obj) == here
    assert kind.cell(here, Known()) == cell


def test_a_many2one_comes_and_goes_by_id() -> None:
    obj = SimpleNamespace(x_id=None)
    OWNER.write(obj, OWNER.incoming(OWNER.canon(7), Known()))

    assert obj.x_id == 70
    assert OWNER.cells(OWNER.read(obj), Known(), obj) == {"x/.id": "7"}
    assert OWNER.cells(None, Known(), obj) == {"x/.id": ""}
    assert OWNER.incoming(OWNER.canon(False), Known()) is None
    assert OWNER.incoming(9, Known()) is UNRESOLVED
    assert OWNER.cell(90, Known()) is UNRESOLVED


def test_a_name_comes_and_goes_by_name() -> None:
    obj = SimpleNamespace(x="")
    SOURCE.write(obj, SOURCE.incoming(SOURCE.canon(7), Named()))

    assert obj.x == "seven"
    assert SOURCE.cells("seven", Named(), obj) == {"x/.id": "7"}
    assert SOURCE.cells("", Named(), obj) == {"x/.id": ""}
    assert SOURCE.incoming(9, Named()) is UNRESOLVED


def test_tags_come_and_go_as_a_list_and_only_whole() -> None:
    obj = SimpleNamespace(tag_ids=[])
    TAGS.write(obj, TAGS.incoming(TAGS.canon([8, 7]), Known()))

    assert sorted(obj.tag_ids) == [70, 80]
    assert TAGS.cells([70, 80], Known(), obj) == {"x/.id": "7,8"}
    assert TAGS.cells([], Known(), obj) == {"x/.id": ""}
    assert TAGS.incoming([7, 9], Known()) is UNRESOLVED
    assert TAGS.cell([70, 90], Known()) is UNRESOLVED


def test_the_trash_is_odoos_archive() -> None:
    obj = SimpleNamespace(archived_at=None)
    ACTIVE.write(obj, ACTIVE.incoming(ACTIVE.canon(False), Known()))

    assert obj.archived_at is not None
    assert (ACTIVE.cell(False, Known()), ACTIVE.cell(True, Known())) == ("False", "True")


def test_a_webhooks_microseconds_are_cut() -> None:
    assert parse_time("2030-01-15 09:00:00.987654") == datetime(2030, 1, 15, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("example.com", "http://example.com", True),
        ("//example.com", "http://example.com", True),
        ("https://example.com", "http://example.com", False),
        ("Example.com", "http://example.com", False),
        ("", "http://", False),
        ("", "", True),
    ],
)
def test_websites_are_compared_with_their_scheme(one: str, other: str, same: bool) -> None:
    assert SITE.same(one, other) is same


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>plain</p>", "plain"),
        ("<p>a &amp; b &lt; c</p>", "a & b < c"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        (
            '<p>See <a href="https://x.example/?a=1&amp;b=2" title="a > b">our page</a>.</p>',
            "See our page [https://x.example/?a=1&b=2].",
        ),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ("<p>no&nbsp;break</p>", "no break"),
        ("<p><br></p>", ""),
        ("<p></p>", ""),
        ('<p title="a > b">quoted</p>', "quoted"),
    ],
)
def test_html_becomes_lines_and_links_keep_their_address(markup: str, text: str) -> None:
    assert to_lines(markup) == text


def test_a_changed_link_is_a_change_and_changed_markup_is_none() -> None:
    def here(markup: str) -> Any:
        return RICH.incoming(markup, Known())

    assert RICH.same(here('<a href="/1">x</a>'), here('<a href="/2">x</a>')) is False
    assert RICH.same(here("<p>a<b> b</b></p>"), here("<div>a b<br></div>")) is True


LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters="\xa0"), max_size=20)


@given(st.lists(LINES, max_size=5))
def test_any_text_comes_back_from_html_as_it_went(lines: list[str]) -> None:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")

    assert to_lines(from_lines(text)) == text


@given(st.lists(LINES, max_size=5))
def test_any_text_means_the_same_after_odoo_has_had_it(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert RICH.same(RICH.incoming(RICH.cell(text, Known()), Known()), text)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_any_money_means_the_same_after_odoo_has_had_it_as_a_float(value: Decimal) -> None:
    here = PRICE.read(SimpleNamespace(x=value))

    assert PRICE.same(PRICE.incoming(float(PRICE.cell(here, Known())), Known()), here)

"""``load``: ids, cells, time zones, bad rows, and where the series differ."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.odoo.sandbox.engine import Engine
from integrations.odoo.sandbox.errors import OdooError
from tests.integrations.odoo.sandbox.person import Person, integration, new_engine


def messages(answer: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["record"], one["message"]) for one in answer["messages"]]


def test_one_bad_row_keeps_the_good_ones_out(bot: Person) -> None:
    answer = bot.load("res.partner", ["id", "name"], ["t.good", "Good"], ["t.bad", ""])

    assert answer["ids"] is False
    assert [record for record, _ in messages(answer)] == [1]
    assert bot.call("res.partner", "search", [["name", "=", "Good"]]) == []


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("country_id/.id", "9999", "No matching record found for database id '9999' in field 'Country'"),
        ("country_id/id", "no.such", "No matching record found for external id 'no.such' in field 'Country'"),
        ("country_id", "Atlantis", "No matching record found for name 'Atlantis' in field 'Country'"),
        ("type", "house", "Value 'house' not found in selection field 'Address Type'"),
        ("partner_latitude", "north", "'north' does not seem to be a number for field 'Geo Latitude'"),
        ("color", "1.5", "'1.5' does not seem to be an integer for field 'Color Index'"),
        ("is_company", "maybe", "Unknown value 'maybe' for boolean field 'Is a Company'"),
    ],
)
def test_a_cell_that_makes_no_sense_is_named(bot: Person, column: str, cell: str, message: str) -> None:
    answer = bot.load("res.partner", ["id", "name", column], ["t.a", "A", cell])

    assert messages(answer) == [(0, message)]


def test_many2many_cells_hold_ids_and_empty_clears(bot: Person) -> None:
    partner = bot.load("res.partner", ["id", "name", "category_id/.id"], ["t.a", "A", "2,1"])["ids"][0]
    before = bot.read("res.partner", partner, "category_id")["category_id"]

    bot.load("res.partner", [".id", "category_id/.id"], [str(partner), ""])

    assert before == [1, 2]
    assert bot.read("res.partner", partner, "category_id")["category_id"] == []


def test_date_times_are_read_in_the_users_zone_unless_told_otherwise(bot: Person) -> None:
    columns = ["id", "name", "start", "stop"]
    row = ["Meeting", "2030-07-15 10:00:00", "2030-07-15 11:00:00"]

    utc = bot.load("calendar.event", columns, ["t.utc", *row])["ids"][0]
    local = bot.load("calendar.event", columns, ["t.local", *row], tz=False)["ids"][0]

    assert bot.read("calendar.event", utc, "start")["start"] == "2030-07-15 10:00:00"
    assert bot.read("calendar.event", local, "start")["start"] == "2030-07-15 08:00:00"


def test_the_iso_format_with_t_is_refused(bot: Person) -> None:
    answer = bot.load("calendar.event", ["id", "name", "start", "stop"], ["t.a", "M", "2030-07-15T10:00:00Z", ""])

    assert messages(answer)[0] == (0, "'2030-07-15T10:00:00Z' does not seem to be a valid datetime for field 'Start'")


@pytest.mark.parametrize(("series", "found"), [(16, False), (18, True), (19, True)])
def test_a_link_to_an_archived_record_fails_only_on_16_without_active_test(series: int, found: bool) -> None:
    bot = integration(new_engine(series))
    archived = bot.make("res.partner", name="Old", active=False)

    answer = bot.load("crm.lead", ["id", "name", "partner_id/.id"], ["t.l", "L", str(archived)], active_test=True)

    assert (answer["ids"] is not False) is found


def test_an_archived_record_is_found_by_database_id_only_with_active_test_false(bot: Person) -> None:
    partner = bot.load("res.partner", ["id", "name", "active"], ["t.a", "A", "False"])["ids"][0]

    hidden = bot.load("res.partner", [".id", "name"], [str(partner), "B"], active_test=True)
    shown = bot.load("res.partner", [".id", "name"], [str(partner), "C"])
    by_name = bot.load("res.partner", ["id", "name"], ["t.a", "D"], active_test=True)

    assert messages(hidden) == [(0, f"Unknown database identifier '{partner}'")]
    assert (shown["ids"], by_name["ids"]) == ([partner], [partner])


def test_an_empty_database_id_creates_on_19_is_named_on_18_and_faults_on_16() -> None:
    bots = {series: integration(new_engine(series)) for series in (16, 18, 19)}
    row = (["", "New"],)

    with pytest.raises(OdooError, match="invalid input syntax for type integer"):
        bots[16].load("res.partner", [".id", "name"], *row)
    assert messages(bots[18].load("res.partner", [".id", "name"], *row)) == [(0, "Unknown database identifier ''")]
    made = bots[19].load("res.partner", [".id", "name"], *row)["ids"][0]
    assert bots[19].read("res.partner", made, "name")["name"] == "New"


def test_a_deleted_records_external_id_makes_a_new_record_with_a_higher_id(bot: Person) -> None:
    first = bot.load("res.partner", ["id", "name"], ["t.a", "A"])["ids"][0]
    bot.call("res.partner", "unlink", [first])

    with pytest.raises(OdooError, match=r"External ID not found in the system: t\.a"):
        bot.call("ir.model.data", "check_object_reference", "t", "a")
    assert bot.load("res.partner", ["id", "name"], ["t.a", "A"])["ids"][0] > first


def test_all_rows_of_a_load_share_the_start_of_its_transaction(bot: Person) -> None:
    ids = bot.load("res.partner", ["id", "name"], *[[f"t.{n}", f"N{n}"] for n in range(5)])["ids"]

    assert len({bot.stamp("res.partner", one) for one in ids}) == 1


def test_writing_the_same_value_moves_the_write_date(bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    before = bot.stamp("res.partner", partner)

    bot.load("res.partner", [".id", "name"], [str(partner), "A"])

    assert bot.stamp("res.partner", partner) > before


def test_after_ten_errors_odoo_stops_and_names_nobody(bot: Person) -> None:
    answer = bot.load("res.partner", ["id", "name"], *[[f"t.{n}", ""] for n in range(15)])

    assert len(answer["messages"]) == 11
    assert "record" not in answer["messages"][-1]


def test_a_cell_that_is_no_string_fails_the_call(bot: Person) -> None:
    with pytest.raises(OdooError, match="'bool' object has no attribute"):
        bot.load("res.partner", ["id", "is_company"], ["t.a", True])  # type: ignore[list-item]


def test_a_null_character_is_refused_and_other_control_characters_kept(bot: Person) -> None:
    refused = bot.load("res.partner", ["id", "name"], ["t.a", "A\x00"])
    kept = bot.load("res.partner", ["id", "name"], ["t.b", "B\t\x07"])["ids"][0]

    assert "NUL" in refused["messages"][0]["message"]
    assert bot.read("res.partner", kept, "name")["name"] == "B\t\x07"


@pytest.mark.parametrize(("series", "orphan"), [(16, True), (18, True), (19, False)])
def test_a_file_on_a_deleted_record_is_an_orphan_until_18(series: int, orphan: bool) -> None:
    bot = integration(new_engine(series))
    columns = ["id", "name", "res_model", "res_id", "datas"]

    answer = bot.load("ir.attachment", columns, ["t.f", "a.txt", "res.partner", "99999", "aGk="])

    assert (answer["ids"] is not False) is orphan


def test_a_note_is_written_once_and_its_repetition_is_told(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    columns = ["id", "model", "res_id", "body", "message_type", "subtype_id/id"]
    row = ["t.note", "res.partner", str(partner), "<p>Hi</p>", "comment", "mail.mt_note"]

    bot.load("mail.message", columns, row)
    bot.load("mail.message", columns, row)

    notes = bot.call("mail.message", "search_count", [["res_id", "=", partner], ["body", "ilike", "Hi"]])
    assert notes == 1
    assert not engine.database.tables.get("mail.mail")


@pytest.mark.parametrize(("series", "named"), [(16, [1]), (18, [0, 1]), (19, [0, 1])])
def test_a_note_for_a_deleted_record_names_the_whole_batch_from_18_on(series: int, named: list[int]) -> None:
    bot = integration(new_engine(series))
    columns = ["id", "model", "res_id", "body"]

    answer = bot.load(
        "mail.message", columns, ["t.a", "res.partner", "3", "<p>a</p>"], ["t.b", "res.partner", "99999", "<p>b</p>"]
    )

    assert [record for record, _ in messages(answer)] == named

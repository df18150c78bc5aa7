"""Conflicts, late commits and rollbacks: what only a server can do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from integrations.odoo.sandbox.engine import Engine
from integrations.odoo.sandbox.errors import OdooError
from integrations.odoo.sandbox.faults import Fault
from tests.integrations.odoo.sandbox.person import Person

CONFLICT = "could not serialize access due to concurrent update\n"


def write_name(engine: Engine, record_id: int, name: str) -> int:
    """Write in a transaction that stays open; returns its number."""
    model = engine.models["res.partner"]
    number, _ = engine.begin(2, lambda env: model.write(env, [record_id], {"name": name}))
    return number


def in_thread(work: Any) -> tuple[threading.Thread, list[Any]]:
    """Run work beside the test; its result is in the list when the thread ends."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


def test_load_notices_a_commit_while_it_runs_and_writes_nothing(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    human = write_name(engine, partner, "Human")
    thread, results = in_thread(lambda: bot.load("res.partner", [".id", "name"], [str(partner), "Bot"]))

    engine.finish(human, commit=True)
    thread.join(timeout=5)

    assert results[0]["ids"] is False
    assert results[0]["messages"] == [{"rows": {"from": 0, "to": 0}, "record": 0, "type": "error", "message": CONFLICT}]
    assert bot.read("res.partner", partner, "name")["name"] == "Human"


def test_load_goes_through_when_the_other_rolls_back(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    human = write_name(engine, partner, "Human")
    thread, results = in_thread(lambda: bot.load("res.partner", [".id", "name"], [str(partner), "Bot"]))

    engine.finish(human, commit=False)
    thread.join(timeout=5)

    assert results[0]["ids"] == [partner]
    assert bot.read("res.partner", partner, "name")["name"] == "Bot"


def test_write_is_tried_again_by_the_server_and_overwrites(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    human = write_name(engine, partner, "Human")
    thread, results = in_thread(lambda: bot.call("res.partner", "write", [partner], {"name": "Bot"}))

    engine.finish(human, commit=True)
    thread.join(timeout=5)

    assert results == [True]
    assert bot.read("res.partner", partner, "name")["name"] == "Bot"


def test_a_late_commit_appears_behind_a_newer_write_date(engine: Engine, bot: Person) -> None:
    late, fast = bot.make("res.partner", name="Late"), bot.make("res.partner", name="Fast")
    number = write_name(engine, late, "Late 2")
    bot.write("res.partner", fast, name="Fast 2")
    cursor = bot.stamp("res.partner", fast)
    seen_before = bot.read("res.partner", late, "name")["name"]

    engine.finish(number, commit=True)

    assert seen_before == "Late"
    assert bot.read("res.partner", late, "name")["name"] == "Late 2"
    assert bot.stamp("res.partner", late) < cursor


def test_the_same_external_id_at_once_makes_one_record(engine: Engine, bot: Person) -> None:
    engine.pace = True
    rows = [["t.same", "Same"], *([f"t.more{number}", f"More {number}"] for number in range(150))]  # over half a second
    runs = [in_thread(lambda: bot.load("res.partner", ["id", "name"], *rows)) for _ in range(2)]

    for thread, _ in runs:
        thread.join(timeout=30)

    engine.pace = False
    refused = [results[0] for _, results in runs if results[0]["ids"] is False]
    assert bot.call("res.partner", "search_count", [["name", "=", "Same"]]) == 1
    assert len(refused) == 1
    assert refused[0]["messages"][0]["message"].startswith("could not serialize access")


def test_an_ordered_conflict_strikes_load_once(engine: Engine, bot: Person) -> None:
    engine.faults.add(Fault("conflict", model="res.partner"))

    first = bot.load("res.partner", ["id", "name"], ["t.a", "A"])
    second = bot.load("res.partner", ["id", "name"], ["t.a", "A"])

    assert first["messages"][0]["message"] == CONFLICT
    assert second["ids"] is not False


def test_write_survives_five_ordered_conflicts_and_not_six(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    engine.faults.add(Fault("conflict", method="write", count=5))
    survived = bot.call("res.partner", "write", [partner], {"name": "B"})
    engine.faults.add(Fault("conflict", method="write", count=6))

    with pytest.raises(OdooError, match="could not serialize") as caught:
        bot.call("res.partner", "write", [partner], {"name": "C"})

    assert survived is True
    assert caught.value.name == "psycopg2.errors.SerializationFailure"


def test_an_ordered_bad_row_is_refused_with_the_given_words(engine: Engine, bot: Person) -> None:
    engine.faults.add(Fault("bad_row", model="res.partner", row=1, message="No"))

    answer = bot.load("res.partner", ["id", "name"], ["t.a", "A"], ["t.b", "B"])

    assert [(one["record"], one["message"]) for one in answer["messages"]] == [(1, "No")]


def test_an_ordered_rollback_undoes_the_call(engine: Engine, bot: Person) -> None:
    engine.faults.add(Fault("rollback", method="create"))

    with pytest.raises(OdooError, match="roll this back"):
        bot.make("res.partner", name="Phantom")

    assert bot.call("res.partner", "search", [["name", "=", "Phantom"]]) == []


def test_a_failed_create_undoes_its_whole_batch(bot: Person) -> None:
    with pytest.raises(OdooError, match="Contacts require a name"):
        bot.call("res.partner", "create", [{"name": "Good"}, {"email": "x@example.com"}])

    assert bot.call("res.partner", "search", [["name", "=", "Good"]]) == []


def test_a_revoked_right_is_told_and_enforced(engine: Engine, bot: Person) -> None:
    engine.settings.revoked = ["integration:crm.lead:create"]

    assert bot.call("crm.lead", "check_access_rights", "create", raise_exception=False) is False
    with pytest.raises(OdooError, match="You are not allowed to create"):
        bot.make("crm.lead", name="L")


def test_without_the_crm_app_there_are_no_leads(engine: Engine, bot: Person) -> None:
    engine.settings.crm_installed = False

    with pytest.raises(OdooError, match=r"Object crm\.lead doesn't exist"):
        bot.call("crm.lead", "search", [])


def test_an_ordered_late_commit_is_invisible_until_its_time(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    engine.faults.add(Fault("late_commit", method="write", seconds=0.3))
    thread, _ = in_thread(lambda: bot.call("res.partner", "write", [partner], {"name": "B"}))
    thread.join(timeout=0.1)
    early = bot.read("res.partner", partner, "name")["name"]

    thread.join(timeout=5)

    assert early == "A"
    assert bot.read("res.partner", partner, "name")["name"] == "B"


def test_a_call_that_fails_lets_go_of_its_rows(engine: Engine, bot: Person) -> None:
    partner = bot.make("res.partner", name="A")
    engine.faults.add(Fault("late_commit", method="write"))
    engine.faults.add(Fault("exhausted", method="write"))
    with pytest.raises(OdooError, match="could not serialize"):
        bot.call("res.partner", "write", [partner], {"name": "B"})

    assert bot.call("res.partner", "write", [partner], {"name": "C"}) is True

"""People who edit the same records here and in Odoo, and whether all that they wrote stands in the end, and once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Any

from tests.support.editing import CONTESTED, THEIRS, lost_here, new_value
from tests.support.sandbox import ControlError, RunningSandbox
from tests.support.tandem import PATIENCE, Tandem, until

OVERLAP = 10  # seconds after which a record is read once more, should it have changed twice in one second
# What makes a Tandem quick enough for a test; the sandbox ends every call within a second.
QUICK = {"ODOO_HOLD_SECONDS": "3", "ODOO_OVERLAP_SECONDS": str(OVERLAP), "ODOO_POLL_SECONDS": "5"}


class PeopleInOdoo(threading.Thread):
    """Edit the same records in Odoo, one every `pause` seconds.

    `written`: what was written last, by Odoo model, id and field.
    """

    def __init__(self, odoo: RunningSandbox, *, pause: float = 0.1) -> None:
        super().__init__(daemon=True)
        self.odoo = odoo
        self.pause = pause
        self.dice = random.Random(7)
        self.written: dict[tuple[str, int, str], str] = {}
        self.enough = threading.Event()
        control = odoo.control
        users = {row["partner_id"] for row in control.dump("res.users", "partner_id")}
        users |= {row["partner_id"] for row in control.dump("res.company", "partner_id")}
        partners = [row for row in control.dump("res.partner") if row["id"] not in users and row["type"] == "contact"]
        self.records = [
            ("account" if row["is_company"] else "contact", "res.partner", row["id"]) for row in partners
        ] + [("lead", "crm.lead", row["id"]) for row in control.dump("crm.lead") if row["type"] == "lead"]

    def run(self) -> None:
        """Edit until it is enough."""
        for number in range(1_000_000):
            if self.enough.is_set():
                return
            kind, model, remote_id = self.dice.choice(self.records)
            field = self.dice.choice((*THEIRS[kind], CONTESTED[kind]))
            value = new_value(field, "there", number)
            try:
                self.odoo.control.write(model, [remote_id], user="mira@example.com", **{field: value})
            except ControlError:
                continue  # two transactions met: a person would press save again
            self.written[model, remote_id, field] = value
            time.sleep(self.pause)

    def end(self) -> None:
        """Let them go home."""
        self.enough.set()
        self.join()

    def lost(self) -> list[str]:
        """What was written last, in fields that nobody edits here, and stands no more in Odoo."""
        models = ("res.partner", "crm.lead")
        rows = {(model, row["id"]): row for model in models for row in self.odoo.control.dump(model)}
        return [
            f"{model}({remote_id}).{field}: {rows[model, remote_id][field]!r} in place of {value!r}"
            for (model, remote_id, field), value in self.written.items()
            if field not in CONTESTED.values() and rows[model, remote_id][field] != value
        ]


class Followed:
    """Follows what is written on both sides of a Tandem that is in step with its sandbox."""

    def __init__(self, tandem: Tandem, odoo: RunningSandbox) -> None:
        self.tandem = tandem
        self.odoo = odoo
        self.written: dict[str, str] = {}
        self.facts: Counter[str] = Counter()
        self.seed = 0
        self.named_alike = tandem.compare(odoo)["differences"]
        self.sent_before = self._sent()

    def edit_here(self, edits: int, seconds: float = 0) -> None:
        """People make so many edits, evenly over so many seconds; one in twenty is a note, a task or a meeting."""
        self.seed += 1
        made = self.tandem.ask("tests.support.editing", "edit", self.seed, edits, seconds)
        self.written.update(made["values"])
        self.facts.update(made["facts"])

    def saved_in_pages(self, phones: dict[str, str]) -> None:
        """What somebody saved in the web pages, after all edits before: phones by the primary key of the account."""
        self.written.update({f"account {key} phone": value for key, value in phones.items()})

    @property
    def sent(self) -> int:
        """How many messages have arrived in Odoo since it began."""
        return self._sent() - self.sent_before

    def _sent(self) -> int:
        sql = "SELECT count(*) FROM integrations_outboxmessage WHERE status = 'done' AND outcome = 'sent'"
        return int(self.tandem.query(sql)[0][0])

    def settle(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait until the workers have nothing to do and both sides say the same; returns how both sides stand then.

        They are compared again and again, since a webhook or a poll may bring one thing more; after `seconds` the last
        comparison is returned, whatever it says. What was alike by name before is left out.
        """
        deadline = time.monotonic() + seconds
        while True:
            until(lambda: not self.tandem.waiting(), seconds, self.tandem.still_waiting)
            found = self.tandem.compare(self.odoo)
            found["differences"] = [one for one in found["differences"] if one not in self.named_alike]
            if time.monotonic() > deadline or not (found["differences"] or self.tandem.waiting()):
                return found

    def check(self, found: dict[str, Any]) -> None:
        """Nothing is lost, doubled, parked or mailed."""
        assert found["differences"] == []
        assert found["tied_twice"] == found["parked"] == []
        assert lost_here(self.written, found["values"]) == []
        assert {model: sum(marks.values()) for model, marks in found["facts"].items() if marks} == dict(self.facts)
        assert all(count == 1 for marks in found["facts"].values() for count in marks.values())
        assert found["mails"] == 0

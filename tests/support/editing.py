"""People who edit here, through the services, by themselves; asked for by a test (tests/support/answering.py)."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any

from django.utils import timezone

from crm.models import Account, Contact, User
from crm.services.accounts import update_account
from crm.services.activities import log_activity
from crm.services.contacts import update_contact
from crm.services.notes import write_note
from crm.services.tasks import create_task
from integrations.models import Binding
from leads.models import Lead
from leads.services import update_lead


def edit(seed: int, edits: int, seconds: float) -> dict[str, Any]:
    """Make so many edits, evenly over so many seconds (faster when 0); every value is unique, to be followed.

    Returns what was written last: {"values": {"account 12 phone": "…"}, "facts": {"mail.message": n, …}}.
    """
    people = People(seed)
    began = time.monotonic()
    for number in range(edits):
        people.edit(number)
        time.sleep(max(0.0, began + seconds * number / edits - time.monotonic()))
    return {"values": people.values, "facts": people.facts}


# Per kind of record: what people here edit; the last one is edited in Odoo, too, under the name in CONTESTED.
OURS = {
    "account": ("phone", "website", "email"),
    "contact": ("mobile", "job_title", "email"),
    "lead": ("job_title", "website", "referrer"),
}
CONTESTED = {"account": "email", "contact": "email", "lead": "referred"}
THEIRS = {"account": ("city", "zip"), "contact": ("comment",), "lead": ("city", "street")}


def new_value(field: str, who: str, number: int) -> str:
    """A value that stands nowhere else."""
    shapes = {"email": "{}-{}@example.com", "website": "https://{}-{}.example.com", "comment": "<p>{} {}</p>"}
    return shapes.get(field, "{} {}").format(who, number)


def lost_here(written: dict[str, str], values: dict[str, str]) -> list[str]:
    """What was `written` last here, in fields that nobody edits in Odoo, and is not among the `values` any more."""
    return [
        f"{key}: {values[key]!r} in place of {value!r}"
        for key, value in written.items()
        if key.split()[2] != OURS[key.split()[0]][-1] and values[key] != value
    ]


class People:
    """Edits of accounts, contacts and leads that are tied to Odoo, and notes, tasks and meetings on them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.who = f"here{seed}"
        self.actor = User.objects.get(is_superuser=True)
        bound = set(Binding.objects.filter(remote_id__isnull=False).values_list("object_uuid", flat=True))
        self.rows: list[Any] = [
            row for table in (Account, Contact, Lead) for row in table.objects.order_by("pk") if row.uuid in bound
        ]
        self.values: dict[str, str] = {}
        self.facts: Counter[str] = Counter()

    def edit(self, number: int) -> None:
        """One edit of one person; one in twenty is a note, a task or a meeting."""
        row = self.dice.choice(self.rows)
        kind = row._meta.model_name
        if self.dice.random() < 0.05:
            self._fact(row, kind, number)
            return
        field = self.dice.choice(OURS[kind])
        value = new_value(field, self.who, number)
        self._update(row, kind, {field: value})
        self.values[f"{kind} {row.pk} {field}"] = value

    def _update(self, row: Any, kind: str, changes: dict[str, Any]) -> None:
        {"account": update_account, "contact": update_contact, "lead": update_lead}[kind](
            row, actor=self.actor, **changes
        )

    def _fact(self, row: Any, kind: str, number: int) -> None:
        about: dict[str, Any] = {kind: row}
        fact = self.dice.choice(("mail.message", "mail.activity", "calendar.event"))
        if fact == "mail.message":
            write_note(actor=self.actor, body=f"Note {self.who}-{number}.", **about)
        elif fact == "mail.activity":
            create_task(actor=self.actor, title=f"Task {self.who}-{number}.", **about)
        else:
            start = timezone.now() + timedelta(days=1)
            subject = f"Meeting {self.who}-{number}."
            log_activity(actor=self.actor, type="meeting", subject=subject, starts_at=start, **about)
        self.facts[fact] += 1

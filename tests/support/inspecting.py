"""Whether a Tandem and the sandbox say the same; asked for by a test (tests/support/answering.py).

Reads the database of its environment and the sandbox's own storage, and writes in neither.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from crm.models import Account, Contact
from integrations.models import Binding, Conflict, Connection, OutboxMessage, PullCursor
from leads.models import Lead
from tests.support.editing import OURS
from tests.support.sandbox import RunningSandbox
from tests.support.two_sides import TwoSides
from tests.support.two_way_compare import differences

CHATTER = {"mail.message": "body", "mail.activity": "summary", "calendar.event": "name"}


def compare(series: int, port: int) -> dict[str, Any]:
    """Everything in which both sides differ, and what stands how often."""
    connection = Connection.live(secret=True)
    assert connection is not None
    sides = TwoSides(RunningSandbox(series, port, Path(), ()), connection)
    messages = Counter(OutboxMessage.objects.values_list("status", flat=True))
    tied = Binding.objects.filter(remote_id__isnull=False).values_list("remote_model", "remote_id")
    return {
        "differences": differences(sides),
        "messages": messages,
        "parked": list(OutboxMessage.objects.filter(status="parked").values_list("reason", "explanation")),
        "conflicts": Conflict.objects.count(),
        "tied_twice": [str(one) for one, count in Counter(tied).items() if count > 1],
        "facts": {model: _marked(sides, model, field) for model, field in CHATTER.items()},
        "mails": sides.control.counters()["mails"],
        "values": _values(),
    }


def _marked(sides: Any, model: str, field: str) -> dict[str, int]:
    """How often each note, task or meeting of ours stands in Odoo, by its mark."""
    texts = [str(row[field]) for row in sides.control.dump(model, field)]
    marks = [word.strip("<>p/") for text in texts for word in text.split() if word.startswith("here")]
    return Counter(marks)


def _values() -> dict[str, str]:
    """What stands here, by the keys of tests/support/editing.py."""
    return {
        f"{table._meta.model_name} {row['pk']} {field}": row[field]
        for table in (Account, Contact, Lead)
        for row in table.objects.values("pk", *OURS[str(table._meta.model_name)])
        for field in OURS[str(table._meta.model_name)]
    }


def first_sync() -> dict[str, Any]:
    """How far the first sync of partners is, what it has made and tied, and the phones that somebody edited."""
    bound = Binding.objects.filter(remote_model="res.partner", remote_id__isnull=False)
    return {
        "records": Account.objects.count() + Contact.objects.filter(moved_to=None).count(),
        "bound": bound.count(),
        "single": bound.values("remote_id").distinct().count(),
        "objects": bound.values("object_uuid").distinct().count(),
        "phase": getattr(PullCursor.objects.filter(remote_model="res.partner").first(), "phase", "not begun"),
        "phones": dict(Account.objects.filter(phone__startswith="edit-").values_list("pk", "phone")),
        "waiting": OutboxMessage.objects.filter(status__in=["waiting", "claimed"]).count(),
        "parked": OutboxMessage.objects.filter(status="parked").count(),
        "conflicts": Conflict.objects.count(),
    }

"""One edit a second here and one in Odoo, until each shows on the other side; called in the environment of a Tandem.

Here from the call of the service on, so its commit included; in Odoo from the moment the write has come back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

from crm.models import Account, Contact, User
from crm.services.accounts import update_account
from crm.services.contacts import update_contact
from integrations.models import Binding
from leads.models import Lead
from leads.services import update_lead
from tests.support.sandbox import Control

GIVE_UP = 60.0
LOOK_EVERY = 0.01
THREADS = 8
# Per kind of record: what is edited, under its name here and in Odoo.
FIELDS = {"account": ("phone", "phone"), "contact": ("phone", "phone"), "lead": ("job_title", "function")}


def edit(port: int, edits: int) -> dict[str, list[float]]:
    """Edit so often on each side; returns the seconds that each edit took to the other side."""
    people = People(port)
    with ThreadPoolExecutor(THREADS) as here, ThreadPoolExecutor(THREADS) as there:
        # Half a second apart, so that both sides have an edit a second and neither waits for the other.
        began = time.monotonic() + 1
        ours = [here.submit(people.edit_here, number, began + number) for number in range(edits)]
        theirs = [there.submit(people.edit_there, number, began + number + 0.5) for number in range(edits)]
        return {"here": [one.result() for one in ours], "there": [one.result() for one in theirs]}


class People:
    """Edit records that are tied to Odoo: every second one here, the others there."""

    def __init__(self, port: int) -> None:
        self.control = Control(port)
        self.actor = User.objects.get(is_superuser=True)
        self.services: dict[str, Callable[..., Any]] = {
            "account": update_account,
            "contact": update_contact,
            "lead": update_lead,
        }
        records = list(_records())
        self.ours, self.theirs = records[::2], records[1::2]

    def edit_here(self, number: int, due: float) -> float:
        """One edit by a service; returns the seconds until Odoo holds it."""
        obj, model, remote_id = self.ours[number % len(self.ours)]
        field, remote = FIELDS[obj._meta.model_name]
        obj = type(obj)._default_manager.get(pk=obj.pk)
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        self.services[obj._meta.model_name](obj, actor=self.actor, **{field: f"here {number}"})

        def stands_there() -> bool:
            found = self.control.call(model, "read", [remote_id], [remote])
            return bool(found[0][remote] == f"here {number}")

        return _seconds_until(stands_there, began)

    def edit_there(self, number: int, due: float) -> float:
        """One edit of a person in Odoo; returns the seconds until our row holds it."""
        obj, model, remote_id = self.theirs[number % len(self.theirs)]
        field, remote = FIELDS[obj._meta.model_name]
        mine = type(obj)._default_manager.filter(pk=obj.pk)
        time.sleep(max(0.0, due - time.monotonic()))
        self.control.write(model, [remote_id], **{remote: f"there {number}"})
        return _seconds_until(lambda: mine.filter(**{field: f"there {number}"}).exists(), time.monotonic())


def _records() -> Iterator[tuple[Any, str, int]]:
    """Records that are tied to Odoo, the kinds in turn: object, Odoo's model and id."""
    bound = Binding.objects.filter(remote_id__isnull=False)
    ties: dict[Any, tuple[str, Any]] = {one.object_uuid: (one.remote_model, one.remote_id) for one in bound}
    kinds = [[row for row in table.objects.order_by("pk") if row.uuid in ties] for table in (Account, Contact, Lead)]
    for group in zip_longest(*kinds):
        yield from ((row, *ties[row.uuid]) for row in group if row is not None)


def _seconds_until(done: Callable[[], bool], began: float) -> float:
    """The seconds from `began` until it is done. Raises AssertionError when it takes too long."""
    while not done():
        assert time.monotonic() - began < GIVE_UP, "an edit has not arrived"
        time.sleep(LOOK_EVERY)
    return time.monotonic() - began

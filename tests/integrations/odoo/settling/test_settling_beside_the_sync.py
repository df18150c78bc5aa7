"""A person settles while workers read and write the same record, with real threads: no edit is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database

from crm.models import User
from crm.services.accounts import create_account, update_account
from integrations.models import Conflict
from integrations.odoo.settling import conflicts
from tests.support.two_sides import TwoSides

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def together(*works: Callable[[], object]) -> None:
    start = threading.Barrier(len(works))

    def one(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except ValidationError:
            pass  # told, and nothing done
        finally:
            database.close()

    with ThreadPoolExecutor(max_workers=len(works)) as pool:
        for done in [pool.submit(one, work) for work in works]:
            done.result()


@pytest.mark.parametrize("winner", ["here", "odoo"])
@pytest.mark.parametrize("turn", range(4))
def test_an_edit_in_odoo_that_is_read_while_a_person_settles_is_kept(
    synced: TwoSides, admin_user: User, winner: str, turn: int
) -> None:
    account = create_account(actor=admin_user, name="Acme", phone="1")
    synced.settle()
    synced.connection.field_rules = {"res.partner.phone": "ask"}
    synced.connection.save()
    synced.end_second()
    update_account(account, actor=admin_user, phone="here")
    synced.control.write("res.partner", [synced.remote_id(account)], phone="there")
    synced.settle()
    conflict = Conflict.objects.get()
    synced.end_second()
    synced.control.write("res.partner", [synced.remote_id(account)], phone="newer")

    together(lambda: conflicts.settle(conflict, winner=winner, actor=admin_user), synced.pull, synced.push)

    synced.settle()
    account.refresh_from_db()
    conflict.refresh_from_db()
    assert synced.there(account)["phone"] in ("newer", "here")
    kept = {account.phone, synced.there(account)["phone"]}
    kept |= {value for one in Conflict.objects.all() for value in (one.here, one.odoo)}
    assert {"here", "newer"} <= kept
    equal = account.phone == synced.there(account)["phone"]
    assert equal != Conflict.objects.filter(status=Conflict.Status.OPEN).exists()

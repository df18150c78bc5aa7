"""What the top bar tells by itself: how the sync stands, and one's own long work under way."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from crm.models import Job, User
from integrations.models import Connection

SignIn = Callable[[User], Client]


def test_it_tells_how_the_sync_stands_and_how_much_is_under_way(
    owner: User, stranger: User, admin_user: User, signed_in: SignIn
) -> None:
    connection = Connection.objects.create(
        url="http://odoo.example.com", database="live", state=Connection.State.ACTIVE
    )
    Job.objects.create(kind="bulk", actor=owner, state=Job.State.RUNNING)
    Job.objects.create(kind="bulk", actor=owner, state=Job.State.DONE)

    mine, theirs, all_ = (signed_in(user).get("/standing/").content.decode() for user in (owner, stranger, admin_user))
    connection.state = Connection.State.PAUSED
    connection.save()
    paused = signed_in(admin_user).get("/standing/").content.decode()

    assert 'title="Odoo: In step"' in mine
    assert [f'hx-swap-oob="true"{end}' in mine for end in (">1<", " hidden>")] == [True, False]
    assert 'hx-swap-oob="true" hidden>0<' in theirs
    assert 'hx-swap-oob="true">1<' in all_
    assert 'class="tandem-light tandem-alert" title="Odoo: Paused"' in paused
    assert ("<a href" in mine, '<a href="/admin/sync/' in all_) == (False, True)


def test_without_a_connection_there_is_no_light(owner: User, signed_in: SignIn) -> None:
    assert "tandem-light" not in signed_in(owner).get("/standing/").content.decode()

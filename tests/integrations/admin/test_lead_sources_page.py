"""The page of lead sources: chosen from Odoo's list, a mistake is a sentence at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from crm.models import User
from integrations.models import Connection, RemoteName
from leads.models import Lead
from tests.factories import UserFactory
from tests.support.sandbox import RunningSandbox

SignIn = Callable[[User], Client]
HERE = "/admin/sync/settings/sources/"


@pytest.fixture
def admin_client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


@pytest.fixture
def known(connection_to_odoo: Connection) -> Connection:
    """Two sources of Odoo, as last read."""
    for number, name in ((5, "Our Site"), (6, "Fair")):
        RemoteName.objects.create(connection=connection_to_odoo, remote_model="utm.source", remote_id=number, name=name)
    return connection_to_odoo


def given(client: Client, **chosen: str) -> dict[str, str]:
    """What a browser sends: the page's stamp, and a choice for each of our sources."""
    seen = client.get(HERE).context["seen"]
    return {"seen": seen, **dict.fromkeys(Lead.Source.values, ""), **chosen}


def test_each_source_can_stand_for_one_of_odoos(admin_client: Client, known: Connection) -> None:
    assert admin_client.post(HERE, given(admin_client, website="5", trade_show="6")).status_code == 302
    assert Connection.objects.get().source_ids == {"website": 5, "trade_show": 6}
    admin_client.post(HERE, given(admin_client, trade_show="5"))
    assert Connection.objects.get().source_ids == {"trade_show": 5}


@pytest.mark.parametrize(
    ("chosen", "source", "sentence"),
    [
        ({"website": "5", "referral": "5"}, "referral", "“Our Site” stands for another of our sources already."),
        ({"website": "7"}, "website", "Select a valid choice. 7 is not one of the available choices."),
        ({"website": "x"}, "website", "Select a valid choice. x is not one of the available choices."),
    ],
)
def test_bad_input_is_a_sentence_at_its_place(
    chosen: dict[str, str], source: str, sentence: str, admin_client: Client, known: Connection
) -> None:
    answer = admin_client.post(HERE, given(admin_client, **chosen))
    assert answer.context["form"].errors == {source: [sentence]}
    assert sentence in answer.content.decode()
    assert Connection.objects.get().source_ids == {}


def test_a_source_gone_in_odoo_is_named_and_cannot_be_kept(admin_client: Client, known: Connection) -> None:
    Connection.objects.update(source_ids={"website": 9})
    assert "Gone in Odoo (9)" in admin_client.get(HERE).content.decode()
    answer = admin_client.post(HERE, given(admin_client, website="9"))
    assert answer.context["form"].errors == {"website": ["Odoo has no such source. Read the list anew."]}


def test_the_map_of_somebody_else_is_not_overwritten(admin_client: Client, known: Connection) -> None:
    earlier = given(admin_client, website="6")
    admin_client.post(HERE, given(admin_client, website="5"))
    assert "Somebody else has changed the map" in admin_client.post(HERE, earlier).content.decode()
    assert Connection.objects.get().source_ids == {"website": 5}


def test_the_list_is_read_anew(admin_client: Client, live: Connection, odoo: RunningSandbox) -> None:
    number = odoo.control.create("utm.source", name="Podcast")
    page = admin_client.post(HERE, {"read": "1"}, follow=True).content.decode()
    assert f'<option value="{number}">Podcast</option>' in page


@pytest.mark.parametrize(
    ("role", "status"), [("super_admin", 200), ("admin", 200), ("sales_manager", 403), ("sales_user", 403)]
)
def test_only_admins_see_it(role: str, status: int, signed_in: SignIn, db: None) -> None:
    assert signed_in(UserFactory.create(role=role)).get(HERE).status_code == status

"""The field rules page: kept on the connection, their effect shown before, nonsense refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.models import User
from integrations.models import Conflict, Connection, IntegrationEvent
from integrations.odoo.mappers import maps_of
from integrations.odoo.settling import rules
from integrations.odoo.settling.conflicts import stamp_of
from tests.factories import AccountFactory, UserFactory
from tests.support.conflicts import conflict_of

SignIn = Callable[[User], Client]
HERE = "/admin/sync/rules/"
STATUS = Conflict.Status


@pytest.fixture
def client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


def kept() -> dict[str, Any]:
    return Connection.objects.get().field_rules


def post(client: Client, **values: Any) -> str:
    answer = client.post(HERE, values, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_mapped_field_has_a_line_and_every_rule_a_sentence(
    client: Client, connection_to_odoo: Connection
) -> None:
    page = client.get(HERE).content.decode()
    for key in rules.rule_names(maps_of(None)):
        assert f'name="rule:{key}"' in page
    assert "Odoo keeps one time per record, not per field" in page
    assert "Both sides stay as they are until a person chooses" in page


def test_rules_are_kept_and_shown_again(client: Client, connection_to_odoo: Connection) -> None:
    values = {"rule:res.partner.*": "newest", "rule:res.partner.phone": "here", "emptying": ["crm.lead.email_from"]}
    assert "The rules are kept." in post(client, save="1", **values)
    assert kept() == {
        "res.partner.*": "newest",
        "res.partner.phone": "here",
        "ask_before_emptying": ["crm.lead.email_from"],
    }
    boxes = {box.key: box for box in client.get(HERE).context["boxes"]}
    assert boxes["res.partner.*"].default == "newest"
    assert [row.key for row in boxes["crm.lead.*"].rows if row.emptying] == ["crm.lead.email_from"]
    assert IntegrationEvent.objects.get().kind == "field rules changed"


def test_the_effect_is_shown_before_anything_is_kept(client: Client, connection_to_odoo: Connection) -> None:
    for number in range(3):
        account = AccountFactory.create(name=f"Nr {number}", phone="h", city="h")
        conflict_of(connection_to_odoo, account, "phone", base="1", here="x", odoo="h", status=STATUS.BY_RULE)
        conflict_of(connection_to_odoo, account, "city", base="1", here="x", odoo="h", status=STATUS.BY_RULE)

    page = post(client, preview="1", **{"rule:res.partner.phone": "here"})

    assert "3 of the last 6 conflicts would have ended differently." in page
    assert "<s>Odoo</s>" in page
    assert kept() == {}
    assert '<option value="here" selected>' in page
    assert "The last 6 conflicts would all have ended as they did." in post(client, preview="1")


@pytest.mark.parametrize(
    ("rule", "later_here", "emptied", "would"),
    [
        ("here", False, False, "here"),
        ("newest", True, False, "here"),
        ("newest", False, False, "odoo"),
        ("ask", False, False, "ask"),
        ("", False, True, "odoo"),
        ("ask", False, True, "odoo"),
    ],
)
def test_how_a_conflict_would_have_ended(
    connection_to_odoo: Connection, rule: str, later_here: bool, emptied: bool, would: str
) -> None:
    account = AccountFactory.create(phone="h")
    base, odoo = ("h", "") if emptied else ("1", "o")
    conflict_of(connection_to_odoo, account, "phone", base=base, odoo=odoo, later_here=later_here)
    changes, looked_at = rules.effect(
        connection_to_odoo, rules.checked({"res.partner.phone": rule}, emptying=[], maps=maps_of(None))
    )
    assert looked_at == 1
    assert [(one.ended, one.would) for one in changes] == ([] if would == "ask" else [("ask", would)])


def test_an_emptying_that_is_asked_about_still_would_be(connection_to_odoo: Connection) -> None:
    conflict_of(connection_to_odoo, AccountFactory.create(phone="h"), "phone", base="h", odoo="")
    assert rules.effect(connection_to_odoo, rules.checked({}, emptying=["res.partner.phone"], maps=maps_of(None))) == (
        [],
        1,
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rule:res.partner.phone": "sometimes"}, "is no rule for res.partner.phone"),
        ({"rule:res.partner.nonsense": "here"}, "is no field that is synced"),
        ({"rule:<b>": "here"}, "is no field that is synced"),
        ({"emptying": ["crm.lead.nothing"]}, "is no field that is synced"),
        ({"seen": "0" * 16, "rule:res.partner.phone": "here"}, "Somebody else has changed the rules"),
    ],
)
def test_nonsense_gets_a_sentence_and_changes_nothing(
    client: Client, connection_to_odoo: Connection, values: dict[str, Any], words: str
) -> None:
    page = post(client, save="1", **values)
    assert words in page
    assert "“<b>”" not in page
    assert kept() == {}


def test_saving_the_rules_that_were_seen_works(client: Client, connection_to_odoo: Connection) -> None:
    assert "The rules are kept." in post(client, save="1", seen=stamp_of({}), **{"rule:crm.tag.*": "ask"})


def test_admins_change_managers_look_others_stay_out(
    connection_to_odoo: Connection, signed_in: SignIn, owner: User
) -> None:
    manager = signed_in(UserFactory.create(role=User.Role.SALES_MANAGER))
    page = manager.get(HERE)
    assert page.status_code == 200
    assert 'name="save"' not in page.content.decode()
    assert manager.post(HERE, {"save": "1", "rule:crm.tag.*": "ask"}).status_code == 403
    assert signed_in(owner).get(HERE).status_code == 403
    assert kept() == {}


def test_without_a_connection_it_says_how_to_make_one(client: Client) -> None:
    page = client.get(HERE).content.decode()
    assert "No Odoo is connected yet" in page
    assert client.post(HERE, {"save": "1"}).status_code == 403


def test_the_page_costs_few_queries(
    client: Client, connection_to_odoo: Connection, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(3):
        client.get(HERE)

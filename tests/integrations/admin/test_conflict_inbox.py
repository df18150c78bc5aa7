"""The conflict inbox: what it shows, what it costs, who may look and who may settle, and what bad input gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Account, Stage, User
from integrations.models import Binding, Conflict, Connection, OutboxMessage, content_type_of
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory, UserFactory
from tests.support.conflicts import conflict_of

SignIn = Callable[[User], Client]
STATUS = Conflict.Status
HERE = "/admin/sync/conflicts/"


@pytest.fixture
def client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


@pytest.fixture
def phone(connection_to_odoo: Connection) -> Conflict:
    """An open one: "+49 30 1" before, "+49 30 22" here, "+49 40 1" in Odoo."""
    account = AccountFactory.create(name="Acme", phone="+49 30 22")
    return conflict_of(connection_to_odoo, account, "phone", base="+49 30 1", odoo="+49 40 1")


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"{HERE}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, conflict: Conflict, query: str = "", **values: str) -> str:
    answer = client.post(f"{HERE}{query}", {"id": conflict.pk, **values}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_three_values_stand_side_by_side_with_what_differs_marked(client: Client, phone: Conflict) -> None:
    page = shown(client)

    assert "+49 30 1</span>" in page
    assert "+49 30 <mark>22</mark>" in page
    assert "+49 <mark>40</mark> 1" in page
    assert ">Acme</a>" in page
    assert "Phone" in page


def test_who_and_when_stand_on_both_sides(client: Client, phone: Conflict, owner: User) -> None:
    colleague = UserFactory.create(name="Otto Odoo")
    Binding.objects.create(
        connection=phone.connection,
        remote_model="res.users",
        remote_id=2,
        content_type=content_type_of(colleague),
        object_uuid=colleague.uuid,
        external_name="u2",
    )
    Conflict.objects.update(here_by=owner, here_at=phone.created_at)

    page = shown(client)

    assert "Olga Owner · <time" in page
    assert "Otto Odoo · <time" in page


def test_keys_are_shown_as_words(client: Client, connection_to_odoo: Connection, stages: dict[str, Stage]) -> None:
    first, second, third = Stage.objects.order_by("sequence")[:3]
    customer, other = AccountFactory.create(name="First & Co"), ContactFactory.create(name="Carla Second")
    deal = OpportunityFactory.create(name="Deal", stage=second, account=customer, priority="2")
    conflict_of(connection_to_odoo, deal, "stage_id", remote_model="crm.lead", base=first.pk, odoo=third.pk)
    conflict_of(connection_to_odoo, deal, "partner_id", remote_model="crm.lead", base="", odoo=f"contact:{other.pk}")
    conflict_of(connection_to_odoo, deal, "priority", remote_model="crm.lead", base="0", odoo="1")

    page = shown(client)

    for words in (first.name, second.name, third.name, "First", "Carla", "Customer", "Stage", "Priority"):
        assert words in page
    assert "contact:" not in page


def test_what_people_typed_is_escaped(client: Client, connection_to_odoo: Connection) -> None:
    account = AccountFactory.create(name="<b>A</b>", phone="<script>1</script>")
    conflict_of(connection_to_odoo, account, "phone", base="", odoo="<img src=x> <i>")

    page = shown(client)

    assert "<script>1" not in page
    assert "<img src=x" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize(("winner", "kept"), [("here", "+49 30 22"), ("odoo", "+49 40 1")])
def test_one_is_settled_and_can_be_undone_from_the_same_page(
    client: Client, phone: Conflict, winner: str, kept: str
) -> None:
    page = post(client, phone, winner=winner)

    phone.refresh_from_db()
    assert (phone.status, phone.winner, phone.settled_by) == (STATUS.BY_PERSON, winner, User.objects.get(name="Ada"))
    assert Account.objects.get().phone == kept
    assert "“Phone” is settled" in page
    assert 'data-key="u"' in page
    post(client, phone, do="back")
    phone.refresh_from_db()
    assert phone.status == STATUS.OPEN


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"winner": "both"}, "Say which side is right"),
        ({}, "Say which side is right"),
        ({"winner": "odoo", "seen": "0" * 16}, "value has changed since you looked"),
        ({"id": "99999", "winner": "odoo"}, "This conflict is no longer there."),
        ({"id": "x", "winner": "odoo"}, "This conflict is no longer there."),
        ({"id": "9" * 40, "winner": "odoo"}, "This conflict is no longer there."),
        ({"do": "back"}, "there is nothing to take back"),
    ],
)
def test_a_wrong_answer_gets_a_sentence_and_settles_nothing(
    client: Client, phone: Conflict, values: dict[str, str], words: str
) -> None:
    assert words in post(client, phone, **values)
    phone.refresh_from_db()
    assert phone.status == STATUS.OPEN


def test_a_value_that_the_record_may_not_have_is_told(client: Client, phone: Conflict) -> None:
    Conflict.objects.update(odoo="9" * 300)
    assert "at most" in post(client, phone, winner="odoo")
    phone.refresh_from_db()
    assert phone.status == STATUS.OPEN


@pytest.mark.parametrize(
    "query",
    [
        "?state=nonsense",
        "?before=x",
        "?before=-1",
        "?record=no-uuid",
        "?model=x.y",
        "?field=%00",
        "?before=²",
        "?done=zzz&state=rule",
    ],
)
def test_nonsense_in_the_address_is_left_aside(client: Client, phone: Conflict, query: str) -> None:
    shown(client, query)


def test_tabs_and_filters(client: Client, phone: Conflict) -> None:
    account = AccountFactory.create(name="Ruled", phone="x")
    ruled = conflict_of(phone.connection, account, "phone", base="1", here="h", odoo="x", status=STATUS.BY_RULE)
    assert "Acme" in shown(client)
    assert "Ruled" not in shown(client)
    page = shown(client, "?state=rule")
    assert "Ruled" in page
    assert "Rule “Odoo wins”: Odoo" in page
    assert "Take back" in page
    assert "No conflict fits this filter." in shown(client, "?field=email")
    assert "Acme" in shown(client, "?field=phone&model=res.partner")
    assert "No conflict fits this filter." in shown(client, f"?record={ruled.object_uuid}")
    assert "Nobody has settled anything yet." in shown(client, "?state=people")


def test_without_any_conflict_it_says_when_one_comes(client: Client) -> None:
    assert "No conflict waits for a person." in shown(client)


def test_who_decided_what_is_told_line_by_line(client: Client, phone: Conflict) -> None:
    account = AccountFactory.create(name="Ruled", phone="x")
    ruled = conflict_of(phone.connection, account, "phone", base="1", here="h", odoo="x", status=STATUS.BY_RULE)
    page = post(client, ruled, "?state=rule", do="back")
    assert "“Phone” is “h” again, here and within seconds in Odoo." in page
    page = shown(client, "?state=people")
    assert "Rule “Odoo wins”" in page
    assert "Taken back · Ada" in page
    assert OutboxMessage.objects.get().object_uuid == account.uuid


def test_a_question_about_a_whole_record_offers_no_value(client: Client, phone: Conflict) -> None:
    Conflict.objects.update(field="deleted in Odoo")
    page = shown(client)
    assert "Deleted in Odoo" in page
    assert 'name="winner"' not in page


def test_records_come_in_pages(client: Client, connection_to_odoo: Connection) -> None:
    for number in range(30):
        account = AccountFactory.create(name=f"Nr {number}", phone="h")
        conflict_of(connection_to_odoo, account, "phone", base="1", odoo="o")
    answer = client.get(HERE)
    assert len(answer.context["groups"]) == 25
    rest = client.get(f"{answer.context['next_url']}")
    assert len(rest.context["groups"]) == 5
    assert rest.context["next_url"] == ""


def test_the_lines_of_one_record_stand_together(client: Client, phone: Conflict) -> None:
    account = Account.objects.get()
    conflict_of(phone.connection, AccountFactory.create(name="Between", city="x"), "city", base="", odoo="y")
    conflict_of(phone.connection, account, "city", base="Bonn", odoo="Ulm")
    groups = client.get(HERE).context["groups"]
    assert [len(group.lines) for group in groups] == [2, 1]


def test_the_inbox_costs_the_same_for_one_record_and_for_fifty(
    client: Client, phone: Conflict, django_assert_max_num_queries: Any
) -> None:
    client.get(HERE)
    with CaptureQueriesContext(database) as one:
        client.get(HERE)
    for number in range(50):
        account = AccountFactory.create(phone=str(number))
        conflict_of(phone.connection, account, "phone", base="1", odoo="o")
    with django_assert_max_num_queries(len(one)) as many:
        client.get(HERE)
    assert len(many) == len(one) == 10, [query["sql"][:100] for query in one]


def test_the_secret_is_not_read(client: Client, phone: Conflict) -> None:
    with CaptureQueriesContext(database) as queries:
        client.get(HERE)
        client.get(f"{reverse('sync:settle-conflicts')}?rule=odoo")
        client.get("/admin/sync/rules/")
        client.get("/admin/sync/parked/")
    assert not [query for query in queries if '"secret"' in query["sql"]]


# --- many at once


def test_a_rule_settles_what_the_filter_leaves_after_a_preview(client: Client, phone: Conflict) -> None:
    lead = LeadFactory.create(name="Lead", city="h")
    other = conflict_of(phone.connection, lead, "city", base="1", odoo="o", later_here=True)
    asked = f"{reverse('sync:settle-conflicts')}?rule=newest"
    page = client.get(asked).content.decode()
    assert "Settle 2 conflicts: Newest wins?" in page
    assert "1 keep the value here" in page
    assert "1 take Odoo" in page
    assert Conflict.objects.filter(status=STATUS.OPEN).count() == 2

    client.post(f"{asked}&model=crm.lead", {"confirmed": "1", "upto": other.pk})
    phone.refresh_from_db()
    other.refresh_from_db()
    assert (phone.status, other.winner, other.trail[0]["did"]) == (STATUS.OPEN, "here", "newest: here")


def test_what_came_after_the_preview_is_not_settled_by_it(client: Client, phone: Conflict) -> None:
    late = conflict_of(phone.connection, LeadFactory.create(city="h"), "city", base="1", odoo="o")
    client.post(f"{reverse('sync:settle-conflicts')}?rule=odoo", {"confirmed": "1", "upto": phone.pk})
    late.refresh_from_db()
    phone.refresh_from_db()
    assert (phone.status, late.status) == (STATUS.BY_PERSON, STATUS.OPEN)


@pytest.mark.parametrize("rule", ["", "ask", "nonsense"])
def test_a_bulk_rule_that_decides_nothing_is_told(client: Client, phone: Conflict, rule: str) -> None:
    answer = client.post(f"{reverse('sync:settle-conflicts')}?rule={rule}", {"confirmed": "1"}, follow=True)
    assert "Choose a rule" in answer.content.decode()
    phone.refresh_from_db()
    assert phone.status == STATUS.OPEN


# --- who may


def test_a_sales_manager_settles_and_others_do_not_see_it(
    phone: Conflict, signed_in: SignIn, owner: User, reader: User
) -> None:
    for person in (owner, reader):
        client = signed_in(person)
        assert client.get(HERE).status_code == 403
        assert client.post(HERE, {"id": phone.pk, "winner": "odoo"}).status_code == 403
        assert client.get(reverse("sync:settle-conflicts")).status_code == 403
    manager = signed_in(UserFactory.create(role=User.Role.SALES_MANAGER))
    assert "Take Odoo" in shown(manager)
    post(manager, phone, winner="odoo")
    phone.refresh_from_db()
    assert phone.status == STATUS.BY_PERSON


def test_strangers_are_sent_to_the_sign_in(phone: Conflict) -> None:
    for answer in (Client().get(HERE), Client().post(HERE, {"id": phone.pk, "winner": "odoo"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("address", ["/admin/sync/conflicts", HERE, "/admin/sync/rules", "/admin/sync/parked"])
def test_the_pages_are_there_with_and_without_slash(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


def test_the_chip_of_a_record_leads_to_its_lines(client: Client, phone: Conflict) -> None:
    account = Account.objects.get()
    page = client.get(reverse("admin:crm_account_change", args=(account.pk,))).content.decode()
    assert f"{HERE}?record={account.uuid}" in page

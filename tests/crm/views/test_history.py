"""The audit log: each write leaves one row that says who, what, when and from where; pages show it in words."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.audit import coming_from
from crm.models import Account, Change, Origin, User
from crm.services.accounts import archive_account, create_account, restore_account, update_account
from crm.services.records import insert_many
from tests.factories import AccountFactory, CountryFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db
ACTION = Change.Action


def written() -> list[tuple[str, str, dict[str, object]]]:
    return list(Change.objects.order_by("id").values_list("action", "origin", "fields"))


def address(account: Account) -> str:
    return reverse("workspace:history", args=("accounts", account.uuid))


def test_each_write_is_noted_once_with_what_it_changed(admin_user: User) -> None:
    country = CountryFactory.create()
    hot, cold = TagFactory.create(name="Hot"), TagFactory.create(name="Cold")
    Change.objects.all().delete()
    account = create_account(actor=admin_user, name="Alder", phone="1", tags=[hot])
    account = update_account(account, actor=admin_user, phone="2", country=country, tags=[cold], name="Alder")
    update_account(account, actor=admin_user, phone="2")
    account = archive_account(account, actor=admin_user)
    restore_account(account, actor=None)

    rows = written()

    assert [action for action, _origin, _fields in rows] == [
        ACTION.MADE,
        ACTION.CHANGED,
        ACTION.TRASHED,
        ACTION.RESTORED,
    ]
    assert rows[1][2] == {"phone": ["1", "2"], "country": [None, country.pk], "tags": [[hot.pk], [cold.pk]]}
    assert {origin for _action, origin, _fields in rows} == {Origin.PROGRAM}
    assert list(Change.objects.order_by("id").values_list("actor", flat=True)) == [*[admin_user.pk] * 3, None]


def test_a_refused_write_leaves_no_row(admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Alder")
    with pytest.raises(Exception, match="name"):
        update_account(account, actor=admin_user, name="")
    assert [action for action, _origin, _fields in written()] == [ACTION.MADE]


def test_many_new_records_cost_no_statement_each(admin_user: User) -> None:
    def statements(count: int) -> int:
        with CaptureQueriesContext(connection) as found:
            insert_many([Account(name=f"Firm {number}") for number in range(count)], actor=admin_user)
        return sum("crm_change" in one["sql"] for one in found)

    assert statements(60) == statements(30) <= 2
    assert Change.objects.filter(action=ACTION.MADE, actor=admin_user).count() == 90


def test_where_it_came_from_is_the_page_the_api_or_who_says_so(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    account = AccountFactory.create(name="Alder", employees=5)
    field = reverse("workspace:field", args=("accounts", account.uuid, "employees"))
    client.post(field, {"begun": "5", "employees": "6"})
    api = f"/api/v1/accounts/{account.uuid}/"
    client.patch(api, {"employees": 7}, content_type="application/json", headers={"If-Match": "*"})
    with coming_from(Origin.IMPORT):
        update_account(account, actor=admin_user, employees=8)

    assert [(origin, fields) for _action, origin, fields in written()] == [
        (Origin.PAGE, {"employees": [5, 6]}),
        (Origin.API, {"employees": [6, 7]}),
        (Origin.IMPORT, {"employees": [7, 8]}),
    ]


def test_the_page_tells_it_in_words_and_escapes_them(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    account = create_account(actor=admin_user, name="Alder", manager=None)
    boss = UserFactory.create(name="<b>Boss</b>")
    account = update_account(account, actor=admin_user, manager=boss, phone="+49 30 1", annual_revenue="1200.50")
    update_account(account, actor=admin_user, manager=None)

    page = client.get(address(account)).content.decode()

    assert page.index("Changed") < page.rindex("Made")
    assert ("&lt;b&gt;Boss&lt;/b&gt;" in page, "<b>Boss" in page) == (True, False)
    assert "+49 30 1" in page
    assert "1,200.50" in page
    assert str(admin_user) in page


def test_what_a_change_pointed_to_may_be_gone(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    gone, tag = CountryFactory.create(), TagFactory.create()
    account = create_account(actor=admin_user, name="Alder", country=gone, tags=[tag])
    account = update_account(account, actor=admin_user, country=None, tags=[])
    gone.delete()
    tag.delete()
    Change.objects.filter(action=ACTION.CHANGED).update(
        fields={**Change.objects.get(action=ACTION.CHANGED).fields, "no_such_field": ["a", "b"], "custom.x": [1, 2]}
    )

    page = client.get(address(account)).content.decode()

    assert "a record that is gone" in page
    assert "a tag that is gone" in page
    assert "No_such_field" in page


def test_a_long_history_is_shown_a_stretch_at_a_time_for_the_same_queries(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    account = create_account(actor=admin_user, name="Alder")
    other = UserFactory.create()

    def looked() -> tuple[str, int]:
        with CaptureQueriesContext(connection) as found:
            page = client.get(address(account)).content.decode()
        return page, len(found)

    for number in range(4):
        account = update_account(account, actor=admin_user, employees=number, manager=other if number % 2 else None)
    few = looked()[1]
    for number in range(4, 60):
        account = update_account(account, actor=admin_user, employees=number, manager=other if number % 2 else None)
    page, many = looked()

    assert (many, page.count("tandem-entry-head")) == (few, 50)
    last = page.split("?before=")[1].split('"')[0]
    earlier = client.get(address(account), {"before": last}).content.decode()
    assert earlier.count("tandem-entry-head") == 11
    for rubbish in ("rubbish", "9" * 18, "9" * 5000):
        assert client.get(address(account), {"before": rubbish}).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("sales_manager", 403), ("read_only", 403)])
def test_the_log_of_all_records_is_for_administrators(client: Client, role: str, status: int) -> None:
    client.force_login(UserFactory.create(role=role))
    create_account(actor=None, name="Alder")
    rows = client.get(reverse("admin:crm_change_changelist"))
    assert rows.status_code == status
    if status == 200:
        assert "Alder" in rows.content.decode()
        one = client.get(reverse("admin:crm_change_change", args=(Change.objects.get().pk,)))
        assert one.status_code == 200

"""Finding duplicates, the word about them while typing, two side by side, and the way back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Account, Merge, NotDuplicates, User
from crm.selectors import duplicates
from crm.selectors.duplicates import groups, reasons_of
from crm.services.accounts import update_account
from crm.workbook import ACCOUNTS
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    TagFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client: Client) -> User:
    """A seller of a team, who is signed in."""
    user = UserFactory(team=TeamFactory())
    client.force_login(user)
    return user


def finder(noun: str = "accounts") -> str:
    return reverse("workspace:duplicates", args=(noun,))


def side_by_side(one: Any, other: Any, *, keep: Any = None, noun: str = "accounts") -> str:
    keeping = f"&keep={keep.uuid}" if keep else ""
    return f"{reverse('workspace:merge', args=(noun,))}?record={one.uuid}&record={other.uuid}{keeping}"


def versions(survivor: Any, loser: Any) -> dict[str, int]:
    return {"version": survivor.version, "other-version": loser.version}


def test_the_finder_shows_what_shares_an_address_a_number_a_domain_or_a_name(client: Client, me: User) -> None:
    AccountFactory(name="Miller GmbH", manager=me, email="Info@Miller.example", phone="+49 30 1234567", website="")
    AccountFactory(name="miller", manager=me, email="info@miller.example", phone="0049 (30) 123 45 67", website="")
    AccountFactory(name="Other", manager=me, email="o@other.example", phone="5", website="https://www.miller.example/x")

    shown = {by: client.get(f"{finder()}?by={by}").content.decode() for by in ("email", "phone", "domain", "name")}

    assert all("Miller GmbH" in page and ">miller</a>" in page for page in shown.values())
    assert [">Other</a>" in shown[by] for by in ("email", "phone", "domain", "name")] == [False, False, True, False]


def test_the_finder_shows_ones_own_and_ones_teams_alone(client: Client, me: User) -> None:
    mate, stranger = UserFactory(team=me.team), UserFactory(team=TeamFactory())
    AccountFactory(name="Mine", manager=me, email="same@x.example", website="")
    AccountFactory(name="Strange", manager=stranger, email="same@x.example", website="")
    alone = client.get(finder()).content.decode()

    AccountFactory(name="Mates", manager=mate, email="same@x.example", website="")
    page = client.get(finder()).content.decode()

    assert "No duplicates" in alone
    assert ">Mine</a>" in page
    assert ">Mates</a>" in page
    assert "Strange" not in page


def test_mail_providers_join_nobody(me: User) -> None:
    for name in ("One", "Two"):
        AccountFactory(name=name, manager=me, email=f"{name}@gmail.com", website="")
    domain = next(one for one in reasons_of(ACCOUNTS) if one.key == "domain")

    assert groups(ACCOUNTS, me, domain).groups == []


def test_pairs_that_a_person_told_apart_are_not_shown_again(client: Client, me: User) -> None:
    rows = [AccountFactory(name=name, manager=me, email="same@x.example", website="") for name in ("A", "B", "C")]
    apart = reverse("workspace:apart", args=("accounts",))

    client.post(apart, {"record": [str(rows[0].uuid), str(rows[1].uuid)]})
    still = client.get(finder()).content.decode()
    answer = client.post(f"{apart}?by=email", {"record": [str(row.uuid) for row in rows]}, follow=True)

    assert ">A</a>" in still
    assert NotDuplicates.objects.count() == 3
    assert "No duplicates" in answer.content.decode()
    assert client.post(apart, {"record": [str(rows[0].uuid), "x"]}).status_code == 404


def test_the_finder_goes_on_behind_the_last_key_and_costs_the_same_for_more(
    client: Client, me: User, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "PAGE", 3)
    for number in range(7):
        for _twice in range(2):
            AccountFactory(manager=me, email=f"{number}@x.example", website="", tags=[TagFactory()])

    seen: list[str] = []
    address = finder()
    while address:
        with django_assert_max_num_queries(12):
            page = client.get(address).content.decode()
        seen += re.findall(r"Same e-mail: (\d@x\.example)", page)
        found = re.search(r'href="(\?by=email&amp;after=[^"]+)"', page)
        address = finder() + found[1].replace("&amp;", "&") if found else ""

    assert seen == [f"{number}@x.example" for number in range(7)]


def test_keys_are_walked_in_strides_and_no_group_is_cut(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "STRIDE", 4)
    monkeypatch.setattr(duplicates, "STRIDES", 2)
    for number in range(12):
        AccountFactory(manager=me, email=f"{number:02}@x.example", website="")
    for _twice in range(3):
        AccountFactory(manager=me, email="07@x.example", website="")
    email = reasons_of(ACCOUNTS)[0]

    first = groups(ACCOUNTS, me, email)
    second = groups(ACCOUNTS, me, email, after=first.after)

    assert [len(group.rows) for group in [*first.groups, *second.groups]] == [4]
    assert (first.after != "", second.after) == (True, "")


def test_two_stand_side_by_side_with_what_a_merge_does(client: Client, me: User) -> None:
    one = AccountFactory(name="Miller", manager=me, phone="111", city="", website="")
    other = AccountFactory(name="Miller Ltd", manager=me, phone="222", city="Berlin", website="", tags=[TagFactory()])
    ContactFactory(account=other)
    OpportunityFactory(account=other)

    page = client.get(side_by_side(one, other)).content.decode()
    swapped = client.get(side_by_side(one, other, keep=other)).content.decode()

    taken = re.findall(r'name="field-(\w+)" value="loser" checked', page)
    assert "city" in taken
    assert "phone" not in taken
    assert "contacts (1)" in page
    assert "opportunities (1)" in page
    assert page.index("Miller Ltd") > page.index(">Miller<")
    assert re.findall(r'name="field-phone" value="survivor" checked', swapped)


def test_a_merge_is_done_and_taken_back_from_the_page(client: Client, me: User) -> None:
    one = AccountFactory(name="Miller", manager=me, phone="111", website="")
    other = AccountFactory(name="Miller Ltd", manager=me, phone="222", website="")

    sent = {"field-phone": "loser", "field-name": "survivor", **versions(one, other)}
    done = client.post(side_by_side(one, other), sent, follow=True)
    gone = client.get(reverse("workspace:record", args=("accounts", other.uuid))).content.decode()
    made = Merge.objects.get()
    back = client.post(reverse("workspace:merge-back", args=("accounts", made.uuid)), follow=True).content.decode()

    one.refresh_from_db()
    other.refresh_from_db()
    assert "“Miller Ltd” is merged into “Miller”." in done.content.decode()
    assert "Take the merge back" in done.content.decode()
    assert "Merged into “Miller”" in gone
    assert "is a record of its own again" in back
    assert (one.phone, other.archived_at) == ("111", None)


def test_a_lost_race_says_so_and_shows_what_stands_now(client: Client, me: User) -> None:
    one, other = AccountFactory(manager=me, website=""), AccountFactory(manager=me, website="")
    seen = versions(one, other)
    update_account(other, actor=me, city="Kiel")

    answer = client.post(side_by_side(one, other), {**seen, "field-city": "loser"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "in the meantime" in page
    assert "Kiel" in page
    assert Merge.objects.count() == 0


@pytest.mark.parametrize(
    "query",
    ["", "record=x&record=y", "record={one}", "record={one}&record={one}&record={other}", "record={one}&record={far}"],
)
def test_an_address_that_names_no_pair_that_one_sees_is_not_there(client: Client, me: User, query: str) -> None:
    rows = {
        "one": AccountFactory(manager=me).uuid,
        "other": AccountFactory(manager=me).uuid,
        "far": AccountFactory(manager=UserFactory(team=TeamFactory())).uuid,
    }

    address = f"{reverse('workspace:merge', args=('accounts',))}?{query.format(**rows)}"

    assert [client.get(address).status_code, client.post(address).status_code] == [404, 404]


def test_the_same_record_twice_is_refused_in_words(client: Client, me: User) -> None:
    one = AccountFactory(manager=me)

    answer = client.get(side_by_side(one, one))

    assert answer.status_code == 422
    assert "one and the same record" in answer.content.decode()


def test_what_is_no_kind_of_record_to_merge_has_no_finder(client: Client, me: User) -> None:
    pages = [finder("tasks"), reverse("workspace:merge", args=("opportunities",))]

    assert [client.get(page).status_code for page in pages] == [404, 404]


def test_a_merge_is_taken_back_by_whom_both_are_to_see(client: Client, me: User) -> None:
    stranger = UserFactory(team=TeamFactory())
    one, other = AccountFactory(manager=me, website=""), AccountFactory(manager=me, website="")
    client.post(side_by_side(one, other), versions(one, other))
    made = Merge.objects.get()
    back = reverse("workspace:merge-back", args=("accounts", made.uuid))

    client.force_login(stranger)
    refused = client.post(back).status_code
    client.force_login(UserFactory(role="read_only", team=me.team))
    read_only = client.post(back).status_code
    client.force_login(UserFactory(team=me.team))
    first, second = client.post(back, follow=True), client.post(back, follow=True)

    assert (refused, read_only) == (404, 403)
    assert "is a record of its own again" in first.content.decode()
    assert "was taken back already" in second.content.decode()


def test_two_rows_of_a_list_lead_side_by_side(client: Client, me: User) -> None:
    rows = [AccountFactory(manager=me) for _n in range(3)]
    bulk = reverse("workspace:bulk", args=("accounts",))
    two = {"action": "merge", "row": [str(row.uuid) for row in rows[:2]]}

    plain = client.post(bulk, two)
    swapped = client.post(bulk, two, headers={"HX-Request": "true"})
    three = client.post(bulk, {"action": "merge", "row": [str(row.uuid) for row in rows]})

    assert plain["Location"].startswith("/duplicates/accounts/merge/?record=")
    assert swapped["HX-Redirect"] == plain["Location"]
    assert client.get(plain["Location"]).status_code == 200
    assert (three.status_code, "exactly two rows" in three.content.decode()) == (422, True)


def test_a_byte_that_no_text_of_the_database_holds_breaks_nothing(client: Client, me: User) -> None:
    alike = reverse("workspace:alike", args=("accounts",))

    answers = [client.get(f"{finder()}?after=%00x"), client.post(alike, {"name": "a\x00b", "email": "a\x00@b.example"})]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_who_types_a_new_record_hears_of_those_that_look_like_it(client: Client, me: User) -> None:
    AccountFactory(name="Miller GmbH", manager=me, email="info@miller.example", website="")
    ContactFactory(name="Ann Miller", owner=me, email="info@miller.example")
    LeadFactory(name="Pumps", owner=me, phone="+49 30 7654321", email="")
    AccountFactory(name="Hidden", manager=UserFactory(team=TeamFactory()), email="info@miller.example", website="")
    form = client.get(reverse("workspace:add", args=("accounts",))).content.decode()
    alike = reverse("workspace:alike", args=("accounts",))

    by_mail = client.post(alike, {"name": "New", "email": "INFO@miller.example"}).content.decode()
    by_name = client.post(alike, {"name": "MILLER"}).content.decode()
    by_phone = client.post(alike, {"name": "New", "phone": "030 7654321"}).content.decode()
    nothing = client.post(alike, {"name": "", "email": "info", "phone": "12"}).content.decode()

    assert alike in form
    assert ("Miller GmbH" in by_mail, "Ann Miller" in by_mail, "Hidden" in by_mail) == (True, True, False)
    assert ("Miller GmbH" in by_name, "Ann Miller" in by_name) == (True, False)
    assert "Pumps" in by_phone
    assert nothing.strip() == ""


def test_what_looks_alike_costs_a_query_for_each_noun(
    client: Client, me: User, django_assert_max_num_queries: Any
) -> None:
    for _n in range(8):
        AccountFactory(manager=me, email="same@x.example", website="")
        ContactFactory(owner=me, email="same@x.example", account=AccountFactory(manager=me))

    with django_assert_max_num_queries(10):
        page = client.post(reverse("workspace:alike", args=("contacts",)), {"email": "same@x.example"})

    assert page.content.decode().count("<li>") == 5
    assert Account.objects.count() == 16

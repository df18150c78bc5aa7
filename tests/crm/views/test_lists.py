"""The lists of the workspace: who sees which rows, what the address asks for, bad addresses, and what a page costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import nouns
from crm.models import Stage, User
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    TagFactory,
    TaskFactory,
)

SignIn = Callable[[User], Client]
KEYS = ("accounts", "contacts", "leads", "opportunities", "activities", "tasks")
ACTS = ("do/win/", "edit/")
MADE: dict[str, Any] = {
    "accounts": (AccountFactory, "manager"),
    "contacts": (ContactFactory, "owner"),
    "leads": (LeadFactory, "owner"),
    "opportunities": (OpportunityFactory, "owner"),
    "activities": (ActivityFactory, "owner"),
    "tasks": (TaskFactory, "assignee"),
}


def names(client: Client, address: str) -> list[str]:
    """The rows of a list page by name."""
    answer = client.get(address)
    assert answer.status_code == 200
    return [str(line.record) for line in answer.context["lines"]]


@pytest.mark.parametrize("key", KEYS)
def test_rows_are_seen_by_owner_team_mate_and_reader_but_by_no_stranger(
    key: str, owner: User, team_mate: User, stranger: User, reader: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    factory, field = MADE[key]
    row = factory.create(**{field: owner})

    seen = [str(row) in names(signed_in(user), f"/{key}/") for user in (owner, team_mate, reader, stranger)]

    assert seen == [True, True, True, False]


@pytest.mark.parametrize("key", KEYS)
def test_somebody_who_has_not_signed_in_is_asked_to(key: str, db: None) -> None:
    answer = Client().get(f"/{key}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next=/{key}/")


def test_an_unknown_noun_is_not_found(owner: User, signed_in: SignIn) -> None:
    assert signed_in(owner).get("/invoices/").status_code == 404


def test_search_finds_every_word_whatever_the_case(owner: User, signed_in: SignIn) -> None:
    for name in ("MÜLLER Bau", "Müller Druck", "Meier Bau"):
        account = AccountFactory.create(name=name, manager=owner)
        account.search_text = account.build_search_text()
        account.save()

    assert names(signed_in(owner), "/accounts/?q=müller+bau") == ["MÜLLER Bau"]


def test_fields_that_a_form_sends_along_empty_leave_the_address(owner: User, signed_in: SignIn) -> None:
    answer = signed_in(owner).get("/leads/?q=unknown&source=&trash=", headers={"HX-Request": "true"})

    assert answer["HX-Push-Url"] == "/leads/?q=unknown"


def test_filters_narrow_and_stand_in_words_above_the_rows(owner: User, signed_in: SignIn) -> None:
    LeadFactory.create(name="Won over", owner=owner, source="referral")
    LeadFactory.create(name="Cold", owner=owner, source="cold_call")

    answer = signed_in(owner).get("/leads/?source=referral")

    assert [str(line.record) for line in answer.context["lines"]] == ["Won over"]
    assert [(chip.label, chip.words, chip.address) for chip in answer.context["chips"]] == [("Source", "Referral", "?")]


def test_a_tag_filter_shows_a_row_with_two_tags_once(owner: User, signed_in: SignIn) -> None:
    first, second = TagFactory.create(), TagFactory.create()
    account = AccountFactory.create(name="Acme", manager=owner)
    account.tags.set([first, second])

    assert names(signed_in(owner), f"/accounts/?tag={first.pk}&tag={second.pk}") == ["Acme"]


def test_a_value_that_no_filter_knows_is_told_and_shows_nothing(owner: User, signed_in: SignIn) -> None:
    LeadFactory.create(owner=owner)
    answer = signed_in(owner).get("/leads/?source=telepathy&score_min=many")

    assert answer.status_code == 200
    assert list(answer.context["lines"]) == []
    assert "<strong>Source:</strong> Select a valid choice. telepathy is not one of" in answer.content.decode()


def test_the_trash_is_shown_only_when_asked_for(owner: User, signed_in: SignIn) -> None:
    AccountFactory.create(name="Here", manager=owner)
    AccountFactory.create(name="Thrown away", manager=owner, archived_at=timezone.now())
    client = signed_in(owner)

    assert names(client, "/accounts/") == ["Here"]
    assert names(client, "/accounts/?trash=true") == ["Thrown away"]


def test_the_order_stands_in_the_address_and_an_unknown_one_is_left_alone(
    owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    for amount in (5, 90, 20):
        OpportunityFactory.create(name=str(amount), amount=amount, owner=owner)
    client = signed_in(owner)

    assert names(client, "/opportunities/?sort=-amount") == ["90", "20", "5"]
    assert set(names(client, "/opportunities/?sort=password")) == {"90", "20", "5"}


def test_pages_go_on_where_the_last_one_ended_and_a_stale_address_says_so(owner: User, signed_in: SignIn) -> None:
    now = timezone.now()
    for number in range(60):
        LeadFactory.create(name=f"{number:02}", owner=owner, updated_at=now - timedelta(minutes=number))
    client = signed_in(owner)
    first = client.get("/leads/")

    assert len(first.context["lines"]) == 50
    assert names(client, f"/leads/{first.context['next']}") == [f"{number:02}" for number in range(50, 60)]
    assert "no longer there" in client.get("/leads/?cursor=nonsense").content.decode()


def test_columns_are_chosen_in_the_address_and_the_name_always_stands(owner: User, signed_in: SignIn) -> None:
    AccountFactory.create(manager=owner)
    answer = signed_in(owner).get("/accounts/?columns=city,industry")

    assert [header.column.key for header in answer.context["headers"]] == ["name", "city", "industry"]


def test_htmx_gets_the_body_alone(owner: User, signed_in: SignIn) -> None:
    client = signed_in(owner)
    assert "<html" in client.get("/accounts/").content.decode()
    assert "<html" not in client.get("/accounts/", headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize("key", KEYS)
def test_a_page_of_fifty_costs_as_many_queries_as_a_page_of_one(
    key: str, owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    factory, field = MADE[key]
    client = signed_in(owner)
    factory.create(**{field: owner})
    client.get(f"/{key}/")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/{key}/")
    factory.create_batch(49, **{field: owner})
    with CaptureQueriesContext(connection) as fifty:
        client.get(f"/{key}/")

    assert len(fifty) == len(one)
    assert len(one) <= 12


@pytest.mark.parametrize("address", ["/contacts/filters/", "/pipeline/filters/"])
def test_the_filters_come_as_a_menus_fields_or_as_a_page(
    address: str, owner: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    client, here = signed_in(owner), address.removesuffix("filters/")
    asked = f"{address}?owner={owner.pk}&q=roof&sort=name&fold=3"
    page = client.get(asked).content.decode()
    fields = client.get(asked, headers={"HX-Request": "true"}).content.decode()

    assert f'<form class="tandem-form card card-body" method="get" action="{here}">' in page
    assert ('name="sort" value="name"' in page, 'name="fold" value="3"' in page) == ("contacts" in here, "pipe" in here)
    assert ('value="roof"' in page, 'value="roof"' in fields) == (True, False)
    assert all(f'<option value="{owner.pk}" selected>{owner}</option>' in text for text in (page, fields))
    assert "<form" not in fields
    kept = client.get(f"{here}?owner={owner.pk}&q=roof").content.decode()
    assert f'<input type="hidden" name="owner" value="{owner.pk}">' in kept
    assert f'<option value="{owner.pk}"' not in kept


def test_the_record_whose_rows_are_listed_is_named_to_who_may_see_it(
    owner: User, stranger: User, signed_in: SignIn
) -> None:
    account = AccountFactory.create(name="Nordlicht & Co", manager=owner)
    listed = f"/contacts/?account={account.uuid}"

    mine, theirs = signed_in(owner), signed_in(stranger)
    assert [chip.words for chip in mine.get(listed).context["chips"]] == ["Nordlicht & Co"]
    assert [chip.words for chip in theirs.get(listed).context["chips"]] == [str(account.uuid)]
    assert [chip.words for chip in mine.get("/contacts/?account=some").context["chips"]] == ["some"]
    fields = mine.get(f"/contacts/filters/?account={account.uuid}", headers={"HX-Request": "true"}).content.decode()
    assert f'<input type="hidden" name="account" value="{account.uuid}"' in fields


def test_a_filter_that_is_refused_is_marked_in_the_menu(owner: User, signed_in: SignIn) -> None:
    asked = "/opportunities/filters/?close_after=soon"
    assert "is-invalid" in signed_in(owner).get(asked, headers={"HX-Request": "true"}).content.decode()


def test_every_sortable_column_has_an_index_that_begins_with_it(db: None) -> None:
    missing = []
    for noun in nouns.all_nouns():
        leading = {index.fields[0].removeprefix("-") for index in noun.model._meta.indexes}
        missing += [(noun.key, field) for field in noun.sorts() if field not in leading]
    assert missing == []


def test_what_a_list_has_no_more_is_named_and_left_out(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    AccountFactory.create(name="Alder")

    asked = {"no_such_filter": "1", "columns": "name,fax", "sort": "-faxed", "q": "alder"}
    page = client.get("/accounts/", asked).content.decode()

    assert "has no filter or column “no_such_filter”, “fax”, “faxed”" in page
    assert "Alder" in page
    assert "no filter or column" not in client.get("/accounts/", {"sort": "-name", "q": "alder"}).content.decode()


def test_what_people_typed_stands_escaped_in_a_row_with_a_box_for_those_who_may_change_it(
    owner: User, reader: User, signed_in: SignIn
) -> None:
    lead = LeadFactory.create(owner=owner, name='"><script>x</script>', contact_name="<b>Ann</b>", company_name="")

    page, read = (signed_in(user).get("/leads/").content.decode() for user in (owner, reader))

    typed = "&quot;&gt;&lt;script&gt;x&lt;/script&gt;"
    box = f'value="{lead.uuid}" form="bulk" aria-label="Select {typed}"></label>'
    assert f"{box}<a " in page
    assert f'>{typed}</a><span class="tandem-acts">' in page
    assert f'aria-label="Edit: {typed}"' in page
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page
    assert "<script>x" not in page
    assert '<td data-title="Tags" data-empty>–</td>' in page
    assert str(lead.uuid) in read
    assert 'form="bulk"' not in read


def test_a_row_leads_to_what_is_done_with_it_as_it_stands(
    owner: User, reader: User, stages: dict[str, Stage], signed_in: SignIn
) -> None:
    opened = OpportunityFactory.create(owner=owner, stage=stages["proposal"])
    won = OpportunityFactory.create(owner=owner, stage=stages["closed-won"])
    gone = OpportunityFactory.create(owner=owner, archived_at=timezone.now())
    client = signed_in(owner)
    page, trash = (client.get(f"/opportunities/{query}").content.decode() for query in ("", "?trash=true"))

    acts = {
        (deal.name, key): f'href="/opportunities/{deal.uuid}/{key}"' for deal in (opened, won, gone) for key in ACTS
    }
    assert [acts[opened.name, key] in page for key in ACTS] == [True, True]
    assert [acts[won.name, key] in page for key in ACTS] == [False, True]
    assert [acts[gone.name, key] in trash for key in ACTS] == [False, False]
    assert "tandem-acts" not in signed_in(reader).get("/opportunities/").content.decode()

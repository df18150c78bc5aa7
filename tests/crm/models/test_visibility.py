"""Which rows and models each role sees, and what search finds."""

from __future__ import annotations

from typing import Any

import pytest

from crm.models import Account, Note, User
from tests.factories import (
    AccountFactory,
    CommunicationLogFactory,
    ContactFactory,
    LeadFactory,
    NoteFactory,
    OpportunityFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("factory", "owner_field"),
    [
        (AccountFactory, "manager"),
        (ContactFactory, "owner"),
        (LeadFactory, "owner"),
        (OpportunityFactory, "owner"),
        (TaskFactory, "assignee"),
    ],
)
def test_sales_users_see_their_own_their_teams_and_unowned_rows(
    factory: Any, owner_field: str, owner: User, team_mate: User, stranger: User
) -> None:
    rows = {
        "own": factory.create(**{owner_field: owner}),
        "mate": factory.create(**{owner_field: team_mate}),
        "foreign": factory.create(**{owner_field: stranger}),
        "nobody": factory.create(**{owner_field: None}),
    }
    model = type(rows["own"])
    assert set(model.objects.visible_to(owner)) == {rows["own"], rows["mate"], rows["nobody"]}
    assert set(model.objects.visible_to(team_mate)) == {rows["own"], rows["mate"], rows["nobody"]}
    assert set(model.objects.visible_to(stranger)) == {rows["foreign"], rows["nobody"]}


@pytest.mark.parametrize("role", ["super_admin", "admin", "sales_manager", "read_only"])
def test_the_other_roles_see_every_row(role: str, stranger: User) -> None:
    AccountFactory.create(manager=stranger)
    assert Account.objects.visible_to(UserFactory.create(role=role)).count() == 1


def test_somebody_without_a_team_sees_own_and_unowned_rows(stranger: User) -> None:
    loner = UserFactory.create(team=None)
    other = UserFactory.create(team=None)
    own = AccountFactory.create(manager=loner)
    AccountFactory.create(manager=other)
    assert list(Account.objects.visible_to(loner)) == [own]


@pytest.mark.parametrize("factory", [NoteFactory, CommunicationLogFactory])
def test_what_hangs_on_a_record_is_seen_with_it(factory: Any, owner: User, team_mate: User, stranger: User) -> None:
    mine = factory.create(account=AccountFactory.create(manager=owner), created_by=stranger)
    foreign = factory.create(account=AccountFactory.create(manager=stranger), created_by=stranger)
    both = factory.create(
        account=AccountFactory.create(manager=stranger), contact=ContactFactory.create(owner=owner), created_by=stranger
    )
    loose = factory.create(created_by=owner)
    loose_foreign = factory.create(created_by=stranger)
    model = type(mine)
    assert set(model.objects.visible_to(owner)) == {mine, both, loose}
    assert set(model.objects.visible_to(team_mate)) == {mine, both, loose}
    assert set(model.objects.visible_to(stranger)) == {foreign, both, loose_foreign}


@pytest.mark.parametrize("text", ["müller", "MÜLLER", "Müller köln", "köln MÜLLER", "  müller  "])
def test_search_folds_case_and_takes_words_in_any_order(text: str) -> None:
    found = AccountFactory.create(name="MÜLLER & Söhne", city="Köln")
    AccountFactory.create(name="Muller", city="Köln")
    assert list(Account.objects.search(text)) == [found]


def test_search_takes_percent_and_underscore_literally() -> None:
    found = AccountFactory.create(name="100 % Natur_Kost")
    AccountFactory.create(name="100 Natur Kost")
    assert list(Account.objects.search("%")) == [found]
    assert list(Account.objects.search("natur_kost")) == [found]
    assert Account.objects.search("   ").count() == 2


def test_notes_are_found_and_named_by_their_text() -> None:
    note = NoteFactory.create(body="<p>Größe <b>geklärt</b>&nbsp;&amp; bestätigt</p>")
    assert Note.objects.search("GRÖSSE GEKLÄRT").get() == note
    assert str(note) == "Größe geklärt & bestätigt"
    assert not Note.objects.search("<b>").exists()


@pytest.mark.parametrize(
    ("role", "granted", "refused"),
    [
        ("admin", ["crm.change_user", "integrations.change_connection", "crm.add_stage"], ["crm.delete_account"]),
        (
            "sales_manager",
            ["crm.change_account", "leads.add_lead", "integrations.view_syncrun", "integrations.change_conflict"],
            ["crm.change_user", "crm.add_stage", "integrations.change_connection", "auth.view_group"],
        ),
        (
            "sales_user",
            ["crm.change_account", "leads.add_lead", "crm.view_stage", "crm.view_user", "crm.add_tag"],
            ["crm.change_user", "crm.change_stage", "integrations.view_connection", "crm.delete_account"],
        ),
        (
            "read_only",
            ["crm.view_account", "leads.view_lead", "crm.view_stage"],
            ["crm.change_account", "crm.add_note", "leads.change_lead", "integrations.view_conflict"],
        ),
    ],
)
def test_roles_grant_rights(role: str, granted: list[str], refused: list[str]) -> None:
    user = UserFactory.create(role=role)
    assert [perm for perm in granted if not user.has_perm(perm)] == []
    assert [perm for perm in refused if user.has_perm(perm)] == []


def test_who_is_shut_out_has_no_rights() -> None:
    user = UserFactory.create(role="admin", is_active=False)
    assert not user.has_perm("crm.view_account")
    assert not user.has_module_perms("crm")

"""Views of a list that people keep: private or shared, whole in the address, nobody else's to change."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import SavedView, User
from crm.services.saved_views import change_view, forget_view
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db
QUERY = "type=dealer&sort=name&columns=name%2Ctype"


@pytest.fixture
def me(client: Client) -> User:
    """A seller who is signed in."""
    user = UserFactory()
    client.force_login(user)
    return user


def kept(owner: User, name: str = "Dealers", **values: Any) -> SavedView:
    return SavedView.objects.create(owner=owner, noun="accounts", name=name, query="type=dealer", **values)


def of(view: SavedView, page: str) -> str:
    return reverse(f"workspace:{page}", args=("accounts", view.uuid))


def test_what_the_list_shows_is_kept_under_a_name(client: Client, me: User) -> None:
    AccountFactory(name="A dealer", type="dealer", manager=me)
    AccountFactory(name="A customer", type="customer", manager=me)
    listed = client.get(f"/accounts/?{QUERY}&cursor=x").content.decode()

    answer = client.post(f"/accounts/views/new/?{QUERY}&cursor=x", {"name": "Dealers"}, follow=True)

    view, page = SavedView.objects.get(), answer.content.decode()
    assert f"/accounts/views/new/?{QUERY}".replace("&", "&amp;") in listed
    assert (view.owner, view.noun, view.query, view.shared) == (me, "accounts", QUERY, False)
    assert answer.redirect_chain[0][0] == f"/accounts/?{QUERY}&view={view.uuid}"
    assert "A dealer" in page
    assert "A customer" not in page
    assert "Save changes" not in page


def test_a_view_is_brought_up_to_date_renamed_and_forgotten(client: Client, me: User) -> None:
    view = kept(me)
    changed = client.get(f"/accounts/?type=supplier&view={view.uuid}").content.decode()

    client.post(f"{of(view, 'view-update')}?type=supplier&view={view.uuid}")
    client.post(of(view, "view"), {"name": "Suppliers", "shared": "on"})
    view.refresh_from_db()
    gone = client.post(of(view, "view-forget"))

    assert "Save changes" in changed
    assert (view.query, view.name, view.shared) == ("type=supplier", "Suppliers", True)
    assert (gone["Location"], SavedView.objects.exists()) == ("/accounts/?type=supplier", False)


def test_a_shared_view_is_found_by_all_and_changed_by_its_owner_and_admins(client: Client, me: User) -> None:
    theirs = kept(UserFactory(name="Bert"), shared=True)
    hidden = kept(UserFactory(), name="Private one")

    page = client.get("/accounts/").content.decode()
    refused = [client.post(of(theirs, name)).status_code for name in ("view", "view-update", "view-forget")]
    unknown = client.get(of(hidden, "view")).status_code
    client.force_login(UserFactory(role="admin"))
    client.post(of(theirs, "view"), {"name": "Renamed", "shared": "on"})

    assert "Shared by Bert" in page
    assert "Private one" not in page
    assert (refused, unknown) == ([403, 403, 403], 404)
    assert SavedView.objects.get(pk=theirs.pk).name == "Renamed"


def test_a_name_that_is_taken_comes_back_beside_the_field(client: Client, me: User) -> None:
    kept(me)

    answer = client.post(f"/accounts/views/new/?{QUERY}", {"name": " Dealers "})

    assert answer.status_code == 422
    assert "You have a view of this name already" in answer.content.decode()
    assert SavedView.objects.count() == 1


def test_a_view_of_filters_and_columns_that_are_no_more_still_opens(client: Client, me: User) -> None:
    view = SavedView.objects.create(owner=me, noun="accounts", name="Old", query="colour=red&columns=gone&sort=gone")

    page = client.get(f"/accounts/?{view.query}&view={view.uuid}")

    assert (page.status_code, "Old" in page.content.decode()) == (200, True)


def test_ones_own_views_stand_before_all_that_others_share(client: Client, me: User) -> None:
    for number in range(40):
        kept(UserFactory(), name=f"A shared one {number}", shared=True)
    mine = kept(me, name="Zebra")

    page = client.get("/accounts/").content.decode()

    assert page.index("Zebra") < page.index("A shared one")
    assert client.get(of(mine, "view")).status_code == 200


def test_a_view_that_was_forgotten_meanwhile_does_not_come_back(me: User) -> None:
    view = kept(me)
    forget_view(SavedView.objects.get(), actor=me)

    with pytest.raises(SavedView.DoesNotExist):
        change_view(view, actor=me, name="Again")

    assert not SavedView.objects.exists()

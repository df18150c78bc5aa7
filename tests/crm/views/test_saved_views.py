"""Views of a list that people keep: private or shared, whole in the address, nobody else's to change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import DefaultView, SavedView, User
from crm.services.saved_views import change_view, forget_view, prune
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
    assert gone["Location"] == "/accounts/?type=supplier&view=all"
    assert f"view={view.uuid}" not in client.get("/accounts/").content.decode()


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

    assert not SavedView.objects.filter(forgotten_at=None).exists()


def test_a_list_opens_with_the_view_that_a_person_chose_for_it(client: Client, me: User) -> None:
    AccountFactory(name="A customer", type="customer", manager=me)
    theirs = kept(UserFactory(), name="Their dealers", shared=True)
    kept(me, name="Dealers")
    choose = reverse("workspace:view-default", args=("accounts",))

    client.post(choose, {"view": str(theirs.uuid)})
    opened = client.get("/accounts/")
    everything = client.get("/accounts/?view=all").content.decode()
    partly = client.get("/accounts/", headers={"HX-Request": "true"})
    filtered = client.get("/accounts/?type=customer").content.decode()
    client.post(choose, {})
    again = client.get("/accounts/")

    assert opened["Location"] == f"/accounts/?type=dealer&view={theirs.uuid}"
    assert "A customer" in everything
    assert everything.index("Their dealers") < everything.index(">Dealers<")
    assert (partly.status_code, partly["HX-Push-Url"]) == (200, "/accounts/?view=all")
    assert 'href="?view=all"' in filtered
    assert again.status_code == 200
    assert client.get("/contacts/").status_code == 200


def test_nobody_opens_a_list_with_a_view_that_they_do_not_find(client: Client, me: User) -> None:
    choose = reverse("workspace:view-default", args=("accounts",))
    private, elsewhere = kept(UserFactory()), SavedView.objects.create(owner=me, noun="leads", name="Warm")
    shared = kept(UserFactory(), name="Shared for now", shared=True)
    client.post(choose, {"view": str(shared.uuid)})

    answers = [client.post(choose, {"view": asked}) for asked in (str(private.uuid), str(elsewhere.uuid), "x")]
    change_view(shared, actor=shared.owner, shared=False)

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert client.get("/accounts/").status_code == 200
    assert DefaultView.objects.get().view == shared


def test_a_forgotten_view_is_brought_back_from_the_word_that_tells_of_it(client: Client, me: User) -> None:
    view = kept(me)
    client.post(reverse("workspace:view-default", args=("accounts",)), {"view": str(view.uuid)})

    told = client.post(of(view, "view-forget"), follow=True).content.decode()
    without = client.get("/accounts/").status_code
    back = client.post(of(view, "view-back"))

    assert f'action="{of(view, "view-back")}"' in told
    assert without == 200
    assert back["Location"] == f"/accounts/?type=dealer&view={view.uuid}"
    assert client.get("/accounts/")["Location"] == back["Location"]
    assert client.post(of(view, "view-back")).status_code == 404


def test_a_view_whose_name_was_taken_meanwhile_stays_forgotten(client: Client, me: User) -> None:
    view = kept(me)
    client.post(of(view, "view-forget"))
    kept(me)

    said = client.post(of(view, "view-back"), follow=True).content.decode()

    assert "You have a view of this name already" in said
    assert SavedView.objects.filter(forgotten_at=None).count() == 1


def test_a_forgotten_view_is_brought_back_by_whom_it_is_to_change(client: Client, me: User) -> None:
    shared, private = kept(UserFactory(), name="Shared", shared=True), kept(UserFactory())
    forget_view(shared, actor=shared.owner)
    forget_view(private, actor=private.owner)

    answers = [client.post(of(view, "view-back")).status_code for view in (shared, private)]

    assert answers == [403, 404]


def test_what_was_forgotten_a_month_ago_goes(me: User) -> None:
    kept(me, name="Kept")
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        forget_view(kept(me, name="Long ago"), actor=me)
    forget_view(kept(me, name="Lately"), actor=me)

    assert prune() == 1
    assert set(SavedView.objects.values_list("name", flat=True)) == {"Kept", "Lately"}

"""The sidebar, the first page, users, and where other apps join."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from crm import registry
from crm.models import User
from tests.factories import PASSWORD, AccountFactory, LeadFactory, OpportunityFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def joined() -> Iterator[None]:
    """Another app joins the record pages, and leaves again."""

    def panel(record: registry.Record, user: User) -> registry.SafeString:
        return format_html("<b>Panel of {} for {}</b>", record, user)

    def badges(records: object) -> dict[object, registry.SafeString]:
        return {record.uuid: format_html("<i>Badge of {}</i>", record) for record in records}  # type: ignore[attr-defined]

    registry.register_record_panel(panel)
    registry.register_list_badges(badges)  # type: ignore[arg-type]
    yield
    registry._panels.remove(panel)
    registry._badges.remove(badges)  # type: ignore[arg-type]


def test_every_admin_page_wears_the_same_look() -> None:
    plain = [model._meta.label for model, page in admin.site._registry.items() if not isinstance(page, ModelAdmin)]
    assert plain == []


def test_every_page_of_the_admin_opens_for_an_admin(admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(admin_user)
    answers = {}
    for model, page in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        answers[name] = client.get(reverse(f"admin:{name}_changelist")).status_code
        add = client.get(reverse(f"admin:{name}_add")).status_code
        answers[f"{name} add"] = add if page.has_add_permission else 200
    assert {name: status for name, status in answers.items() if status not in (200, 403)} == {}
    assert answers["crm_account add"] == answers["crm_user add"] == answers["auth_group add"] == 200


def test_the_first_page_counts_what_is_mine(owner: User, team_mate: User, signed_in: SignIn) -> None:
    TaskFactory.create(title="Mine and late", assignee=owner, due_on="2020-01-01")
    TaskFactory.create(title="Not mine", assignee=team_mate, due_on="2020-01-01")
    OpportunityFactory.create(owner=owner)
    LeadFactory.create_batch(2, owner=owner)
    response = signed_in(owner).get(reverse("admin:index"))
    tiles = {tile.title: tile.figure for tile in response.context["tiles"]}
    assert (tiles["Tasks overdue"], tiles["My open opportunities"], tiles["My open leads"]) == ("1", "1", "2")
    assert "Mine and late" in response.content.decode()
    assert "Not mine" not in response.content.decode()


@pytest.mark.parametrize(("role", "shown"), [("admin", True), ("sales_user", False), ("read_only", False)])
def test_the_sidebar_shows_what_one_may_open(role: str, shown: bool, signed_in: SignIn) -> None:
    page = signed_in(UserFactory.create(role=role)).get(reverse("admin:index")).content.decode()
    assert 'href="/accounts/"' in page
    assert (f'href="{reverse("admin:crm_user_changelist")}"' in page) is shown


def test_panels_and_badges_of_other_apps(owner: User, signed_in: SignIn, joined: None) -> None:
    account = AccountFactory.create(name="A & B", manager=owner)
    client = signed_in(owner)
    shown = client.get(reverse("admin:crm_account_change", args=(account.pk,))).content.decode()
    assert "<b>Panel of A &amp; B for Olga Owner</b>" in shown
    listed = client.get(reverse("admin:crm_account_changelist")).content.decode()
    assert "<i>Badge of A &amp; B</i>" in listed


def test_a_user_signs_in_by_e_mail(owner: User, client: Client) -> None:
    url = f"{reverse('admin:login')}?next=/admin/"
    response = client.post(url, {"username": "OWNER@example.com", "password": PASSWORD, "next": "/admin/"})
    assert response.headers["Location"] == "/admin/"


def test_a_user_is_added_with_e_mail_and_password(admin_user: User, signed_in: SignIn) -> None:
    data = {"email": "New@example.com", "name": "New", "role": "sales_user", "team": "", "password": PASSWORD}
    assert signed_in(admin_user).post(reverse("admin:crm_user_add"), data).status_code == 302
    assert authenticate(username="new@example.com", password=PASSWORD) is not None


def test_a_weak_password_and_a_taken_e_mail_are_refused_beside_the_field(admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(admin_user)
    data = {"email": "a@example.com", "name": "New", "role": "sales_user", "team": ""}
    weak = client.post(reverse("admin:crm_user_add"), {**data, "password": "12345"})
    assert list(weak.context["adminform"].form.errors) == ["password"]
    taken = client.post(reverse("admin:crm_user_add"), {**data, "email": "ADMIN@example.com", "password": PASSWORD})
    assert taken.status_code == 200
    assert User.objects.count() == 1


def test_an_admin_cannot_change_a_super_admin(admin_user: User, signed_in: SignIn) -> None:
    client = signed_in(UserFactory.create(role="admin"))
    url = reverse("admin:crm_user_change", args=(admin_user.pk,))
    assert 'name="_save"' not in client.get(url).content.decode()
    assert client.post(url, {"name": "Hacked"}).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=(admin_user.pk,))).status_code == 403


def test_an_admin_changes_a_user_and_cannot_raise_them_above(owner: User, signed_in: SignIn) -> None:
    client = signed_in(UserFactory.create(role="admin"))
    url = reverse("admin:crm_user_change", args=(owner.pk,))
    data = {
        "email": owner.email,
        "name": "Renamed",
        "role": "sales_manager",
        "team": owner.team_id,
        "time_zone": "Europe/Berlin",
        "locale": "en",
        "is_active": "on",
        "is_staff": "on",
    }
    assert client.post(url, data).status_code == 302
    owner.refresh_from_db()
    assert (owner.name, owner.role) == ("Renamed", "sales_manager")
    refused = client.post(url, {**data, "role": "super_admin"})
    assert "Only a super admin" in refused.content.decode()
    owner.refresh_from_db()
    assert (owner.role, owner.is_superuser) == ("sales_manager", False)

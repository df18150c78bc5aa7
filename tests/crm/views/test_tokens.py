"""The page of one's own API tokens: made and shown once, revoked, and nobody else's business."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import PersonalToken, User
from crm.services.personal_tokens import MARK, digest_of, make_token
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
HERE = "/tokens/"


@pytest.fixture
def me(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def test_a_token_is_made_and_shown_once(me: Client, owner: User) -> None:
    day = timezone.localdate() + timedelta(days=30)
    made = me.post(
        HERE, {"name": "ERP", "level": "write", "resources": ["leads", "accounts"], "expires_on": day.isoformat()}
    )
    secret = re.search(rf'value="({MARK}[^"]+)"', made.content.decode())
    token = PersonalToken.objects.get()
    assert secret is not None
    assert token.digest == digest_of(secret[1])
    assert (token.user, token.scopes) == (owner, ["accounts:write", "leads:write"])
    assert token.expires_at is not None
    assert timezone.localdate(token.expires_at) == day
    again = me.get(HERE).content.decode()
    assert (secret[1] in again, "accounts:write, leads:write" in again) == (False, True)
    assert "no-store" in made["Cache-Control"]


def test_the_page_loaded_again_makes_no_second_token(me: Client) -> None:
    once = re.search(r'name="uuid" value="([^"]+)"', me.get(HERE).content.decode())
    assert once is not None
    sent = {"name": "ERP", "level": "read", "uuid": once[1]}
    first, again = me.post(HERE, sent), me.post(HERE, sent, follow=True)
    assert PersonalToken.objects.count() == 1
    assert f'value="{MARK}' in first.content.decode()
    assert ("was made already" in again.content.decode(), f'value="{MARK}' in again.content.decode()) == (True, False)


def test_none_chosen_means_all(me: Client) -> None:
    me.post(HERE, {"name": "BI", "level": "read"})
    assert PersonalToken.objects.get().scopes == ["*:read"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "", "level": "read"}, "This field is required."),
        ({"name": "x" * 61, "level": "read"}, "at most 60"),
        ({"name": "ERP", "level": "own"}, "own is not one of the available choices"),
        ({"name": "ERP", "level": "read", "resources": ["users"]}, "users is not one of the available choices"),
        ({"name": "ERP", "level": "read", "expires_on": "2020-01-01"}, "This day is past."),
        ({"name": "ERP", "level": "read", "expires_on": "soon"}, "Enter a valid date."),
    ],
)
def test_bad_input_is_told_beside_its_field(me: Client, values: dict[str, object], sentence: str) -> None:
    answer = me.post(HERE, values)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not PersonalToken.objects.exists()


def test_a_token_is_revoked_by_its_owner_only(me: Client, owner: User) -> None:
    mine, _secret = make_token(owner=owner, name="ERP", scopes=["*:read"])
    theirs, _secret = make_token(owner=UserFactory.create(), name="Theirs", scopes=["*:read"])
    assert "Theirs" not in me.get(HERE).content.decode()
    assert me.post(reverse("workspace:token-revoke", args=(theirs.uuid,))).status_code == 404
    assert me.post(reverse("workspace:token-revoke", args=(mine.uuid,)), follow=True).status_code == 200
    assert [one.holds for one in PersonalToken.objects.order_by("id")] == [False, True]


def test_strangers_sign_in_first(client: Client) -> None:
    assert client.get(HERE).status_code == 302


def test_an_administrator_sees_all_tokens_and_revokes_them(client: Client, admin_user: User, owner: User) -> None:
    token, secret = make_token(owner=owner, name="ERP", scopes=["*:read"])
    client.force_login(admin_user)
    rows = client.get(reverse("admin:crm_personaltoken_changelist"))
    assert ("ERP" in rows.content.decode(), secret in rows.content.decode()) == (True, False)
    chosen = {"action": "revoke_selected", "_selected_action": [token.pk]}
    client.post(reverse("admin:crm_personaltoken_changelist"), chosen)
    token.refresh_from_db()
    assert not token.holds

"""The browser is told which draft was saved, and only when it was."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.models import User
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("draft", "name", "told"),
    [
        ("0123456789abcdef", "Alder", "0123456789abcdef"),
        ("0123456789abcdef", "", None),  # refused: it has no name
        ("", "Alder", None),
        ("x; path=/admin", "Alder", None),
        ("a" * 65, "Alder", None),
    ],
)
def test_a_saved_form_names_its_draft(
    client: Client, admin_user: User, draft: str, name: str, told: str | None
) -> None:
    client.force_login(admin_user)
    account = AccountFactory.create(manager=admin_user)

    answer = client.post(f"/accounts/{account.uuid}/edit/", {"name": name, "type": account.type, "draft": draft})

    cookie = answer.cookies.get("saved-draft")
    assert (answer.status_code, cookie and cookie.value) == (302 if name else 422, told)

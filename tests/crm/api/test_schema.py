"""The description of the API: complete, valid, and readable in a browser."""

from __future__ import annotations

from io import StringIO
from typing import Any

import yaml
from django.core.management import call_command
from django.test import Client

from crm.models import User


def described() -> dict[str, Any]:
    """The description; a warning or an error in it fails."""
    text = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=text)
    found: dict[str, Any] = yaml.safe_load(text.getvalue())
    return found


def test_the_description_is_valid_and_warns_of_nothing() -> None:
    paths = set(described()["paths"])
    assert {"/api/v1/leads/{uuid}/convert/", "/api/v1/opportunities/{uuid}/stage/", "/api/v1/notes/"} <= paths


def test_every_operation_tells_its_refusals_in_the_one_shape() -> None:
    for operations in described()["paths"].values():
        for operation in operations.values():
            refusals = {code: one for code, one in operation["responses"].items() if code >= "400"}
            assert {"400", "401", "403", "404", "429"} <= set(refusals)
            shapes = {one["content"]["application/json"]["schema"]["$ref"] for one in refusals.values()}
            assert shapes == {"#/components/schemas/Error"}


def test_description_and_docs_are_for_people_who_have_signed_in(owner: User) -> None:
    client = Client()
    assert [client.get(address).status_code for address in ("/api/schema/", "/api/docs/")] == [401, 401]
    client.force_login(owner)
    assert [client.get(address).status_code for address in ("/api/schema/", "/api/docs/")] == [200, 200]


def test_the_docs_load_nothing_from_elsewhere(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    page = client.get("/api/docs/")
    assert "swagger-ui" in page.content.decode()
    assert "//cdn" not in page.content.decode()
    assert "Content-Security-Policy" not in page
    assert "Content-Security-Policy" in client.get("/api/schema/")

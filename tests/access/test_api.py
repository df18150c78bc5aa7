"""Every address and method of the REST API, asked by every role about own, team's, unowned and strangers' records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.urls import reverse
from rest_framework.test import APIClient

from crm.api.urls import router as crm_router
from crm.api.urls import urlpatterns
from leads.api.urls import router as leads_router
from tests.access.world import NOBODY, NOUNS, ROLES, WHOSE, WRITERS, World, expected, made, sees, shown, word

pytestmark = pytest.mark.django_db
TO_SIGN_IN = ("token", "token-refresh", "token-revoke")
OF_ONESELF = ("dashboard",)
# Everybody who is signed in may read these; nobody writes them here.
LOOKUPS = ("stage", "lost-reason", "user", "country", "state")
# The body of each action that changes something; {} where it needs none, or where a refusal of the body is enough.
WRITES: dict[str, dict[str, Any]] = {
    "create": {},
    "partial_update": {},
    "destroy": {},
    "restore": {},
    "stage": {},
    "complete": {},
    "convert": {},
    "bulk": {},
}
READS = ("list", "retrieve")
PLURALS = {"account": "accounts", "contact": "contacts", "opportunity": "opportunities", "activity": "activities"}
PLURALS |= {"task": "tasks", "lead": "leads", "note": "notes", "tag": "tags"}
# What takes a record away, or freezes it, comes last.
LAST = ("convert", "destroy", "restore")


def _operations() -> list[tuple[str, str, str, str]]:
    """Every operation: its namespace, route, method and action; in the order in which they are asked."""
    found = [
        (space, route.name, method, action)
        for space, router in (("api", crm_router), ("leads-api", leads_router))
        for route in router.urls
        for method, action in route.callback.actions.items()
        if method != "head"  # joins once a list was read; GET stands for it
    ]
    return sorted(found, key=lambda one: LAST.index(one[3]) if one[3] in LAST else -1)


def test_every_operation_is_known() -> None:
    beside = {one.name for one in urlpatterns if one not in crm_router.urls and one.name}
    unknown = [one for one in _operations() if one[3] not in (*READS, *WRITES)]
    nouns = {name.rpartition("-")[0] for _space, name, _method, _action in _operations()}

    assert unknown == []
    assert nouns == {*LOOKUPS, *PLURALS}
    assert beside == {*TO_SIGN_IN, *OF_ONESELF}


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_the_api_answers_whom_it_should(role: str, settings: LazySettings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    world = made(role)
    client = APIClient()
    if world.user is not None:
        client.force_authenticate(world.user)

    wrong = [words for words in _asked(client, world) if words]

    assert wrong == []


def _asked(client: APIClient, world: World) -> Iterator[str]:
    for name in OF_ONESELF:
        yield _of_door(client, world, f"api:{name}", "get", "list")
    for space, name, method, action in _operations():
        noun = name.rpartition("-")[0]
        if noun in LOOKUPS:
            if action == "list":
                yield _of_door(client, world, f"{space}:{name}", method, action)
        elif action == "bulk":
            for whose in WHOSE:
                yield _of_bulk(client, world, f"{space}:{name}", PLURALS[noun], whose)
        elif action in ("list", "create"):
            yield _of_door(client, world, f"{space}:{name}", method, action, PLURALS[noun])
        else:
            for whose in WHOSE:
                yield _of_record(client, world, f"{space}:{name}", method, action, PLURALS[noun], whose)


def _of_door(client: APIClient, world: World, name: str, method: str, action: str, noun: str = "") -> str:
    answer = getattr(client, method)(reverse(name), format="json")
    told = f"{action} of {name}: {answer.status_code}"
    if refused := _refused(world, action, answer):
        return "" if refused == "rightly" else told
    if answer.status_code not in (200, 400):
        return told
    found = shown(answer.content.decode(), noun)
    lists = action == "list" and noun in (*NOUNS, "notes")
    return "" if not lists or found == expected(world.role) else f"{told} shows {found}"


def _of_record(client: APIClient, world: World, name: str, method: str, action: str, noun: str, whose: str) -> str:
    address = reverse(name, kwargs={"uuid": world.uuid(noun, whose)})
    answer = getattr(client, method)(address, WRITES.get(action, {}), format="json")
    told = f"{action} of {whose} {noun}: {answer.status_code}"
    if refused := _refused(world, action, answer):
        return "" if refused == "rightly" else told
    if noun != "tags" and not sees(world.role, whose):
        return "" if answer.status_code == 404 and word(noun, whose) not in answer.content.decode() else told
    return "" if answer.status_code < 400 or answer.status_code in (400, 409) else told


def _of_bulk(client: APIClient, world: World, name: str, noun: str, whose: str) -> str:
    body = {"records": [{"id": str(world.uuid(noun, whose)), "trash": False}]}
    answer = client.post(reverse(name), body, format="json")
    told = f"bulk of {whose} {noun}: {answer.status_code}"
    if refused := _refused(world, "bulk", answer):
        return "" if refused == "rightly" else told
    (one,) = answer.json()["results"]
    seen = noun == "tags" or sees(world.role, whose)
    return "" if one["status"] in ((200, 409) if seen else (404,)) else f"{told}, {one}"


def _refused(world: World, action: str, answer: Any) -> str:
    """Whether this role was turned away at the door, and whether it should have been."""
    if world.role == NOBODY:
        return "rightly" if answer.status_code == 401 else "wrongly"
    if action in WRITES and world.role not in WRITERS:
        return "rightly" if answer.status_code == 403 else "wrongly"
    return "wrongly" if answer.status_code in (401, 403) else ""

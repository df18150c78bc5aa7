"""Every address of the workspace, asked by every role about own, team's, unowned and strangers' records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm import urls
from tests.access.world import NOBODY, NOUNS, ROLES, WHOSE, WRITERS, World, expected, made, sees, shown, word

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Row:
    """How one address is asked. `writes`: it is for roles that change; `lists`: it shows records of a noun."""

    method: str
    writes: bool = False
    lists: bool = False
    query: Callable[[World, str], dict[str, Any]] = lambda world, noun: {}


def _words(world: World, noun: str) -> dict[str, Any]:
    return {"q": f"zz{noun}"}


def _chosen(world: World, noun: str) -> dict[str, Any]:
    return {"action": "trash", "row": [world.uuid(noun, whose) for whose in WHOSE]}


# By name; those of records are asked once for each owner's record, the others once for each noun. What changes a
# record stands behind what only looks at it.
OF_NOUN: dict[str, Row] = {
    "list": Row("get", lists=True),
    "export": Row("get", lists=True),
    "filters": Row("get"),
    "bulk": Row("post", writes=True, lists=True, query=_chosen),
    "bulk-undo": Row("post", writes=True),
    "add": Row("get", writes=True),
    "view-add": Row("get"),
}
# Views of lists are no business records: their own tests say who finds and changes them.
OF_VIEWS = {"view", "view-update", "view-forget", "view-back", "view-default"}
# Everybody's own, whatever the role; test_tokens.py, test_jobs.py, test_webhooks.py and test_standing.py of
# tests/crm/views say that nobody reaches another's.
OF_ONESELF = {"tokens", "token-revoke", "jobs", "bell", "job", "job-cancel", "job-undo", "webhooks", "webhook"}
OF_ONESELF |= {"standing"}
OF_ONESELF |= {f"webhook-{name}" for name in ("add", "edit", "pause", "resume", "secret", "delete", "test", "again")}
# Of some nouns only: tests/crm/views/test_duplicates.py asks them as owner, team mate and stranger.
OF_PAIRS = {"duplicates", "alike", "apart", "merge", "merge-back"}
OF_RECORD: dict[str, Row] = {
    "record": Row("get"),
    "timeline": Row("get"),
    "history": Row("get"),
    "panels": Row("get"),
    "edit": Row("get", writes=True),
    "field": Row("post", writes=True),
    "write": Row("post", writes=True),
    "do": Row("post", writes=True),
    "trash": Row("post", writes=True),
    "restore": Row("post", writes=True),
}
OF_DEAL: dict[str, Row] = {f"board-{name}": Row("post", writes=True) for name in ("move", "undo", "edit")}
OF_ALL: dict[str, Row] = {
    "home": Row("get"),
    "search": Row("get", lists=True, query=_words),
    "palette": Row("get", lists=True, query=_words),
    "pick": Row("get", lists=True, query=_words),
    "board": Row("get", lists=True),
    "board-cards": Row("get", lists=True),
    "board-filters": Row("get"),
}
WITHOUT_TIMELINE = ("activities", "tasks")
LABELS = {"accounts": "crm.Account", "contacts": "crm.Contact", "opportunities": "crm.Opportunity"}


def test_every_address_has_its_row() -> None:
    named = {pattern.name for pattern in urls.urlpatterns}

    assert named == {*OF_NOUN, *OF_RECORD, *OF_DEAL, *OF_ALL, *OF_VIEWS, *OF_ONESELF, *OF_PAIRS}


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_pages_open_for_whom_they_should(role: str) -> None:
    world = made(role)
    client = Client()
    if world.user is not None:
        client.force_login(world.user)

    wrong = [words for words in _asked(client, world) if words]

    assert wrong == []


def _asked(client: Client, world: World) -> Iterator[str]:
    """Ask everything; yields what was not as it should be."""
    for name, noun, row, arguments in _lists(world):
        yield _of_list(client, world, name, noun, row, arguments)
    for noun in NOUNS:
        for name, row in {**OF_RECORD, **(OF_DEAL if noun == "opportunities" else {})}.items():
            if name == "write" and noun in WITHOUT_TIMELINE:
                continue
            for whose in WHOSE:
                yield _of_record(client, world, name, noun, row, whose)


def _lists(world: World) -> Iterator[tuple[str, str, Row, dict[str, Any]]]:
    for noun in NOUNS:
        for name, row in OF_NOUN.items():
            yield name, noun, row, {"noun": noun}
        for name in ("search", "palette"):
            yield name, noun, OF_ALL[name], {}
    for noun, label in LABELS.items():
        yield "pick", noun, OF_ALL["pick"], {"label": label}
    yield "home", "tasks", OF_ALL["home"], {}
    yield "board", "opportunities", OF_ALL["board"], {}
    stage = world.records["opportunities"]["own"].stage
    yield "board-cards", "opportunities", OF_ALL["board-cards"], {"stage": stage.uuid}


def _of_list(client: Client, world: World, name: str, noun: str, row: Row, arguments: dict[str, Any]) -> str:
    answer = _answer(client, row, reverse(f"workspace:{name}", kwargs=arguments), row.query(world, noun))
    told = f"{name} of {noun}: {answer.status_code}"
    if refused := _refused(world, row, answer):
        return "" if refused == "rightly" else told
    if answer.status_code >= 400 and answer.status_code != 422:
        return told
    found = shown(_text(answer), noun)
    return "" if not row.lists or found == expected(world.role) else f"{told} shows {found}"


def _of_record(client: Client, world: World, name: str, noun: str, row: Row, whose: str) -> str:
    arguments = {"uuid": world.uuid(noun, whose)}
    if name in OF_RECORD:
        arguments["noun"] = noun
    if name == "write":
        arguments["kind"] = "note"
    if name == "field":
        arguments["name"] = NOUNS[noun][2]
    if name == "do":
        arguments["key"] = "lose"
    answer = _answer(client, row, reverse(f"workspace:{name}", kwargs=arguments), {"body": "A note"})
    told = f"{name} of {whose} {noun}: {answer.status_code}"
    if refused := _refused(world, row, answer):
        return "" if refused == "rightly" else told
    if not sees(world.role, whose):
        return "" if answer.status_code == 404 and word(noun, whose) not in _text(answer) else told
    return "" if answer.status_code < 400 or answer.status_code in (409, 422) else told


def _refused(world: World, row: Row, answer: Any) -> str:
    """Whether this role was turned away at the door, and whether it should have been."""
    if world.role == NOBODY:
        return "rightly" if answer.status_code == 302 and "/login/" in answer["Location"] else "wrongly"
    if row.writes and world.role not in WRITERS:
        return "rightly" if answer.status_code == 403 else "wrongly"
    return "wrongly" if answer.status_code in (401, 403) else ""


def _answer(client: Client, row: Row, address: str, values: dict[str, Any]) -> Any:
    return client.get(address, values) if row.method == "get" else client.post(address, values)


def _text(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()

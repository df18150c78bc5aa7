"""The admin's lists and record pages, asked by every role about own, team's, unowned and strangers' records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from crm.models import Record
from tests.access.world import NOBODY, NOUNS, ROLES, WHOSE, World, expected, made, sees, shown, word

pytestmark = pytest.mark.django_db
ADMINS = ("super_admin", "admin")
OPEN_TO_SALES = {"crm.Tag", "crm.Note", "crm.CommunicationLog", "crm.Stage", "crm.LostReason", "crm.Country"}
OPEN_TO_SALES |= {"crm.CountryState", "crm.User", "crm.Team"}


@pytest.mark.parametrize("role", [*ROLES, NOBODY])
def test_the_admin_opens_for_whom_it_should(role: str) -> None:
    world = made(role)
    client = Client()
    if world.user is not None:
        client.force_login(world.user)

    wrong = [words for words in _asked(client, world) if words]

    assert wrong == []


def _asked(client: Client, world: World) -> Iterator[str]:
    business = {type(world.records[noun]["own"]): noun for noun in NOUNS}
    for model in admin.site._registry:
        if model in business:
            yield _of_list(client, world, model, business[model])
            for whose in WHOSE:
                yield _of_record(client, world, model, business[model], whose)
        else:
            yield _of_door(client, world, model)


def _of_door(client: Client, world: World, model: Any) -> str:
    """Lists of other tables: for admins all, for the others what the work needs."""
    code = client.get(_address(model, "changelist")).status_code
    if world.role == NOBODY:
        wanted = (302,)
    elif world.role in ADMINS or model._meta.label in OPEN_TO_SALES:
        wanted = (200,)
    elif model._meta.app_label == "integrations":
        wanted = (200,) if world.role == "sales_manager" else (403,)
    else:
        wanted = (403,)
    return "" if code in wanted else f"list of {model._meta.label}: {code}"


def _of_list(client: Client, world: World, model: type[Record], noun: str) -> str:
    answer = client.get(_address(model, "changelist"))
    found = shown(answer.content.decode(), noun)
    if world.role == NOBODY:
        return "" if answer.status_code == 302 else f"list of {noun}: {answer.status_code}"
    right = answer.status_code == 200 and found == expected(world.role)
    return "" if right else f"list of {noun}: {answer.status_code} shows {found}"


def _of_record(client: Client, world: World, model: type[Record], noun: str, whose: str) -> str:
    answer = client.get(_address(model, "change", world.records[noun][whose].pk))
    there = answer.status_code == 200 and word(noun, whose) in answer.content.decode()
    return "" if there == sees(world.role, whose) else f"page of {whose} {noun}: {answer.status_code}"


def _address(model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)

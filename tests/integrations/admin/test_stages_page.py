"""The page of stages: which of ours stands for which of Odoo's, with a preview; a mistake is a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Stage, User
from integrations.models import Binding, Connection, IntegrationEvent, content_type_of
from tests.factories import OpportunityFactory, UserFactory

SignIn = Callable[[User], Client]
HERE = "/admin/sync/settings/stages/"


@pytest.fixture
def client(admin_user: User, signed_in: SignIn) -> Client:
    return signed_in(admin_user)


@pytest.fixture
def paired(connection_to_odoo: Connection, stages: dict[str, Stage]) -> list[Stage]:
    """Three open stages and the won one, each standing for the stage of Odoo with its number."""
    found = [stage for stage in Stage.objects.all() if not stage.is_lost and not stage.is_won][:3]
    found.append(next(stage for stage in Stage.objects.all() if stage.is_won))
    for number, stage in enumerate(found, start=1):
        Binding.objects.create(
            connection=connection_to_odoo,
            remote_model="crm.stage",
            remote_id=number,
            content_type=content_type_of(stage),
            object_uuid=stage.uuid,
            external_name=f"crm_stage_{stage.uuid}",
            state=Binding.State.BOUND,
        )
    return found


def send(client: Client, do: str, **chosen: Any) -> Any:
    """What a browser sends: the page's stamp, the choices as they stand, and those that are changed."""
    context = client.get(HERE).context
    held = {name: context["form"].get_initial_for_field(one, name) for name, one in context["form"].fields.items()}
    changed = {name.replace("_", "-"): str(value) for name, value in chosen.items()}
    return client.post(HERE, {do: "1", "seen": context["seen"], **held, **changed}, follow=True)


def standing() -> dict[int | None, Any]:
    """The uuid that stands for each stage of Odoo."""
    return dict(Binding.objects.filter(remote_model="crm.stage").values_list("remote_id", "object_uuid"))


def test_it_lists_odoos_stages_with_ours_and_their_deals(client: Client, paired: list[Stage]) -> None:
    OpportunityFactory.create_batch(2, stage=paired[0])
    client.get(HERE)
    with CaptureQueriesContext(database) as queries:
        answer = client.get(HERE)
    form = answer.context["form"]
    assert [field.label for field in form] == [stage.name for stage in sorted(paired, key=lambda one: one.sequence)]
    assert form["stage-1"].value() == str(paired[0].uuid)
    assert "2 open deals" in form["stage-1"].field.facts
    assert "won" in form["stage-4"].field.facts
    OpportunityFactory.create_batch(5, stage=paired[1])
    with CaptureQueriesContext(database) as more:
        client.get(HERE)
    assert len(more) == len(queries)


def test_a_preview_tells_the_effect_and_saves_nothing(client: Client, paired: list[Stage]) -> None:
    OpportunityFactory.create(stage=paired[0])
    before = standing()
    answer = send(client, "preview", stage_1=paired[1].uuid, stage_2=paired[0].uuid)
    first, second = answer.context["effects"]
    assert "in place of" in first
    assert first.endswith("1 open deal stays in it.")
    assert second.endswith("0 open deals stay in it.")
    assert standing() == before
    assert "Nothing: each stage stands for the same as before." in send(client, "preview").content.decode()


def test_saved_each_stands_for_the_other(client: Client, paired: list[Stage]) -> None:
    page = send(client, "save", stage_1=paired[1].uuid, stage_2=paired[0].uuid).content.decode()
    assert "2 stages of Odoo have others here." in page
    assert (standing()[1], standing()[2]) == (paired[1].uuid, paired[0].uuid)
    assert IntegrationEvent.objects.filter(kind="stages changed").count() == 1
    assert "Nothing was changed." in send(client, "save").content.decode()


@pytest.mark.parametrize(
    ("number", "chosen", "sentence"),
    [
        (1, 1, "stands for another stage of Odoo already."),
        (1, 3, "is a won stage, and this one of Odoo is not."),
        (4, 0, "is not."),
        (1, None, "Select a valid choice. nonsense is not one of the available choices."),
    ],
)
@pytest.mark.parametrize("do", ["preview", "save"])
def test_a_mistake_is_a_sentence_and_nothing_is_saved(
    do: str, number: int, chosen: int | None, sentence: str, client: Client, paired: list[Stage]
) -> None:
    before = standing()
    given: dict[int | None, Any] = {place: stage.uuid for place, stage in enumerate(paired)}
    answer = send(client, do, **{f"stage_{number}": given.get(chosen, "nonsense")})
    problems = [str(problem) for problems in answer.context["form"].errors.values() for problem in problems]
    assert [problem for problem in problems if problem.endswith(sentence)]
    assert "Nothing was saved." in answer.content.decode()
    assert standing() == before


def test_the_choice_of_somebody_else_is_not_overwritten(client: Client, paired: list[Stage]) -> None:
    seen = client.get(HERE).context["seen"]
    send(client, "save", stage_1=paired[1].uuid, stage_2=paired[0].uuid)
    kept = standing()
    values = {f"stage-{number}": str(stage.uuid) for number, stage in enumerate(paired, start=1)}
    answer = client.post(HERE, {"save": "1", "seen": seen, **values})
    assert "Somebody else has changed the stages" in answer.content.decode()
    assert standing() == kept


def test_without_a_connection_it_says_so(client: Client, db: None) -> None:
    assert "Connect an Odoo" in client.get(HERE).content.decode()


def test_before_the_first_sync_it_says_so(client: Client, connection_to_odoo: Connection) -> None:
    assert "come with the first sync" in client.get(HERE).content.decode()
    assert client.post(HERE, {"save": "1"}).status_code == 200


def test_the_configuration_page_leads_here(client: Client, connection_to_odoo: Connection) -> None:
    assert f'href="{HERE}"' in client.get("/admin/sync/settings/").content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [("super_admin", 200), ("admin", 200), ("sales_manager", 403), ("sales_user", 403)]
)
def test_only_admins_see_it(role: str, status: int, signed_in: SignIn, db: None) -> None:
    assert signed_in(UserFactory.create(role=role)).get(HERE).status_code == status

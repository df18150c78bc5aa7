"""What is done with one record: moving a deal, completing, writing notes; and the tables others refer to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from crm.models import Note, Stage, User
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    CountryStateFactory,
    LostReasonFactory,
    NoteFactory,
    OpportunityFactory,
    TagFactory,
    TaskFactory,
)

Api = Callable[[User], APIClient]


def test_a_deal_is_moved_and_the_move_is_kept(owner: User, api: Api, stages: dict[str, Stage]) -> None:
    stage = Stage.objects.get(is_won=True)
    deal = OpportunityFactory.create(owner=owner, stage=Stage.objects.filter(is_won=False)[0])

    answer = api(owner).post(f"/api/v1/opportunities/{deal.uuid}/stage/", {"stage": str(stage.uuid)}, format="json")

    assert (answer.status_code, answer.json()["stage"], answer.json()["probability"]) == (
        200,
        str(stage.uuid),
        "100.00",
    )
    assert deal.stage_changes.get().to_stage == stage


@pytest.mark.parametrize("body", [{}, {"stage": None}, {"stage": "x"}])
def test_a_move_to_no_stage_is_refused(
    body: dict[str, object], owner: User, api: Api, stages: dict[str, Stage]
) -> None:
    deal = OpportunityFactory.create(owner=owner)
    answer = api(owner).post(f"/api/v1/opportunities/{deal.uuid}/stage/", body, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["stage"])


def test_an_activity_is_completed_once_with_its_outcome(owner: User, api: Api) -> None:
    here = f"/api/v1/activities/{ActivityFactory.create(owner=owner).uuid}/complete/"

    first = api(owner).post(here, {"outcome": "Wants an offer"}, format="json")
    again = api(owner).post(here)

    assert (first.status_code, first.json()["outcome"]) == (200, "Wants an offer")
    assert again.json()["done_at"] == first.json()["done_at"] is not None


def test_a_task_is_completed_once(owner: User, api: Api) -> None:
    here = f"/api/v1/tasks/{TaskFactory.create(assignee=owner).uuid}/complete/"
    first, again = api(owner).post(here), api(owner).post(here)
    assert again.json()["done_at"] == first.json()["done_at"] is not None


@pytest.mark.parametrize("end", ["complete/", "restore/"])
def test_others_cannot_complete_or_restore(end: str, owner: User, stranger: User, reader: User, api: Api) -> None:
    here = f"/api/v1/tasks/{TaskFactory.create(assignee=owner).uuid}/{end}"
    assert [api(user).post(here).status_code for user in (stranger, reader)] == [404, 403]


def test_a_note_is_written_on_a_record_as_text_or_as_html_made_safe(owner: User, api: Api) -> None:
    account, client = AccountFactory.create(manager=owner), api(owner)
    body = {"body": "1 < 2", "account": str(account.uuid)}

    text = client.post("/api/v1/notes/", body, format="json")
    html = client.post("/api/v1/notes/", {"body": "<b>x</b><script>y</script>", "is_html": True}, format="json")

    assert (text.status_code, text.json()["account"]) == (201, str(account.uuid))
    assert "1 &lt; 2" in text.json()["body"]
    assert "<b>x</b>" in html.json()["body"]
    assert "script" not in html.json()["body"]


@pytest.mark.parametrize("text", ["", " ", None])
def test_a_note_without_text_is_refused(text: str | None, owner: User, api: Api) -> None:
    answer = api(owner).post("/api/v1/notes/", {"body": text}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["body"])
    assert not Note.objects.exists()


def test_notes_are_seen_by_those_who_see_what_they_hang_on(
    owner: User, team_mate: User, stranger: User, reader: User, api: Api
) -> None:
    account = AccountFactory.create(manager=owner)
    note = NoteFactory.create(account=account)
    NoteFactory.create(account=AccountFactory.create(manager=owner))

    answers = [
        api(user).get(f"/api/v1/notes/?account={account.uuid}").json()["results"]
        for user in (owner, team_mate, reader, stranger)
    ]

    assert [[one["id"] for one in rows] for rows in answers] == [[str(note.uuid)]] * 3 + [[]]


def test_a_note_is_never_changed_but_can_be_trashed(owner: User, api: Api) -> None:
    here = f"/api/v1/notes/{NoteFactory.create(account=AccountFactory.create(manager=owner)).uuid}/"
    assert api(owner).patch(here, {"body": "other"}, format="json").status_code == 405
    assert api(owner).delete(here).status_code == 204


def test_tags_are_made_once_whatever_the_case(owner: User, reader: User, api: Api) -> None:
    first = api(owner).post("/api/v1/tags/", {"name": "Müller"}, format="json")
    again = api(owner).post("/api/v1/tags/", {"name": "MÜLLER"}, format="json")
    refused = api(reader).post("/api/v1/tags/", {"name": "Other"}, format="json")
    assert [answer.status_code for answer in (first, again, refused)] == [201, 400, 403]


def test_what_others_refer_to_is_listed_and_read_but_not_written(
    owner: User, reader: User, api: Api, stages: dict[str, Stage]
) -> None:
    state, reason, tag = CountryStateFactory.create(), LostReasonFactory.create(), TagFactory.create()
    rows = {
        "stages": Stage.objects.all()[0],
        "users": owner,
        "lost-reasons": reason,
        "countries": state.country,
        "states": state,
        "tags": tag,
    }
    for key, row in rows.items():
        listed = api(reader).get(f"/api/v1/{key}/").json()["results"]
        assert str(row.uuid) in {one["id"] for one in listed}
        assert api(reader).get(f"/api/v1/{key}/{row.uuid}/").json()["name"] == row.name
        assert api(reader).delete(f"/api/v1/{key}/{row.uuid}/").status_code in (403, 405)

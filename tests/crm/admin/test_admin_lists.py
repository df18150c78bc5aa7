"""Every list page: it opens, and costs the same for one row as for fifty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Stage, User
from tests import factories

SignIn = Callable[[User], Client]


def make_account(user: User, stage: Stage) -> Any:
    return factories.AccountFactory.create(manager=user, tags=[factories.TagFactory.create() for _ in range(4)])


def make_contact(user: User, stage: Stage) -> Any:
    account = factories.AccountFactory.create(manager=user)
    return factories.ContactFactory.create(account=account, owner=user, tags=[factories.TagFactory.create()])


def make_lead(user: User, stage: Stage) -> Any:
    return factories.LeadFactory.create(owner=user, tags=[factories.TagFactory.create()])


def make_opportunity(user: User, stage: Stage) -> Any:
    account = factories.AccountFactory.create(manager=user)
    tags = [factories.TagFactory.create()]
    return factories.OpportunityFactory.create(account=account, owner=user, stage=stage, tags=tags)


def make_activity(user: User, stage: Stage) -> Any:
    return factories.ActivityFactory.create(owner=user, account=factories.AccountFactory.create())


def make_task(user: User, stage: Stage) -> Any:
    return factories.TaskFactory.create(assignee=user, contact=factories.ContactFactory.create())


def make_note(user: User, stage: Stage) -> Any:
    return factories.NoteFactory.create(created_by=user, lead=factories.LeadFactory.create())


def make_message(user: User, stage: Stage) -> Any:
    return factories.CommunicationLogFactory.create(account=factories.AccountFactory.create())


def make_tag(user: User, stage: Stage) -> Any:
    return factories.TagFactory.create()


def make_user(user: User, stage: Stage) -> Any:
    return factories.UserFactory.create(team=factories.TeamFactory.create())


def make_team(user: User, stage: Stage) -> Any:
    return factories.TeamFactory.create(manager=user)


def make_stage(user: User, stage: Stage) -> Any:
    return factories.StageFactory.create()


def make_reason(user: User, stage: Stage) -> Any:
    return factories.LostReasonFactory.create()


# The queries of a list page: session, user, count, rows; one more for prefetched tags, for each filter that lists its
# choices, and, where rows are synced, to see that there is no Odoo. Change a number only with a reason in the commit.
LISTS = {
    "crm_account": (make_account, 6),
    "crm_contact": (make_contact, 6),
    "leads_lead": (make_lead, 6),
    "crm_opportunity": (make_opportunity, 7),
    "crm_activity": (make_activity, 5),
    "crm_task": (make_task, 5),
    "crm_note": (make_note, 5),
    "crm_communicationlog": (make_message, 4),
    "crm_tag": (make_tag, 5),
    "crm_user": (make_user, 5),
    "crm_team": (make_team, 4),
    "crm_stage": (make_stage, 4),
    "crm_lostreason": (make_reason, 4),
}


@pytest.mark.parametrize("listing", LISTS)
def test_a_list_costs_the_same_for_one_row_and_for_fifty(
    listing: str, admin_user: User, signed_in: SignIn, stages: dict[str, Stage]
) -> None:
    make, expected = LISTS[listing]
    url = reverse(f"admin:{listing}_changelist")
    client = signed_in(admin_user)
    make(admin_user, stages["prospecting"])
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        assert client.get(url).status_code == 200
    for _ in range(49):
        make(admin_user, stages["prospecting"])
    with CaptureQueriesContext(connection) as fifty:
        assert client.get(url).status_code == 200
    assert len(fifty) == len(one), [query["sql"][:120] for query in fifty]
    assert len(one) == expected, [query["sql"][:120] for query in one]

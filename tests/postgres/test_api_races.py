"""The same request of the API sent several times at the same moment. Runs on PostgreSQL only."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from crm.models import Account, User

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE, ROUNDS = 4, 5


def sent_together(user: User, key: str) -> list[Any]:
    """The answers to one request that was sent by several threads, each with a connection of its own."""
    barrier = threading.Barrier(AT_ONCE)
    answers: list[Any] = []

    def send() -> None:
        try:
            client = APIClient()
            client.force_authenticate(user)
            connection.ensure_connection()
            barrier.wait(timeout=10)
            answers.append(
                client.post("/api/v1/accounts/", {"name": key}, format="json", headers={"Idempotency-Key": key})
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


def test_one_request_wins_and_all_others_get_its_answer_or_are_told_to_wait(owner: User) -> None:
    for number in range(ROUNDS):
        answers = sent_together(owner, f"key-{number}")

        assert len(answers) == AT_ONCE
        assert {answer.status_code for answer in answers} <= {201, 409}
        made = Account.objects.get(name=f"key-{number}")
        assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {str(made.uuid)}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"under_way"}

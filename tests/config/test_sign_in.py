"""Whoever signs in without having asked for a page lands on the first one."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User


@pytest.mark.django_db
def test_signing_in_leads_to_the_first_page(client: Client) -> None:
    User.objects.create_superuser("ada@example.com", "correct horse battery staple")
    form = {"username": "ada@example.com", "password": "correct horse battery staple"}
    answer = client.post(reverse("admin:login"), form)
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))

"""What a run consists of follows from the environment."""

from __future__ import annotations

import pytest
from django.conf import settings

from config.launch import plan
from config.launch.guards import Refusal
from integrations.odoo.sandbox import base_data


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*plan.ODOO_NAMES, "TANDEM_PORT", "SANDBOX_PORT", "SANDBOX_SERIES", "TANDEM_HOST", "ODOO_PUBLIC_URL"):
        monkeypatch.setenv(name, "")


def set_odoo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in plan.ODOO_NAMES:
        monkeypatch.setenv(name, "https://odoo.example.com")


def test_without_an_odoo_the_sandbox_plays_it() -> None:
    made = plan.read_plan()
    assert (made.address, made.odoo_address) == ("http://127.0.0.1:8000/", "http://127.0.0.1:8069/odoo")
    assert made.environment()["ODOO_URL"] == "http://127.0.0.1:8069"


def test_with_an_odoo_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    set_odoo(monkeypatch)
    made = plan.read_plan()
    assert made.sandbox_port is None
    assert made.odoo_address == "https://odoo.example.com"
    assert made.environment()["ODOO_API_KEY"] == "https://odoo.example.com"


def test_half_an_odoo_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_URL", "https://odoo.example.com")
    with pytest.raises(Refusal, match=r"\.env must also set ODOO_DB, ODOO_USERNAME, ODOO_API_KEY\."):
        plan.read_plan()


def test_one_port_for_both_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "8000")
    with pytest.raises(Refusal, match="they must differ"):
        plan.read_plan()


def test_a_series_that_the_sandbox_does_not_play_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_SERIES", "17")
    with pytest.raises(Refusal, match="plays Odoo 16, 18, 19; SANDBOX_SERIES is 17"):
        plan.read_plan()


def test_the_sandbox_calls_our_webhook_with_a_key_that_is_accepted() -> None:
    command = plan.read_plan().sandbox()
    hook = command[command.index("--webhook") + 1]
    assert hook == f"http://127.0.0.1:8000/api/v1/integrations/odoo?token={settings.ODOO_WEBHOOK_KEYS[0]}"


def test_the_account_is_one_that_the_sandbox_knows() -> None:
    login = plan.SANDBOX_ACCOUNT["ODOO_USERNAME"]
    assert login == base_data.INTEGRATION_LOGIN
    assert plan.SANDBOX_ACCOUNT["ODOO_API_KEY"] == base_data.API_KEYS[login]


def test_the_worker_serves_every_queue_and_rings() -> None:
    command = plan.read_plan().worker()
    assert command[command.index("-Q") + 1] == plan.QUEUES
    assert "-B" in command
    assert command[command.index("--scheduler") + 1] == settings.CELERY_BEAT_SCHEDULER

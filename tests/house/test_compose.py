"""compose.yaml describes the house that the settings describe; no container engine is needed to see that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from config.launch import plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def queues(services: dict[str, Any]) -> list[str]:
    """The queues of all workers, in the order of the file."""
    commands = [service["command"] for name, service in services.items() if name.startswith("worker-")]
    return [queue for command in commands for queue in command[command.index("-Q") + 1].split(",")]


def test_each_queue_has_exactly_one_kind_of_worker(services: dict[str, Any]) -> None:
    assert sorted(queues(services)) == sorted(plan.QUEUES.split(","))


def test_every_routed_task_goes_to_a_queue_that_somebody_serves() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    assert routed <= set(plan.QUEUES.split(","))


def test_there_is_one_beat_and_no_worker_rings_too(services: dict[str, Any]) -> None:
    beats = [name for name, service in services.items() if "beat" in service.get("command", [])]
    assert beats == ["beat"]
    assert "deploy" not in services["beat"]
    assert not [name for name, service in services.items() if "-B" in service.get("command", [])]
    command = services["beat"]["command"]
    assert command[command.index("--scheduler") + 1] == settings.CELERY_BEAT_SCHEDULER


def test_what_others_wait_for_has_a_health_check(services: dict[str, Any]) -> None:
    for service in services.values():
        for awaited, how in service.get("depends_on", {}).items():
            assert awaited in services
            assert how["condition"] != "service_healthy" or "healthcheck" in services[awaited]


def test_web_and_workers_wait_for_the_schema(services: dict[str, Any]) -> None:
    ours = [name for name, service in services.items() if service["image"] == "tandem" and name != "migrate"]
    assert sorted(ours) == ["beat", "web", "worker-default", "worker-hooks", "worker-pull", "worker-push"]
    for name in ours:
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_every_volume_used_is_declared(services: dict[str, Any]) -> None:
    declared = yaml.safe_load((ROOT / "compose.yaml").read_text())["volumes"]
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(declared)


def test_every_setting_named_exists(services: dict[str, Any]) -> None:
    documented = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))
    named = {name for service in services.values() if service["image"] == "tandem" for name in service["environment"]}
    assert named - {"QUEUE"} <= documented


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    assert services["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert all(service["env_file"] == ".env" for service in services.values() if service["image"] == "tandem")


def test_only_this_machine_reaches_the_ports(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_worker_health_check_asks_the_worker_by_its_name(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name.startswith("worker-"):
            command = service["command"]
            assert command[command.index("-n") + 1] == f"{service['environment']['QUEUE']}@%h"

"""Webhooks: the body as recorded on Odoo 18, before or after commit, and none for what stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from integrations.odoo.sandbox.engine import Engine
from integrations.odoo.sandbox.errors import OdooError
from integrations.odoo.sandbox.faults import Fault
from tests.integrations.odoo.sandbox.person import Person, administrator, integration, new_engine

WIRE = Path(__file__).resolve().parents[3] / "odoo_wire" / "odoo18" / "webhook"


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it, and what the engine showed at that moment."""

    daemon_threads = True

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.seen: list[Any] = []
        self.look: Any = lambda: None
        super().__init__(("127.0.0.1", 0), ReceiverHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?token=t"


class ReceiverHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.headers.append({**dict(self.headers.items()), "path": self.path})
        self.server.bodies.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.seen.append(self.server.look())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def hooked(series: int, receiver: Receiver) -> Engine:
    engine = new_engine(series)
    engine.webhooks.synchronous = True
    engine.settings.webhook_url = receiver.url
    return engine


def types(body: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in body.items()}


@pytest.mark.parametrize(
    ("case", "model", "values"),
    [
        ("partner-changed", "res.partner", {"name": "Pärtner", "phone": "+49 30 123456", "email": "wp@example.com"}),
        (
            "lead-changed",
            "crm.lead",
            {"name": "L", "email_from": "wp@example.com", "expected_revenue": 1234.5, "partner_id": 3},
        ),
    ],
)
def test_the_body_has_the_recorded_keys_types_and_headers(
    receiver: Receiver, case: str, model: str, values: dict[str, Any]
) -> None:
    recorded = orjson.loads((WIRE / f"{case}.json").read_bytes())["request"]
    told = orjson.loads(recorded["body"])

    integration(hooked(18, receiver)).make(model, **values)

    body = next(one for one in receiver.bodies if one["_model"] == model)
    assert types(body) == types(told)
    assert (body["_action"], body["_model"]) == (told["_action"], told["_model"])
    same = {name for name in recorded["headers"] if name != "Content-Length"}
    assert {name: receiver.headers[0][name] for name in same} == {name: recorded["headers"][name] for name in same}
    assert receiver.headers[0]["path"] == "/hook?token=t"


@pytest.mark.parametrize(("series", "shown"), [(18, "Old"), (19, "New")])
def test_18_tells_before_commit_and_19_after(receiver: Receiver, series: int, shown: str) -> None:
    engine = hooked(series, receiver)
    admin, bot = administrator(engine), integration(engine)
    partner = admin.make("res.partner", name="Old")
    receiver.seen.clear()
    receiver.look = lambda: bot.read("res.partner", partner, "name")["name"]

    admin.write("res.partner", partner, name="New")

    assert receiver.seen == [shown]


@pytest.mark.parametrize(("series", "phantoms"), [(18, 1), (19, 0)])
def test_only_18_tells_of_what_is_rolled_back(receiver: Receiver, series: int, phantoms: int) -> None:
    engine = hooked(series, receiver)
    engine.faults.add(Fault("rollback"))

    with pytest.raises(OdooError):
        integration(engine).make("res.partner", name="Phantom")

    assert len(receiver.bodies) == phantoms


def test_a_batch_sends_one_hook_a_record_and_a_deletion_none(receiver: Receiver) -> None:
    bot = integration(hooked(18, receiver))
    ids = bot.load("res.partner", ["id", "name"], ["t.a", "A"], ["t.b", "B"])["ids"]

    bot.call("res.partner", "unlink", ids)

    assert [body["_id"] for body in receiver.bodies] == ids


@pytest.mark.parametrize(
    ("settings", "arrivals"),
    [({"webhook_copies": 5}, 5), ({"webhook_drop": True}, 0), ({"webhook_on": False}, 0)],
)
def test_hooks_can_be_repeated_dropped_and_switched_off(
    receiver: Receiver, settings: dict[str, Any], arrivals: int
) -> None:
    engine = hooked(18, receiver)
    engine.settings.change(settings)

    integration(engine).make("res.partner", name="A")

    assert len(receiver.bodies) == arrivals


def test_hooks_leave_this_machine_never(receiver: Receiver) -> None:
    engine = hooked(18, receiver)
    engine.settings.webhook_url = "http://192.0.2.1/hook"

    integration(engine).make("res.partner", name="A")

    assert engine.webhooks.counts == {"refused": 1}


def test_an_administrators_rule_tells_only_of_its_trigger_fields(receiver: Receiver) -> None:
    engine = new_engine(18)
    engine.webhooks.synchronous = True
    admin = administrator(engine)
    model = admin.call("ir.model", "search", [["model", "=", "res.partner"]])[0]
    phone = admin.call("ir.model.fields", "search", [["model", "=", "res.partner"], ["name", "=", "phone"]])[0]
    action = admin.make(
        "ir.actions.server", name="Hook", state="webhook", webhook_url=receiver.url, webhook_field_ids=[[6, 0, [phone]]]
    )
    admin.make(
        "base.automation",
        name="Rule",
        model_id=model,
        trigger="on_create_or_write",
        trigger_field_ids=[[6, 0, [phone]]],
        action_server_ids=[[6, 0, [action]]],
    )
    partner = admin.make("res.partner", name="A")
    receiver.bodies.clear()

    admin.write("res.partner", partner, name="B")
    admin.write("res.partner", partner, phone="+1")

    assert [body["phone"] for body in receiver.bodies] == ["+1"]


def test_a_rule_cannot_be_made_without_settings_rights(bot: Person) -> None:
    with pytest.raises(OdooError, match="You are not allowed to create 'Automation Rule'"):
        bot.make("base.automation", name="Rule")

"""Every exchange recorded with a real Odoo, replayed over a real socket: we send what it was sent, and understand it.

A recorded success must come out as the recorded value, a recorded error as the class named in ERRORS. The request must
be equivalent to the recorded one; what may differ is written where it is compared.
"""

from __future__ import annotations

import json
import re
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from integrations.errors import (
    AuthRejected,
    ConfigError,
    FieldUnknown,
    IntegrationError,
    MethodUnknown,
    ModelUnknown,
    PermanentError,
    RecordMissing,
    RightMissing,
    ValueRefused,
)
from integrations.network.http import HttpDoor
from integrations.odoo.wire.client import NO_VALUE, OdooClient, OdooTarget
from integrations.odoo.wire.transports.json2 import SIGNATURES

WIRE = Path(__file__).resolve().parents[3] / "odoo_wire"
RECORDINGS = sorted(WIRE.glob("odoo*/*/*.json"))
CALLS = [path for path in RECORDINGS if path.parent.name != "webhook"]

# The secrets of the recordings are masked; inside XML the mask itself is no XML, so it is replaced before use.
MASKS = {"<api-key>": "key-of-the-recording", "<password>": "password-of-the-recording"}

# Case -> error class; a key may be narrowed to "odoo16/xmlrpc/case" or "odoo16/case". Everything else is a success.
ERRORS: dict[str, type[IntegrationError]] = {
    "activity-create-res-model": ValueRefused,
    "authenticate-bad-database": ConfigError,
    "authenticate-bad-password": AuthRejected,
    "bad-arguments": PermanentError,
    "call-bad-key": AuthRejected,
    "call-bad-password": AuthRejected,
    "check-object-reference-missing": RecordMissing,
    "create-batch-one-bad": ValueRefused,
    "create-lead-priority-invalid": ValueRefused,
    "create-partner-bad-many2one": ValueRefused,
    "create-partner-bad-selection": ValueRefused,
    "create-partner-no-name": ValueRefused,
    "create-partner-unknown-field": FieldUnknown,
    "external-ids": RightMissing,
    "odoo19/filter-create-user-id": FieldUnknown,
    "odoo16/filter-create-user-ids": FieldUnknown,
    "odoo18/filter-create-user-ids": FieldUnknown,
    "odoo19/filters-by-user-id": FieldUnknown,
    "odoo16/filters-by-user-ids": FieldUnknown,
    "odoo18/filters-by-user-ids": FieldUnknown,
    "odoo16/has-access": MethodUnknown,
    "ir-model-lookup": RightMissing,
    "odoo19/lead-set-lost": ValueRefused,
    "load-unknown-column": FieldUnknown,
    "mail-create": RightMissing,
    "mail-read-own": RightMissing,
    "odoo19/mail-template-create": RightMissing,
    "odoo18/mail-template-render": MethodUnknown,
    "mail-template-send": PermanentError,
    "message-post-missing-record": RecordMissing,
    "phone-blacklist": RightMissing,
    "private-method": RightMissing,
    "read-lead-lowrights": RightMissing,
    "search-read-bad-domain": FieldUnknown,
    "odoo19/search-read-mobile": FieldUnknown,
    "search-read-unknown-field": FieldUnknown,
    "odoo19/stages-with-team": FieldUnknown,
    "unknown-method": MethodUnknown,
    "unknown-model": ModelUnknown,
    "unlink-lead-lowrights": RightMissing,
    "write-bad-selection": ValueRefused,
    "write-lead-bad-stage": RecordMissing,
    "write-missing-record": RecordMissing,
    "write-stale-many": RecordMissing,
}

# Done, but the result could not be written as XML.
WITHOUT_VALUE = {
    "odoo16/xmlrpc/activity-schedule",
    "odoo18/xmlrpc/activity-schedule",
    "odoo16/xmlrpc/lead-set-lost",
    "odoo18/xmlrpc/lead-set-lost",
    "odoo16/xmlrpc/get-external-id",
    "odoo18/xmlrpc/get-external-id",
    "odoo19/xmlrpc/get-external-id",
    "odoo16/xmlrpc/mail-template-render",
}

# The field that each FieldUnknown must name.
FIELDS = {
    "create-partner-unknown-field": "x_no_such_field",
    "filter-create-user-id": "user_id",
    "filter-create-user-ids": "user_ids",
    "filters-by-user-id": "user_id",
    "filters-by-user-ids": "user_ids",
    "load-unknown-column": "x_no_such_field",
    "search-read-bad-domain": "no_such_field",
    "search-read-mobile": "mobile",
    "search-read-unknown-field": "x_no_such_field",
    "stages-with-team": "team_id",
}


def name_of(path: Path) -> str:
    return path.relative_to(WIRE).with_suffix("").as_posix()


def unmask(value: Any) -> Any:
    if isinstance(value, str):
        for mask, text in MASKS.items():
            value = value.replace(mask, text)
        return value
    if isinstance(value, list):
        return [unmask(item) for item in value]
    if isinstance(value, dict):
        return {key: unmask(item) for key, item in value.items()}
    return value


def recording(path: Path) -> dict[str, Any]:
    return unmask(json.loads(path.read_text()))


class ReplayServer:
    """A real HTTP server that answers as recorded and keeps what it was sent."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("")
        self.answer: dict[str, Any] = {}
        self.sent: Request | None = None
        server.expect_request(re.compile(".*")).respond_with_handler(self.handle)

    def handle(self, request: Request) -> Response:
        request.get_data()
        self.sent = request
        body = self.answer["body"]
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(text, status=self.answer["status"], headers=self.answer["headers"])


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with HTTPServer() as http:
        yield ReplayServer(http)


@pytest.fixture(scope="module")
def door() -> Iterator[HttpDoor]:
    door = HttpDoor()
    yield door
    door.close()


class Replay:
    """A recorded call, made again through the client."""

    def __init__(self, path: Path, server: ReplayServer, door: HttpDoor) -> None:
        recorded = recording(path)
        self.request, self.reply = recorded["request"], recorded["response"]
        self.transport = recorded["transport"]
        server.answer = self.reply
        self.server, self.door = server, door

    def client(self, database: str, username: str, secret: str, uid: int | None) -> OdooClient:
        target = OdooTarget(self.server.url, database, username, secret, transport=self.transport)
        return OdooClient(target, http=self.door, uid=uid)

    def perform(self) -> Any:
        return getattr(self, f"perform_{self.transport}")()

    def perform_jsonrpc(self) -> Any:
        params = self.request["body"]["params"]
        return self.perform_rpc(params["service"], params["method"], params["args"])

    def perform_xmlrpc(self) -> Any:
        service = self.request["path"].rpartition("/")[2]
        method = re.search("<methodName>(.*?)</methodName>", self.request["body"])[1]
        return self.perform_rpc(service, method, self.request["params"])

    def perform_rpc(self, service: str, method: str, args: list[Any]) -> Any:
        steps = {
            ("common", "version"): lambda: self.client("", "", "", None).version(),
            ("common", "authenticate"): lambda: self.client(*args[:3], None).uid,
            ("object", "execute_kw"): lambda: self.execute(*args),
        }
        return steps[service, method]()

    def execute(
        self, database: str, uid: int, secret: str, model: str, method: str, args: list[Any], named: dict[str, Any]
    ) -> Any:
        named = dict(named)
        context = named.pop("context", None)
        return self.client(database, "", secret, uid).call(model, method, args, named, context=context)

    def perform_json2(self) -> Any:
        headers = self.request["headers"]
        secret = headers["Authorization"].removeprefix("bearer ")
        _, _, _, model, method = self.request["path"].split("/")
        named = dict(self.request["body"])
        context = named.pop("context", None)
        client = self.client(headers["X-Odoo-Database"], "", secret, None)
        return client.call(model, method, (), named, context=context)

    def assert_sent_as_recorded(self) -> None:
        sent = self.server.sent
        assert sent is not None
        assert (sent.method, sent.path) == (self.request["method"], self.request["path"])
        getattr(self, f"assert_{self.transport}")(sent)

    def assert_jsonrpc(self, sent: Request) -> None:
        assert json.loads(sent.data) == self.request["body"]
        assert sent.content_type == "application/json"

    def assert_xmlrpc(self, sent: Request) -> None:
        # Spaces and line breaks between the tags differ from the recording, the values and the method do not.
        params, method = xmlrpc.client.loads(sent.data)
        assert list(params) == self.request["params"]
        assert f"<methodName>{method}</methodName>" in self.request["body"]

    def assert_json2(self, sent: Request) -> None:
        assert json.loads(sent.data) == self.request["body"]
        assert sent.mimetype == "application/json"
        assert {name: sent.headers[name] for name in self.request["headers"]} == self.request["headers"]


def recorded_value(transport: str, reply: dict[str, Any]) -> Any:
    """The value in a recorded success, read without any code of ours."""
    readers = {
        "json2": lambda: reply["body"],
        "jsonrpc": lambda: reply["body"].get("result"),
        "xmlrpc": lambda: xmlrpc.client.loads(reply["body"].encode())[0][0],
    }
    return readers[transport]()


def expected_error(path: Path) -> type[IntegrationError] | None:
    series, transport, case = name_of(path).split("/")
    keys = (f"{series}/{transport}/{case}", f"{series}/{case}", case)
    return next((ERRORS[key] for key in keys if key in ERRORS), None)


FAILURES = [path for path in CALLS if expected_error(path) is not None and name_of(path) not in WITHOUT_VALUE]
SUCCESSES = [path for path in CALLS if expected_error(path) is None and name_of(path) not in WITHOUT_VALUE]
UNTOLD = [path for path in CALLS if name_of(path) in WITHOUT_VALUE]
VERSIONS = {"odoo16": 16, "odoo18": 18, "odoo19": 19}


@pytest.mark.parametrize("path", SUCCESSES, ids=name_of)
def test_a_recorded_success_gives_the_recorded_value(path: Path, server: ReplayServer, door: HttpDoor) -> None:
    replay = Replay(path, server, door)
    value = replay.perform()
    replay.assert_sent_as_recorded()
    recorded = recorded_value(replay.transport, replay.reply)
    # The version is read into a frozen value, everything else is handed on as it came.
    told = {"version": lambda: (value.text, value.series)}.get(path.stem, lambda: value)()
    meant = {"version": lambda: (recorded["server_version"], VERSIONS[path.parts[-3]])}.get(
        path.stem, lambda: recorded
    )()
    assert told == meant


@pytest.mark.parametrize("path", FAILURES, ids=name_of)
def test_a_recorded_error_gives_its_class(path: Path, server: ReplayServer, door: HttpDoor) -> None:
    replay = Replay(path, server, door)
    with pytest.raises(IntegrationError) as caught:
        replay.perform()
    replay.assert_sent_as_recorded()
    assert type(caught.value) is expected_error(path)
    assert getattr(caught.value, "field", None) == FIELDS.get(path.stem)
    assert "Traceback" not in str(caught.value)
    assert not any(secret in str(caught.value) for secret in MASKS.values())


@pytest.mark.parametrize("path", UNTOLD, ids=name_of)
def test_a_result_that_cannot_be_written_down_is_a_success(path: Path, server: ReplayServer, door: HttpDoor) -> None:
    replay = Replay(path, server, door)
    assert replay.perform() is NO_VALUE
    replay.assert_sent_as_recorded()


def jsonrpc_twins() -> list[Path]:
    return [path for path in CALLS if path.parent.name == "json2" and twin_of(path).exists()]


def twin_of(path: Path) -> Path:
    return path.parents[1] / "jsonrpc" / path.name


@pytest.mark.parametrize(
    "path",
    [path for path in jsonrpc_twins() if not path.stem.startswith(("setup-", "private", "unknown-method"))],
    ids=name_of,
)
def test_positional_arguments_get_the_recorded_names(path: Path, server: ReplayServer, door: HttpDoor) -> None:
    """The same call was recorded over JSON-RPC with positional arguments: so many are given by position here."""
    replay = Replay(path, server, door)
    _, _, _, model, method = replay.request["path"].split("/")
    count = len(recording(twin_of(path))["request"]["body"]["params"]["args"][5])
    named = {"ids": [], **replay.request["body"]}
    args = [named.pop(name) for name in SIGNATURES[method][:count]]
    named = {name: value for name, value in named.items() if name in replay.request["body"]}
    context = named.pop("context", None)
    client = replay.client("odoo19", "", MASKS["<api-key>"], None)
    outcome: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        # The value and the error are the business of the tests above.
        patch.setattr(type(client.transport), "read", lambda *_: outcome.append("read"))
        client.call(model, method, args, named, context=context)
    assert outcome == ["read"]
    replay.assert_sent_as_recorded()


def test_every_recording_is_replayed() -> None:
    on_disk = set(WIRE.rglob("*.json"))
    webhooks = {path for path in on_disk if path.parent.name == "webhook"}
    assert set(SUCCESSES) | set(FAILURES) | set(UNTOLD) | webhooks == on_disk
    assert len(SUCCESSES) + len(FAILURES) + len(UNTOLD) + len(webhooks) == len(on_disk)
    assert len(on_disk) >= 890


def test_every_expectation_belongs_to_a_recording() -> None:
    names = {name_of(path) for path in CALLS}
    cases = {name.rpartition("/")[2] for name in names}
    by_series = {f"{name.split('/')[0]}/{name.rpartition('/')[2]}" for name in names}
    assert not set(ERRORS) - names - by_series - cases
    assert not WITHOUT_VALUE - names


@pytest.mark.parametrize("path", sorted(WIRE.glob("odoo18/webhook/*.json")), ids=name_of)
def test_a_recorded_webhook_names_model_and_id_only(path: Path) -> None:
    """The client sends no webhook; what the receiver may rest on is held here."""
    body = json.loads(json.loads(path.read_text())["request"]["body"])
    assert body["_id"] == body["id"]
    assert body["_model"] in ("crm.lead", "res.partner")

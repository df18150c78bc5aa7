"""Send the recorded requests of a real Odoo to a sandbox, in their order, and compare the answers.

Ids differ between the two, so each recorded id is mapped to the one the sandbox gave in its place.
"""

from __future__ import annotations

import re
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson

from tests.support.sandbox import RunningSandbox

WIRE = Path(__file__).resolve().parents[3] / "odoo_wire"
GLOBAL_FROM = 1000
"""Recorded ids from here on are of one model only; smaller ones are mapped per model."""
SMALL_BY_NAME = {"template_id": "mail.template"}
MOMENT = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
NUMBER = re.compile(r"\d{4,}")
RECORD = re.compile(r"\(\d+,\)")

# Values that come from the recorded server's own data, not from its behaviour: only their type is compared.
OWN_DATA = {"probability", "automated_probability", "latest_version", "debug", "expiration_date"}
OWN_DATA_OF_CASE = {"api-keys-own": {"name"}}


# The recorded server happened to run into a conflict with one of its own jobs here.
BEFORE: dict[str, tuple[dict[str, Any], ...]] = {
    "18-jsonrpc-load-leads-bad-rows": (
        {
            "kind": "bad_row",
            "model": "crm.lead",
            "row": 0,
            "message": "could not serialize access due to concurrent update\n",
        },
    )
}


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded exchange."""

    series: int
    transport: str
    case: str
    seq: int
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.series}-{self.transport}-{self.case}"


@cache
def recordings(series: int) -> tuple[Recording, ...]:
    """Return the recordings of a series in the order of the run: transport by transport, then by ``seq``."""
    found = []
    for transport in ("xmlrpc", "jsonrpc", "json2"):
        one_run = []
        for path in sorted((WIRE / f"odoo{series}" / transport).glob("*.json")):
            data = orjson.loads(path.read_bytes())
            one_run.append(Recording(series, transport, data["case"], data["seq"], data["request"], data["response"]))
        found.extend(sorted(one_run, key=lambda one: one.seq))
    return tuple(found)


@dataclass(slots=True)
class Answer:
    """An answer of either side in one shape, whatever the transport."""

    status: int
    content_type: str
    value: Any = None
    error: dict[str, Any] | None = None


@dataclass
class Replay:
    """Plays recordings against one sandbox and remembers which id stands for which."""

    odoo: RunningSandbox
    ids: dict[tuple[str, int], int] = field(default_factory=dict)

    def play(self, one: Recording) -> tuple[Answer, Answer]:
        """Return the recorded and the present answer, the recorded one with its ids mapped where known."""
        for fault in BEFORE.get(one.label, ()):
            self.odoo.control.fault(**fault)
        recorded = parse(one.transport, one.response["status"], one.response["headers"], one.response["body"])
        model, present = self._send(one)
        self._learn(model, recorded.value, present.value)
        recorded.value = self._mapped(model, recorded.value)
        return recorded, present

    # -- ids ----------------------------------------------------------------------------------------------

    def _key(self, model: str, number: int) -> tuple[str, int]:
        return ("" if number >= GLOBAL_FROM else model, number)

    def _learn(self, model: str, recorded: Any, present: Any) -> None:
        match recorded, present:
            case bool(), _:
                return
            case int(), int():
                self.ids[self._key(model, recorded)] = present
            case dict(), dict():
                for name in recorded.keys() & present.keys() & {"id", "ids", "res_id", "partner_id", "country_id"}:
                    self._learn(model, recorded[name], present[name])
            case list(), list() if len(recorded) == len(present):
                for one, two in zip(recorded, present, strict=True):
                    self._learn(model, one, two)

    def _mapped(self, model: str, value: Any, name: str = "") -> Any:
        match value:
            case bool() | float() | None:
                return value
            case int():
                return self.ids.get(self._key(SMALL_BY_NAME.get(name, model), value), value)
            case str() if value.isdigit() and int(value) >= GLOBAL_FROM:
                return str(self.ids.get(("", int(value)), value))
            case dict():
                return {self._mapped(model, key): self._mapped(model, entry, str(key)) for key, entry in value.items()}
            case list() | tuple():
                return [self._mapped(model, entry, name) for entry in value]
        return value

    # -- sending ------------------------------------------------------------------------------------------

    def _secret(self, text: str) -> str:
        text = text.replace("<api-key>", self.odoo.api_key).replace("<password>", self.odoo.password)
        return "2020-01-01 00:00:00" if MOMENT.match(text) and text.startswith("2026-") else text

    def _filled(self, value: Any) -> Any:
        match value:
            case str():
                return self._secret(value)
            case dict():
                return {key: self._filled(entry) for key, entry in value.items()}
            case list() | tuple():
                return [self._filled(entry) for entry in value]
        return value

    def _small(self, model: str, arguments: Any) -> Any:
        """Map the ids of one model's own call; ids of other models are mapped by their size."""
        first, *rest = arguments or [[]]
        own = self._mapped(model, first) if isinstance(first, list | int) else first
        return [own, *[self._mapped("", entry) for entry in rest]]

    def _arguments(self, args: list[Any]) -> tuple[str, list[Any]]:
        """Map the arguments of ``execute_kw``."""
        database, uid, secret, model, method, positional, *keywords = args
        by_size = method in ("create", "load")
        positional = self._mapped("", positional) if by_size else self._small(model, positional)
        return model, [database, uid, secret, model, method, positional, *self._mapped("", keywords)]

    def _send(self, one: Recording) -> tuple[str, Answer]:
        if one.transport == "json2":
            return self._send_json2(one)
        request = self._filled(one.request)
        if one.transport == "jsonrpc":
            params = request["body"]["params"]
            args = params["args"]
            model = ""
            if params["service"] == "object":
                model, args = self._arguments(args)
            body = orjson.dumps({**request["body"], "params": {**params, "args": args}})
            kind = "application/json"
        else:
            method = re.search(r"<methodName>(\w+)</methodName>", request["body"])
            assert method is not None
            args, model = request["params"], ""
            if request["path"].endswith("/object"):
                model, args = self._arguments(args)
            body = xmlrpc.client.dumps(tuple(args), method[1]).encode()
            kind = "text/xml"
        return model, self._post(one.transport, request["path"], body, {"Content-Type": kind})

    def _send_json2(self, one: Recording) -> tuple[str, Answer]:
        request = self._filled(one.request)
        model = request["path"].split("/")[3]
        body = self._mapped("", request["body"])
        if "ids" in request["body"]:
            body["ids"] = self._mapped(model, request["body"]["ids"])
        request["headers"]["Content-Type"] = "application/json"
        if one.case == "call-bad-key":
            request["headers"]["Authorization"] = "bearer wrong"
        return model, self._post("json2", request["path"], orjson.dumps(body), request["headers"])

    def _post(self, transport: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.odoo.port, timeout=20)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            received = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
        return parse(transport, answer.status, received, text if transport == "xmlrpc" else orjson.loads(text))


def parse(transport: str, status: int, headers: dict[str, str], body: Any) -> Answer:
    """Return an answer in one shape."""
    answer = Answer(status, headers["content-type"])
    if transport == "xmlrpc":
        try:
            unmasked = re.sub(r"<(api-key|password)>", r"\1", body)
            answer.value = xmlrpc.client.loads(unmasked)[0][0]
        except xmlrpc.client.Fault as fault:
            lines = fault.faultString.strip().splitlines()
            text = lines[-1] if lines[0].startswith("Traceback") else fault.faultString
            answer.error = {"faultCode": fault.faultCode, "message": text}
    elif transport == "jsonrpc":
        answer.value, answer.error = body.get("result"), body.get("error")
    elif status >= 400:
        answer.error = body
    else:
        answer.value = body
    return answer


def recorded_value(series: int, transport: str, case: str) -> Any:
    """Return the result of one recorded case."""
    one = next(one for one in recordings(series) if (one.transport, one.case) == (transport, case))
    return parse(one.transport, one.response["status"], one.response["headers"], one.response["body"]).value


# -- comparing ---------------------------------------------------------------------------------------------


def differences(case: str, recorded: Answer, present: Answer) -> list[str]:
    """Return what is different, one sentence each; none means that the sandbox answers like Odoo."""
    loose = OWN_DATA | OWN_DATA_OF_CASE.get(case, set())
    found = []
    if recorded.status != present.status:
        found.append(f"status {present.status}, recorded {recorded.status}")
    if recorded.content_type != present.content_type:
        found.append(f"content type {present.content_type}, recorded {recorded.content_type}")
    found.extend(_compare(recorded.error, present.error, "error", loose))
    if recorded.error is None:
        found.extend(_compare(recorded.value, present.value, "result", loose))
    return found


def _compare(recorded: Any, present: Any, path: str, loose: set[str]) -> Iterator[str]:
    name = path.rpartition(".")[2]
    if type(recorded) is not type(present):
        yield f"{path} is {present!r}, recorded {recorded!r}"
        return
    if name in loose:
        return
    match recorded:
        case dict():
            yield from _compare_dicts(recorded, present, path, loose)
        case list():
            yield from _compare_lists(recorded, present, path, loose)
        case str() if _masked(recorded) != _masked(present):
            yield f"{path} is {present!r}, recorded {recorded!r}"
        case int() | float() if not _same_number(recorded, present, name):
            yield f"{path} is {present!r}, recorded {recorded!r}"


def _same_number(recorded: float, present: float, name: str) -> bool:
    """Ids that were not made in this run have no counterpart: any id will do."""
    return recorded == present or name == "id" or (type(recorded) is int and recorded >= GLOBAL_FROM)


def _compare_dicts(recorded: dict[Any, Any], present: dict[Any, Any], path: str, loose: set[str]) -> Iterator[str]:
    keys, own = {str(key) for key in recorded}, {str(key) for key in present}
    if keys != own:
        yield f"{path} has keys {sorted(own)}, recorded {sorted(keys)}"
        return
    spelled = {str(key): value for key, value in present.items()}
    for key, value in recorded.items():
        yield from _compare(value, spelled[str(key)], f"{path}.{key}", loose)


def _compare_lists(recorded: list[Any], present: list[Any], path: str, loose: set[str]) -> Iterator[str]:
    if len(recorded) != len(present):
        yield f"{path} has {len(present)} entries, recorded {len(recorded)}: {present!r} / {recorded!r}"
        return
    for place, (one, two) in enumerate(zip(recorded, present, strict=True)):
        yield from _compare(one, two, f"{path}[{place}]", loose)


def _masked(text: str) -> str:
    """Hide what differs from run to run: moments and database ids."""
    return "moment" if MOMENT.match(text) else RECORD.sub("(n,)", NUMBER.sub("n", text))

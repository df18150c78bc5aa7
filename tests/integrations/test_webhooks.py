"""The endpoint that Odoo calls: authenticate, store one row, answer; nothing else (rules 17 and 18)."""

from __future__ import annotations

import base64
import hmac
import io
import json
import logging
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.logs import HideKeys, JsonFormatter, LineFormatter
from integrations.models import InboxMessage

HERE = "/api/v1/integrations/odoo"
KEY, NEXT_KEY = "first-8c1f", "second-5d1e third/fourth+fifth"  # the second needs escaping
RECORDED = sorted((Path(__file__).parents[1] / "odoo_wire" / "odoo18" / "webhook").glob("*.json"))
STATUS = InboxMessage.Status
HINT = {"_model": "res.partner", "_id": 11, "id": 11}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = [KEY, NEXT_KEY]
    settings.ODOO_API_KEY = "rpc-secret-77aa"


def post(body: Any, *, path: str = HERE, key: str = KEY, raw: bytes | None = None, **headers: str) -> Any:
    """One call with the key in its header unless `key` is empty."""
    sent = {"X-Odoo-Api-Key": key, **headers} if key else headers
    data = raw if raw is not None else json.dumps(body).encode()
    return Client().post(path, data, content_type="application/json", headers=sent)


def only() -> InboxMessage:
    return InboxMessage.objects.get()


# --- what comes in


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("recording", RECORDED, ids=lambda path: path.stem)
def test_odoos_own_body_is_stored_by_model_and_id_alone(recording: Path, end: str) -> None:
    body = json.loads(recording.read_text())["request"]["body"]
    told = json.loads(body)

    answer = post(None, path=HERE + end, raw=body.encode())

    assert answer.status_code == 202
    message = only()
    assert (message.remote_model, message.remote_id) == (told["_model"], told["_id"])
    assert message.body == {}
    assert message.status == STATUS.WAITING


@pytest.mark.parametrize(("name", "model"), [("lead", "crm.lead"), ("contact", "res.partner")])
def test_a_nested_body_keeps_what_exists_nowhere_else(name: str, model: str) -> None:
    nested = {"id": 12, "email": "a@example.com", "note": "Call back", "barcode": "T-100", "name": "Evil", "phone": "1"}

    assert post({name: nested}).status_code == 202

    message = only()
    assert (message.remote_model, message.remote_id) == (model, 12)
    assert message.body == {"email": "a@example.com", "note": "Call back", "barcode": "T-100"}


def test_a_nested_body_without_an_id_is_found_by_e_mail_later() -> None:
    assert post({"lead": {"email": "a@example.com", "task_id": 5}}).status_code == 202
    assert only().remote_id is None
    assert only().body == {"email": "a@example.com", "task_id": 5}


def test_a_nul_in_a_text_is_no_trouble() -> None:
    """PostgreSQL stores no NUL, neither in text nor in JSON."""
    assert post({"lead": {"id": 3, "note": "one\x00two"}}).status_code == 202
    assert only().body["note"] == "onetwo"
    assert post({"_model": "x\x00y", "_id": 3}).status_code == 202


def test_a_model_that_is_not_synced_is_recorded_only() -> None:
    answer = post({"_model": "sale.order", "_id": 7})

    assert answer.status_code == 202
    assert answer.json()["status"] == STATUS.RECORDED
    message = only()
    assert (message.remote_model, message.remote_id, message.status) == ("sale.order", 7, STATUS.RECORDED)
    assert message.settled_at is not None
    assert message.explanation == "Tandem does not sync this kind of record."


def test_a_storm_of_22_copies_is_stored() -> None:
    assert [post(HINT).status_code for _ in range(22)] == [202] * 22
    assert InboxMessage.objects.filter(remote_id=11, status=STATUS.WAITING).count() == 22


# --- who may


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


WAYS: dict[str, dict[str, Any]] = {
    "header": {"key": KEY},
    "path": {"key": "", "path": f"{HERE}/{KEY}"},
    "path with slash": {"key": "", "path": f"{HERE}/{KEY}/"},
    "query": {"key": "", "path": f"{HERE}?token={KEY}"},
    "query with slash": {"key": "", "path": f"{HERE}/?key={KEY}"},
    "Basic password": {"key": "", **basic("odoo", KEY)},
    "Basic user": {"key": "", **basic(KEY, "")},
    "wrong header, right path": {"key": "wrong", "path": f"{HERE}/{KEY}"},
    "escaped in the path": {"key": "", "path": f"{HERE}/{quote(NEXT_KEY, safe='')}"},
    "escaped in the query": {"key": "", "path": f"{HERE}?token={quote(NEXT_KEY, safe='')}"},
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_bring_the_key_is_accepted(way: str) -> None:
    assert post(HINT, **WAYS[way]).status_code == 202
    assert InboxMessage.objects.count() == 1


REFUSED: dict[str, dict[str, Any]] = {
    "no key": {"key": ""},
    "header": {"key": "wrong"},
    "beginning of the key": {"key": KEY[:-1]},
    "path": {"key": "", "path": f"{HERE}/wrong"},
    "query": {"key": "", "path": f"{HERE}?token="},
    "Basic": {"key": "", **basic("odoo", "wrong")},
    "Basic that is none": {"key": "", "Authorization": "Basic %%%"},
    "Basic of bytes": {"key": "", "Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
    "not ASCII": {"key": "schlüssel"},
}


@pytest.mark.parametrize("way", REFUSED)
def test_a_bad_key_gets_401_and_leaves_nothing(way: str) -> None:
    answer = post(HINT, **REFUSED[way])
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert not InboxMessage.objects.exists()


def test_a_bad_key_is_told_before_anything_about_the_body() -> None:
    assert post(None, key="wrong", raw=b"{").status_code == 401


def test_two_keys_are_valid_at_once_so_that_they_can_be_changed_without_a_gap(settings: LazySettings) -> None:
    assert [post(HINT, key=key).status_code for key in (KEY, NEXT_KEY)] == [202, 202]
    settings.ODOO_WEBHOOK_KEYS = [NEXT_KEY]
    assert [post(HINT, key=key).status_code for key in (KEY, NEXT_KEY)] == [401, 202]


def test_without_any_key_set_nobody_gets_in(settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = []
    assert [post(HINT, key=key).status_code for key in ("", KEY)] == [401, 401]


def test_keys_are_compared_in_constant_time_and_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    post(HINT, key=KEY)
    assert compared == [(KEY.encode(), KEY.encode()), (KEY.encode(), NEXT_KEY.encode())]


# --- what is refused


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"_id=3", b"\xff\xfe", b"[" * 5000], ids=["empty", "cut", "form", "bytes", "deep"]
)
def test_what_is_no_json_gets_400(raw: bytes) -> None:
    answer = post(None, raw=raw)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_json")


SHAPES: list[Any] = [
    [],
    "text",
    3,
    None,
    {},
    {"_model": "res.partner"},
    {"_model": "res.partner", "_id": "12"},
    {"_model": "res.partner", "_id": True},
    {"_model": "res.partner", "_id": -1},
    {"_model": "res.partner", "_id": 2**63},
    {"_model": 5, "_id": 5},
    {"lead": []},
    {"lead": {}},
    {"contact": {"note": "on nobody"}},
]


@pytest.mark.parametrize("body", SHAPES, ids=json.dumps)
def test_json_of_the_wrong_shape_gets_400_and_leaves_nothing(body: Any) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_payload")
    assert not InboxMessage.objects.exists()


def test_a_body_that_says_it_is_too_big_gets_413_unread(settings: LazySettings) -> None:
    settings.WEBHOOK_MAX_BYTES = 1024
    assert post({**HINT, "name": "x" * 2000}).status_code == 413
    assert post({**HINT, "name": "x" * 500}).status_code == 202


def chunked(body: bytes) -> int:
    """Call as gunicorn does for a body sent in chunks: no length, and a stream that ends by itself."""
    stream = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "CONTENT_TYPE": "application/json"}
    return Client().generic("POST", HERE, headers={"X-Odoo-Api-Key": KEY}, **stream).status_code


def test_a_body_that_hides_its_length_gets_413_when_it_is_too_big(settings: LazySettings) -> None:
    settings.WEBHOOK_MAX_BYTES = 1024
    assert chunked(json.dumps({**HINT, "name": "x" * 2000}).encode()) == 413
    assert chunked(json.dumps(HINT).encode()) == 202
    assert only().remote_id == 11


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
@pytest.mark.parametrize("end", ["", "/", f"/{KEY}"])
def test_all_but_post_gets_405(method: str, end: str) -> None:
    answer = getattr(Client(), method)(HERE + end, headers={"X-Odoo-Api-Key": KEY})
    assert answer.status_code == 405
    assert not InboxMessage.objects.exists()


# --- what it costs


@pytest.mark.parametrize("body", [HINT, {"_model": "sale.order", "_id": 7}, {"lead": {"id": 1, "note": "n"}}])
def test_one_call_is_one_insert_and_nothing_else(body: dict[str, Any], connection_to_odoo: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert post(body).status_code == 202
    assert [query["sql"].split(" (")[0] for query in queries] == ['INSERT INTO "integrations_inboxmessage"']


def test_a_refused_call_after_another_asks_the_database_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.eventlog.REFUSALS_EVERY_S", 3600)
    post(HINT, key="wrong")  # the first in a while is written down
    with CaptureQueriesContext(connection) as queries:
        assert post(HINT, key="wrong").status_code == 401
        assert post(None, raw=b"{").status_code == 400
    assert len(queries) == 0


# --- what is logged


class Kept(logging.Handler):
    """Keeps every line as our two formatters write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [LineFormatter().format(record), JsonFormatter().format(record)]


@pytest.fixture
def log() -> Any:
    kept = Kept()
    names = ("", "django", "django.request", "django.server")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).addHandler(kept)
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield kept
    for name in names:
        logging.getLogger(name).removeHandler(kept)
        logging.getLogger(name).setLevel(levels[name])


@pytest.mark.parametrize("key", [KEY, NEXT_KEY])
def test_no_key_ever_reaches_a_log(key: str, log: Kept) -> None:
    """Django logs the address of each refused request, and the request beside it."""
    marked = quote(key, safe="")
    answers = [
        post(None, key="", path=f"{HERE}/{marked}", raw=b"{"),
        post(None, key="", path=f"{HERE}?token={marked}", raw=b"{"),
        post(None, key="", path=f"{HERE}/?key={marked}&more=1", raw=b"{"),
        post(None, key=key, raw=b"{"),
        Client().get(f"{HERE}/{marked}"),
        Client().get(f"{HERE}?token={marked}"),
    ]
    assert {answer.status_code for answer in answers} <= {400, 405}
    text = "\n".join(log.lines)
    assert "/integrations/odoo/***" in text
    assert not [part for part in (*re.split(r"[ /+]", key), key, marked) if part in text]


def test_a_wrong_key_is_hidden_as_well_since_it_may_be_yesterdays(log: Kept) -> None:
    post(HINT, key="", path=f"{HERE}/yesterdays-key")
    post(HINT, key="", path=f"{HERE}?token=yesterdays-key")
    assert log.lines
    assert "yesterdays-key" not in "\n".join(log.lines)


def test_the_web_servers_own_lines_hold_no_key_and_are_else_whole() -> None:
    """As gunicorn's access log and error log make them, with arguments of their own."""
    access = logging.LogRecord(
        "gunicorn.access", logging.INFO, "", 0, '%(h)s "%(r)s" %(s)s',
        ({"h": "127.0.0.1", "r": f"POST {HERE}?token={quote(NEXT_KEY, safe='')}&x=1 HTTP/1.1", "s": "202"},), None,
    )  # fmt: skip
    error = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, "Error at %s", (f"{HERE}/{KEY}/",), None)
    for record in (access, error):
        assert HideKeys().filter(record)
    assert access.getMessage() == f'127.0.0.1 "POST {HERE}?token=***&x=1 HTTP/1.1" 202'
    assert error.getMessage() == f"Error at {HERE}/***/"


def test_the_web_servers_loggers_hide_keys_once_the_application_is_loaded() -> None:
    import config.wsgi  # noqa: F401 - loading it is what is tried

    for name in ("gunicorn.access", "gunicorn.error"):
        assert any(isinstance(one, HideKeys) for one in logging.getLogger(name).filters)


def test_the_rpc_secret_is_hidden_wherever_it_stands() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "key rpc-secret-77aa sent", (), None)
    assert re.fullmatch(r"\S+ INFO x key \*\*\* sent", LineFormatter().format(record))

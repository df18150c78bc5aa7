"""What the client makes of refusals, pages, limits and hostile answers, transport by transport."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from integrations.errors import (
    AuthRejected,
    ConfigError,
    FieldUnknown,
    IntegrationError,
    MethodUnknown,
    ModelUnknown,
    PermanentError,
    PlanRefused,
    RateLimited,
    RecordMissing,
    RightMissing,
    SerializationConflict,
    TooLarge,
    TransientError,
    UnknownOutcome,
    ValueRefused,
)
from integrations.network.http import HttpDoor
from integrations.odoo.wire.classify import Asked, fault_error, named_error, page_text, traceback_end
from integrations.odoo.wire.client import NO_VALUE, OdooClient, OdooTarget
from integrations.odoo.wire.transports.xmlrpc import parse, write_call

KEY = "key-that-must-not-leak"
TRANSPORTS = ["jsonrpc", "xmlrpc", "json2"]
LOAD = ("res.partner", "load", [["id", "name"], [["a.b", "x"]]])
READ = ("res.partner", "read", [[1], ["name"]])
PAGE = "<!DOCTYPE html><html><head><style>b{}</style></head><body><h1>Sorry</h1></body></html>"
LOGIN_PAGE = '<html><form class="oe_login_form" action="/web/login"></form></html>'


@pytest.fixture(scope="module")
def door() -> Iterator[HttpDoor]:
    door = HttpDoor(connect_timeout=1, read_timeout=5, write_timeout=5)
    yield door
    door.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


@pytest.fixture
def web(shared: HTTPServer) -> HTTPServer:
    shared.clear()
    return shared


def ask(web: HTTPServer, door: HttpDoor, transport: str, call: tuple[str, str, list[Any]]) -> Any:
    target = OdooTarget(web.url_for(""), "db", "bot@example.com", KEY, transport)
    return OdooClient(target, http=door, uid=7).call(*call)


def answer(web: HTTPServer, body: str | bytes, status: int = 200, kind: str = "text/html", **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    web.expect_request(re.compile(".*")).respond_with_data(body, status=status, content_type=kind, headers=named)


def fault(text: str, code: int = 1) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        "<?xml version='1.0'?><methodResponse><fault><value><struct>"
        f"<member><name>faultCode</name><value><int>{code}</int></value></member>"
        f"<member><name>faultString</name><value><string>{escaped}</string></value></member>"
        "</struct></value></fault></methodResponse>"
    )


def xml_value(inner: str) -> str:
    return f"<?xml version='1.0'?><methodResponse><params><param>{inner}</param></params></methodResponse>"


@pytest.mark.parametrize("transport", TRANSPORTS)
class TestPages:
    """Answers that are not Odoo's."""

    @pytest.mark.parametrize(
        ("status", "for_a_read", "for_a_write"),
        [
            (200, TransientError, UnknownOutcome),
            (303, ConfigError, ConfigError),
            (401, AuthRejected, AuthRejected),
            (403, ConfigError, ConfigError),
            (404, ConfigError, ConfigError),
            (413, TooLarge, TooLarge),
            (415, PermanentError, PermanentError),
            (429, RateLimited, RateLimited),
            (500, TransientError, UnknownOutcome),
            (502, TransientError, UnknownOutcome),
            (503, TransientError, TransientError),
            (504, TransientError, UnknownOutcome),
        ],
    )
    def test_a_page_means_by_its_status(
        self,
        transport: str,
        status: int,
        for_a_read: type[IntegrationError],
        for_a_write: type[IntegrationError],
        web: HTTPServer,
        door: HttpDoor,
    ) -> None:
        answer(web, PAGE, status)
        with pytest.raises(IntegrationError) as reading:
            ask(web, door, transport, READ)
        with pytest.raises(IntegrationError) as writing:
            ask(web, door, transport, LOAD)
        assert (type(reading.value), type(writing.value)) == (for_a_read, for_a_write)
        assert "<" not in str(reading.value)

    @pytest.mark.parametrize("call", [READ, LOAD])
    def test_the_login_page_means_a_wrong_address(
        self, transport: str, call: tuple[str, str, list[Any]], web: HTTPServer, door: HttpDoor
    ) -> None:
        answer(web, LOGIN_PAGE)
        with pytest.raises(ConfigError, match="login page"):
            ask(web, door, transport, call)

    def test_a_plan_is_named(self, transport: str, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, "<html>The external API is not part of your plan.</html>", 403)
        with pytest.raises(PlanRefused, match="plan"):
            ask(web, door, transport, LOAD)

    @pytest.mark.parametrize("status", [429, 503])
    def test_the_time_to_wait_is_kept(self, transport: str, status: int, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, "slow down", status, "text/plain", Retry_After="42")
        with pytest.raises(RateLimited) as caught:
            ask(web, door, transport, LOAD)
        assert caught.value.retry_after == 42

    @pytest.mark.parametrize(
        "body", [b"", b"{", b'{"jsonrpc": "2.0", "result": {"ids"', b"\xff\xfe\x00", b"<?xml vers"]
    )
    def test_half_an_answer_is_no_answer(self, transport: str, body: bytes, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, body, kind="application/json")
        with pytest.raises(TransientError):
            ask(web, door, transport, READ)
        with pytest.raises(UnknownOutcome):
            ask(web, door, transport, LOAD)

    def test_a_secret_that_comes_back_is_struck_out(self, transport: str, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, f"<html>{KEY}</html>", 500)
        with pytest.raises(UnknownOutcome) as caught:
            ask(web, door, transport, LOAD)
        assert "***" in caught.value.detail
        assert KEY not in f"{caught.value!r} {caught.value}"


NAMED = [
    ("odoo.exceptions.AccessDenied", "Access Denied", AuthRejected),
    ("odoo.exceptions.AccessDenied", "API access requires a Custom plan", PlanRefused),
    ("odoo.exceptions.AccessError", "You are not allowed to access 'Subscription Plan' records.", RightMissing),
    ("odoo.exceptions.AccessError", "Your plan does not include the external API", PlanRefused),
    ("odoo.exceptions.MissingError", "Der Datensatz existiert nicht.", RecordMissing),
    ("odoo.exceptions.ValidationError", "could not serialize access due to concurrent update", SerializationConflict),
    ("odoo.exceptions.ValidationError", "E-mail is wrong", ValueRefused),
    ("odoo.exceptions.UserError", "Object crm.lead doesn't exist", ModelUnknown),
    ("odoo.http.SessionExpiredException", "Session expired", AuthRejected),
    ("psycopg2.errors.SerializationFailure", "gleichzeitige Änderung", SerializationConflict),
    ("psycopg2.errors.DeadlockDetected", "deadlock detected", SerializationConflict),
    ("psycopg2.errors.LockNotAvailable", "canceling statement", SerializationConflict),
    ("psycopg2.OperationalError", 'FATAL:  database "x" does not exist\n', ConfigError),
    (
        "psycopg2.OperationalError",
        "connection to server failed: FATAL: sorry, too many clients already",
        TransientError,
    ),
    ("psycopg2.OperationalError", "server closed the connection unexpectedly", UnknownOutcome),
    ("psycopg2.errors.UniqueViolation", "duplicate key", ValueRefused),
    ("psycopg2.errors.InvalidTextRepresentation", "invalid input syntax", ValueRefused),
    ("psycopg2.errors.UndefinedColumn", "column does not exist", PermanentError),
    ("odoo.sql_db.PoolError", "The Connection Pool Is Full", TransientError),
    ("builtins.ValueError", "Invalid field 'mobile' on 'res.partner'", FieldUnknown),
    ("builtins.ValueError", "Wrong value for x", ValueRefused),
    ("builtins.KeyError", "'name'", FieldUnknown),
    ("builtins.KeyError", "'something'", PermanentError),
    ("builtins.TypeError", "missing a required argument", PermanentError),
    ("builtins.AttributeError", "The method 'x' does not exist on the model 'y'", MethodUnknown),
    ("builtins.AttributeError", "'int' object has no attribute 'id'", PermanentError),
    ("builtins.MemoryError", "", TransientError),
    ("werkzeug.exceptions.NotFound", "the model 'crm.lead' does not exist", ModelUnknown),
    ("werkzeug.exceptions.NotFound", "404", PermanentError),
    ("werkzeug.exceptions.RequestEntityTooLarge", "", TooLarge),
    ("werkzeug.exceptions.TooManyRequests", "", RateLimited),
    ("werkzeug.exceptions.ServiceUnavailable", "", TransientError),
    ("werkzeug.exceptions.Forbidden", "not in your plan", PlanRefused),
    ("werkzeug.exceptions.Forbidden", "no", RightMissing),
    ("my_module.Strange", "could not serialize access", SerializationConflict),
    ("my_module.Strange", "oh", PermanentError),
    ("", "", PermanentError),
]


@pytest.mark.parametrize(("name", "message", "kind"), NAMED)
class TestNames:
    """The exception's name decides, over every transport alike."""

    def test_over_json_rpc(
        self, name: str, message: str, kind: type[IntegrationError], web: HTTPServer, door: HttpDoor
    ) -> None:
        error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": message, "debug": "no"}}
        answer(web, json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}), kind="application/json")
        with pytest.raises(IntegrationError) as caught:
            ask(web, door, "jsonrpc", LOAD)
        assert type(caught.value) is kind

    def test_over_json2_whatever_the_status(
        self, name: str, message: str, kind: type[IntegrationError], web: HTTPServer, door: HttpDoor
    ) -> None:
        answer(web, json.dumps({"name": name, "message": message, "debug": "no"}), 500, "application/json")
        with pytest.raises(IntegrationError) as caught:
            ask(web, door, "json2", LOAD)
        assert type(caught.value) is kind

    def test_over_xml_rpc_from_the_traceback(self, name: str, message: str, kind: type[IntegrationError]) -> None:
        frames = 'Traceback (most recent call last):\n  File "x.py", line 1, in y\n    z()\n'
        text = f"{frames}{name or 'Exception'}: {message}\n"
        error = fault_error(1, text, Asked("res.partner", "load", True, ["id", "name"]))
        assert type(error) is kind


class TestFaults:
    @pytest.mark.parametrize(
        ("code", "text", "kind"),
        [
            (2, "Kontakte brauchen einen Namen", ValueRefused),
            (2, "Record does not exist or has been deleted.\n(Record: res.partner(99,), User: 6)", RecordMissing),
            (2, "Der Datensatz ist weg.\n(Datensatz: res.partner(99, 100), Benutzer: 6)", RecordMissing),
            (2, "Object no.model doesn't exist", ModelUnknown),
            (3, "Access Denied", AuthRejected),
            (4, "You are not allowed to access", RightMissing),
            (99, "what", PermanentError),
        ],
    )
    def test_a_fault_code_means(
        self, code: int, text: str, kind: type[IntegrationError], web: HTTPServer, door: HttpDoor
    ) -> None:
        answer(web, fault(text, code), kind="text/xml")
        with pytest.raises(IntegrationError) as caught:
            ask(web, door, "xmlrpc", LOAD)
        assert type(caught.value) is kind

    @pytest.mark.parametrize(
        "line",
        [
            "TypeError: cannot marshal None unless allow_none is enabled",
            "TypeError: cannot marshal <class 'odoo.api.mail.activity'> objects",
            "TypeError: dictionary key must be string",
            "OverflowError: int exceeds XML-RPC limits",
        ],
    )
    def test_a_result_that_cannot_be_written_is_a_success(self, line: str, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, fault(f"Traceback (most recent call last):\n  File x\n{line}\n"), kind="text/xml")
        assert ask(web, door, "xmlrpc", LOAD) is NO_VALUE

    def test_an_error_that_only_quotes_the_words_is_an_error(self, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, fault("Traceback (most recent call last):\n  x\nTypeError: I cannot marshal None"), kind="text/xml")
        with pytest.raises(PermanentError):
            ask(web, door, "xmlrpc", LOAD)

    @pytest.mark.parametrize(
        ("text", "end"),
        [
            ("Traceback (most recent call last):\n  a\nValueError: one\n", ("builtins.ValueError", "one")),
            (
                "Traceback (most recent call last):\n  a\nKeyError: 'x'\n\nDuring handling of the above exception, "
                "another exception occurred:\n\nTraceback (most recent call last):\n  b\n"
                "psycopg2.errors.X: l1\n  LINE 2\nl3\n",
                ("psycopg2.errors.X", "l1\n  LINE 2\nl3"),
            ),
            ("Traceback (most recent call last):\n  a\nMemoryError\n", ("builtins.MemoryError", "")),
            ("no traceback at all", ("builtins.Exception", "no traceback at all")),
            ("", ("builtins.Exception", "")),
        ],
    )
    def test_the_end_of_a_traceback_is_found(self, text: str, end: tuple[str, str]) -> None:
        assert traceback_end(text) == end

    def test_no_traceback_reaches_a_person(self, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, fault("Traceback (most recent call last):\n  File x\nRuntimeError: oh\n"), kind="text/xml")
        with pytest.raises(PermanentError) as caught:
            ask(web, door, "xmlrpc", LOAD)
        assert "Traceback" not in f"{caught.value} {caught.value.detail}"


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>'
    "<methodResponse><params><param><value><string>&lol2;</string></value></param></params></methodResponse>"
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<methodResponse><params><param><value><string>&x;</string></value></param></params></methodResponse>"
)
DOCTYPE = (
    '<?xml version="1.0"?><!DOCTYPE methodResponse SYSTEM "http://127.0.0.1/x.dtd">'
    "<methodResponse><params><param><value><int>1</int></value></param></params></methodResponse>"
)


class TestXmlComingIn:
    @pytest.mark.parametrize("document", [BOMB, OUTSIDE, DOCTYPE])
    def test_hostile_documents_are_refused(self, document: str, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, document, kind="text/xml")
        with pytest.raises(PermanentError, match="forbidden XML"):
            ask(web, door, "xmlrpc", READ)

    @pytest.mark.parametrize(
        ("document", "value"),
        [
            (b"a\x00b", "ab"),
            (b"a\x0bb\x1f", "ab"),
            (b"a&#0;b&#x1F;&#11;c", "abc"),
            (b"a\xef\xbf\xbeb", "ab"),
            (b"a\tb\nc&#13;d&#xD;e", "a\tb\nc\rd\re"),
            (b"a\xffb", "a\ufffdb"),
            ("Zoë 你好 😀".encode(), "Zoë 你好 😀"),
        ],
    )
    def test_control_characters_do_not_lose_the_batch(
        self, document: bytes, value: str, web: HTTPServer, door: HttpDoor
    ) -> None:
        whole = xml_value("<value><array><data><value><string>@</string></value></data></array></value>").encode()
        answer(web, whole.replace(b"@", document), kind="text/xml")
        assert ask(web, door, "xmlrpc", READ) == [value]

    @pytest.mark.parametrize(
        ("inner", "value"),
        [
            ("<value><int>9007199254740993</int></value>", 9007199254740993),
            ("<value><i8>9007199254740993</i8></value>", 9007199254740993),
            ("<value><nil/></value>", None),
            ("<value><boolean>0</boolean></value>", False),
            ("<value><double>1.5</double></value>", 1.5),
            ("<value>bare text</value>", "bare text"),
            ("<value><dateTime.iso8601>20300115T09:00:00</dateTime.iso8601></value>", "2030-01-15 09:00:00"),
            ("<value><base64>AAEC</base64></value>", "AAEC"),
        ],
    )
    def test_values_come_out_as_json_would_have_them(
        self, inner: str, value: Any, web: HTTPServer, door: HttpDoor
    ) -> None:
        answer(web, xml_value(inner), kind="text/xml")
        told = ask(web, door, "xmlrpc", READ)
        assert told == value
        assert type(told) is type(value)

    @pytest.mark.parametrize(
        "document",
        [
            "<methodResponse><params><param><value><int>x</int></value></param></params></methodResponse>",
            "<methodResponse></methodResponse>",
            "<methodResponse><params><param><value><struct><member>",
            "<something/>",
        ],
    )
    def test_nonsense_is_no_answer(self, document: str, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, document, kind="text/xml")
        with pytest.raises(UnknownOutcome):
            ask(web, door, "xmlrpc", LOAD)


def round_trip(value: Any) -> Any:
    """What a parser that keeps to the standard reads from our writing."""
    document = "".join(write_call("m", [value])).replace("<methodCall><methodName>m</methodName>", "<methodResponse>")
    return parse(document.replace("</methodCall>", "</methodResponse>").encode())


class TestXmlGoingOut:
    def test_forbidden_characters_are_left_out(self) -> None:
        assert round_trip("a\x00b\x08\x0b\x0c\x1f\ufffe\uffff\ud800c") == "abc"

    def test_allowed_ones_stay(self) -> None:
        text = "tab\tline\nreturn\r\n<b>&amp;</b> ]]> Zoë 你好 😀 \x7f\x85"
        assert round_trip(text) == text

    def test_none_is_false(self) -> None:
        assert round_trip({"a": None, "b": [None]}) == {"a": False, "b": [False]}

    @pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 10**30])
    def test_long_integers_are_refused(self, number: int, web: HTTPServer, door: HttpDoor) -> None:
        with pytest.raises(ValueRefused, match="32 bit"):
            ask(web, door, "xmlrpc", ("res.partner", "read", [[number], ["name"]]))
        assert len(web.log) == 0

    @pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 0])
    def test_others_travel(self, number: int) -> None:
        assert round_trip(number) == number

    @pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, float("nan"), float("inf")])
    def test_what_has_no_form_is_refused(self, value: Any) -> None:
        with pytest.raises(ValueRefused):
            round_trip(value)

    @settings(max_examples=60, deadline=None)
    @given(
        st.recursive(
            st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text(st.characters(codec="utf-8")),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
            max_leaves=12,
        )
    )
    def test_everything_else_comes_back_as_it_was(self, value: Any) -> None:
        assert round_trip(value) == without_controls(value)


CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def without_controls(value: Any) -> Any:
    shapes = {
        str: lambda: CONTROLS.sub("", value),
        list: lambda: [without_controls(item) for item in value],
        dict: lambda: {key: without_controls(item) for key, item in value.items()},
    }
    return shapes.get(type(value), lambda: value)()


class TestJson:
    @pytest.mark.parametrize("transport", ["jsonrpc", "json2"])
    @pytest.mark.parametrize("value", [2**64, "\ud800", object(), {1, 2}])
    def test_what_has_no_form_is_refused_here(
        self, transport: str, value: Any, web: HTTPServer, door: HttpDoor
    ) -> None:
        with pytest.raises(ValueRefused):
            ask(web, door, transport, ("res.partner", "write", [[1], {"x": value}]))
        assert len(web.log) == 0

    def test_a_deep_answer_does_not_crash(self, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, "[" * 100_000 + "]" * 100_000, kind="application/json")
        with pytest.raises(TransientError):
            ask(web, door, "json2", READ)

    def test_an_error_without_data_is_an_error(self, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, json.dumps({"jsonrpc": "2.0", "error": {"code": 404, "message": "404: Not Found"}}))
        with pytest.raises(PermanentError):
            ask(web, door, "jsonrpc", READ)

    def test_an_older_odoo_sends_json2_to_the_login_page(self, web: HTTPServer, door: HttpDoor) -> None:
        answer(web, "", 303, Location="/web/login?redirect=x")
        with pytest.raises(ConfigError, match="/web/login"):
            ask(web, door, "json2", READ)


class TestWords:
    @pytest.mark.parametrize(
        ("message", "model", "field"),
        [
            ("Invalid field 'a' on model 'res.partner'", "res.partner", "a"),
            ("Invalid field 'a' in 'res.partner'", "res.partner", "a"),
            ("Invalid field 'a' on 'res.partner'", "res.partner", "a"),
            ("Invalid field crm.lead.a in leaf ('a', '=', 1)", "crm.lead", "a"),
            ("Invalid field crm.lead.a in condition ('a', '=', 1)", "crm.lead", "a"),
            ("Invalid field name 'a'", "asked.model", "a"),
        ],
    )
    def test_an_unknown_field_is_named(self, message: str, model: str, field: str) -> None:
        error = named_error("builtins.ValueError", message, Asked("asked.model", "load"))
        assert isinstance(error, FieldUnknown)
        assert (error.model, error.field) == (model, field)

    def test_sentences_are_for_people(self) -> None:
        error = named_error("odoo.exceptions.AccessError", "no", Asked("crm.lead", "create", True))
        assert error.message == "The Odoo user may not create crm.lead."

    def test_a_page_is_told_without_mark_up(self) -> None:
        assert page_text(b"<html><script>x < 1</script><h1>Bad   Gateway</h1></html>") == "Bad Gateway"

    def test_long_words_are_cut(self) -> None:
        error = named_error("builtins.RuntimeError", "x" * 100_000, Asked())
        assert len(error.detail) == 2000


class TestExternalIdsOverXmlRpc:
    """`get_external_id` answers with integer keys, which XML-RPC cannot carry: `get_metadata` is asked."""

    def test_every_id_gets_an_entry(self, web: HTTPServer, door: HttpDoor) -> None:
        rows = "".join(
            f"<value><struct><member><name>id</name><value><int>{number}</int></value></member>"
            f"<member><name>xmlid</name>{xmlid}</member></struct></value>"
            for number, xmlid in ((4, "<value>tandem_1.x</value>"), (5, "<value><boolean>0</boolean></value>"))
        )
        answer(web, xml_value(f"<value><array><data>{rows}</data></array></value>"), kind="text/xml")
        client = OdooClient(OdooTarget(web.url_for(""), "db", "bot", KEY, "xmlrpc"), http=door, uid=7)
        assert client.get_external_ids("res.partner", [4, 5, 6]) == {4: "tandem_1.x", 5: "", 6: ""}
        request, _ = web.log[0]
        assert b"get_metadata" in request.data

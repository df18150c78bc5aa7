"""The client apart from the recordings: transport, user, hooks, limits, and what is checked before sending."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from integrations.errors import (
    AuthRejected,
    ConfigError,
    PermanentError,
    TransientError,
    UnknownOutcome,
    ValueRefused,
)
from integrations.network.http import HttpDoor
from integrations.odoo.wire.client import CallInfo, CallRecord, ExternalRef, OdooClient, OdooTarget, base_url
from integrations.odoo.wire.results import LoadMessage, parse_version, read_load_result
from integrations.odoo.wire.transports.base import Call
from integrations.odoo.wire.transports.json2 import name_arguments
from tests.integrations.odoo.wire.fake_odoo import FakeOdoo, refusal

KEY = "key-that-must-not-leak"


@pytest.fixture(scope="module")
def door() -> Iterator[HttpDoor]:
    door = HttpDoor(connect_timeout=1, read_timeout=5, write_timeout=6)
    yield door
    door.close()


@pytest.fixture(scope="module")
def web() -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture
def odoo(web: HTTPServer) -> FakeOdoo:
    web.clear()
    return FakeOdoo(web)


def client_of(odoo: FakeOdoo, door: HttpDoor, transport: str = "jsonrpc", **options: Any) -> OdooClient:
    return OdooClient(OdooTarget(odoo.url, "db", "bot@example.com", KEY, transport), http=door, **options)


class TestTarget:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("https://x.odoo.com", "https://x.odoo.com"),
            ("https://x.odoo.com/", "https://x.odoo.com"),
            ("https://x.odoo.com/odoo", "https://x.odoo.com"),
            ("https://x.odoo.com/odoo/crm/12?debug=1#top", "https://x.odoo.com"),
            ("https://x.odoo.com/web/", "https://x.odoo.com"),
            ("https://x.odoo.com/web/login", "https://x.odoo.com"),
            ("https://x.odoo.com/web#action=1", "https://x.odoo.com"),
            ("https://x.odoo.com/jsonrpc", "https://x.odoo.com"),
            ("https://x.odoo.com/xmlrpc/2", "https://x.odoo.com"),
            ("https://erp.example.com:8443/sales/web/login", "https://erp.example.com:8443/sales"),
            (" x.odoo.com ", "https://x.odoo.com"),
            ("localhost:8069", "https://localhost:8069"),
            ("HTTP://localhost:8069/odoo", "http://localhost:8069"),
            ("https://webshop.example.com/website", "https://webshop.example.com/website"),
        ],
    )
    def test_an_address_is_taken_as_people_copy_it(self, typed: str, meant: str) -> None:
        assert base_url(typed) == meant

    @pytest.mark.parametrize("typed", ["", "https://", "https://[::1"])
    def test_no_server_is_refused(self, typed: str) -> None:
        with pytest.raises(ConfigError):
            base_url(typed)

    def test_the_secret_is_not_shown(self) -> None:
        target = OdooTarget("https://x.odoo.com", "db", "bot", KEY)
        assert KEY not in f"{target!r} {target} {target.key}"

    def test_an_unknown_transport_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="carrier pigeon"):
            OdooClient(OdooTarget("https://x.odoo.com", "db", "bot", KEY, "carrier pigeon"))

    def test_user_and_password_in_the_address_are_refused(self, door: HttpDoor) -> None:
        client = OdooClient(OdooTarget(f"https://bot:{KEY}@x.odoo.com", "db", "bot", "other", "jsonrpc"), http=door)
        with pytest.raises(ConfigError) as caught:
            client.version()
        assert KEY not in str(caught.value)


class TestVersion:
    @pytest.mark.parametrize(
        ("text", "series", "minor", "saas", "enterprise"),
        [
            ("15.0", 15, 0, False, False),
            ("16.0", 16, 0, False, False),
            ("18.0+e-20241005", 18, 0, False, True),
            ("19.0-20250922", 19, 0, False, False),
            ("saas~18.2", 18, 2, True, False),
            ("saas-18.2", 18, 2, True, False),
            ("saas~18.4+e", 18, 4, True, True),
            ("20.0", 20, 0, False, False),
        ],
    )
    def test_a_version_is_read(self, text: str, series: int, minor: int, saas: bool, enterprise: bool) -> None:
        version = parse_version(text)
        assert version is not None
        assert (version.series, version.minor, version.saas, version.enterprise, version.text) == (
            series,
            minor,
            saas,
            enterprise,
            text,
        )

    @pytest.mark.parametrize("info", [["saas~18", 2, 0, "final", 0, "e"], [18, 2, 0, "final", 0, ""]])
    def test_the_tuple_serves_when_the_text_is_missing(self, info: list[Any]) -> None:
        version = parse_version(None, info)
        assert version is not None
        assert (version.series, version.minor) == (18, 2)

    def test_what_is_no_version_is_none(self) -> None:
        assert parse_version("next", []) is None

    def test_a_server_without_version_is_no_odoo(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["version"] = {"hello": "world"}
        with pytest.raises(ConfigError):
            client_of(odoo, door).version()

    def test_the_version_is_asked_once(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        client = client_of(odoo, door)
        assert client.version() is client.version()
        assert odoo.methods() == ["version"]

    @pytest.mark.parametrize(
        ("series", "transport"), [(15, "jsonrpc"), (16, "jsonrpc"), (18, "jsonrpc"), (19, "json2"), (20, "json2")]
    )
    def test_the_series_chooses_the_transport(
        self, series: int, transport: str, odoo: FakeOdoo, door: HttpDoor
    ) -> None:
        odoo.series = series
        assert client_of(odoo, door, "auto").transport.name == transport

    @pytest.mark.parametrize("transport", ["jsonrpc", "xmlrpc", "json2"])
    def test_the_operator_overrules_the_series(self, transport: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        assert client_of(odoo, door, transport).transport.name == transport
        assert odoo.calls == []

    def test_a_server_that_has_closed_rpc_still_tells_its_version(self, web: HTTPServer, door: HttpDoor) -> None:
        web.clear()
        web.expect_request("/jsonrpc").respond_with_data("<html>gone</html>", status=404, content_type="text/html")
        web.expect_request("/web/version").respond_with_json({"version": "22.0", "version_info": [22, 0]})
        client = OdooClient(OdooTarget(web.url_for("/web"), "db", "bot", KEY), http=door)
        assert client.version().series == 22
        assert client.transport.name == "json2"

    def test_a_place_without_odoo_says_so(self, web: HTTPServer, door: HttpDoor) -> None:
        web.clear()
        web.expect_request(re.compile(".*")).respond_with_data("<html>", status=404, content_type="text/html")
        with pytest.raises(ConfigError, match="No Odoo answers"):
            OdooClient(OdooTarget(web.url_for(""), "db", "bot", KEY), http=door).version()


class TestUser:
    def test_the_user_is_asked_for_once(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["search"] = []
        client = client_of(odoo, door)
        client.search("res.partner", [])
        client.search("res.partner", [])
        assert client.uid == 7
        assert odoo.methods() == ["authenticate", "search", "search"]

    def test_a_known_user_is_not_asked_for(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["search"] = []
        client_of(odoo, door, uid=5).search("res.partner", [])
        assert odoo.methods() == ["search"]

    def test_a_refused_user_is_asked_for_again(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        client = client_of(odoo, door, uid=5)
        odoo.answers["read"] = refusal("odoo.exceptions.AccessDenied", "Access Denied")
        with pytest.raises(AuthRejected):
            client.read("res.partner", [1], ["name"])
        odoo.answers["read"] = []
        client.read("res.partner", [1], ["name"])
        assert odoo.methods() == ["read", "authenticate", "read"]

    def test_false_means_refused(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["authenticate"] = False
        with pytest.raises(AuthRejected):
            _ = client_of(odoo, door).uid

    def test_json2_asks_the_context(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        assert client_of(odoo, door, "json2").uid == 7

    def test_json2_falls_back_to_the_login(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers |= {"context_get": {"lang": "en_US"}, "search": [9]}
        assert client_of(odoo, door, "json2").uid == 9
        assert odoo.last()["domain"] == [["login", "=", "bot@example.com"]]


class TestHooks:
    def test_the_hook_hears_of_a_call_before_it_leaves_and_after(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        told: list[Any] = []
        odoo.answers["search"] = [1, 2, 3]
        client = client_of(odoo, door, uid=7, before_call=told.append, on_call=told.append)
        client.search("res.partner", [])
        before, after = told
        assert before == CallInfo("res.partner", "search", False, 5, before.bytes_out)
        assert isinstance(after, CallRecord)
        assert (after.model, after.method, after.ok, after.error_class, after.rows) == (
            "res.partner",
            "search",
            True,
            None,
            3,
        )
        assert after.bytes_out == before.bytes_out > 100
        assert after.bytes_in > 10
        assert after.duration_s > 0
        assert KEY not in repr(told)

    def test_a_hook_that_raises_keeps_the_call_here(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        class LeaseLost(Exception):
            pass

        def hook(info: CallInfo) -> None:
            raise LeaseLost

        with pytest.raises(LeaseLost):
            client_of(odoo, door, uid=7, before_call=hook).load("res.partner", ["id", "name"], [["a.b", "x"]])
        assert odoo.calls == []

    def test_a_failed_call_is_told_by_class(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        told: list[CallRecord] = []
        odoo.answers["load"] = refusal("odoo.exceptions.ValidationError", "no")
        with pytest.raises(ValueRefused):
            client_of(odoo, door, uid=7, on_call=told.append).load("res.partner", ["id"], [["a.b"], ["a.c"]])
        assert [(record.ok, record.error_class, record.rows) for record in told] == [(False, "ValueRefused", 2)]

    def test_a_failing_listener_does_not_fail_a_done_write(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        def listener(record: CallRecord) -> None:
            raise RuntimeError("disk full")

        odoo.answers["load"] = {"ids": [1], "messages": []}
        assert client_of(odoo, door, uid=7, on_call=listener).load("res.partner", ["id"], [["a.b"]]).ids == (1,)

    def test_every_write_has_the_longer_time(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        told: list[CallInfo] = []
        client = client_of(odoo, door, uid=7, before_call=told.append)
        client.call("res.partner", "message_post", [[1]])
        client.call("res.partner", "search_count", [[]])
        client.call("res.partner", "search_count", [[]], timeout=3)
        assert [(info.write, info.timeout_s) for info in told] == [(True, 6), (False, 5), (False, 3)]

    def test_the_usual_times_are_90_and_60_seconds(self) -> None:
        door = HttpDoor()
        assert (door.write_timeout, door.read_timeout, door.connect_timeout) == (90, 60, 5)

    def test_the_servers_clock_is_noted(self, door: HttpDoor) -> None:
        ahead = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
        body = b'{"jsonrpc": "2.0", "id": 1, "result": {"server_version": "18.0"}}'
        head = f"HTTP/1.1 200 OK\r\nDate: {ahead}\r\nContent-Length: {len(body)}\r\n\r\n"
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            threading.Thread(target=answer_once, args=(listener, head.encode() + body), daemon=True).start()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            client = OdooClient(OdooTarget(url, "db", "bot", KEY, "jsonrpc"), http=door)
            assert client.clock_offset is None
            client.version()
        assert client.clock_offset is not None
        assert abs(client.clock_offset - timedelta(minutes=10)) < timedelta(seconds=3)


def answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with closing(connection):
        connection.recv(65536)
        connection.sendall(answer)


class TestReading:
    def test_records_come_raw_and_by_id(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["search_read"] = [{"id": 1, "country_id": 57}]
        rows = client_of(odoo, door, uid=7).search_read(
            "res.partner", [("id", ">", 0)], ["country_id"], limit=5, context={"active_test": False}
        )
        assert rows == [{"id": 1, "country_id": 57}]
        assert odoo.last() == [
            [[["id", ">", 0]]],
            {"fields": ["country_id"], "order": "id", "load": "", "limit": 5, "context": {"active_test": False}},
        ]

    def test_read_asks_for_raw_values(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["read"] = []
        client_of(odoo, door, uid=7).read("res.partner", (4, 5), ["name"])
        assert odoo.last() == [[[4, 5], ["name"]], {"load": ""}]

    def test_search_pages(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["search"] = [3]
        assert client_of(odoo, door, uid=7).search("res.partner", [], limit=2, offset=4, order="name") == [3]
        assert odoo.last() == [[[]], {"order": "name", "limit": 2, "offset": 4}]

    @pytest.mark.parametrize("nonsense", [True, {"id": 1}, "text", [1, 2], [{"name": "x"}]])
    def test_an_answer_of_another_shape_is_refused(self, nonsense: Any, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["read"] = nonsense
        with pytest.raises(PermanentError):
            client_of(odoo, door, uid=7).read("res.partner", [1], ["name"])

    def test_fields_are_asked_for_by_name(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["fields_get"] = {
            "priority": {"type": "selection", "selection": [["0", "Low"]], "string": "Priority", "store": True},
            "partner_id": {"type": "many2one", "relation": "res.partner", "required": True, "readonly": False},
        }
        infos = client_of(odoo, door, uid=7).fields_get("crm.lead", ["priority", "partner_id", "gone"])
        assert infos["priority"].selection == (("0", "Low"),)
        assert (infos["partner_id"].relation, infos["partner_id"].required) == ("res.partner", True)
        asked, attributes = odoo.last()[0]
        assert asked == ["priority", "partner_id", "gone"]
        assert set(attributes) == {"string", "type", "selection", "required", "readonly", "relation", "store"}

    def test_no_names_ask_nothing(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        assert client_of(odoo, door, uid=7).fields_get("crm.lead", []) == {}
        assert odoo.calls == []


class TestExternalIds:
    @pytest.mark.parametrize(
        ("answer", "meant"),
        [
            (["res.partner", 12], ExternalRef("found", "res.partner", 12)),
            (["res.partner", False], ExternalRef("hidden", "res.partner", None)),
            (refusal("builtins.ValueError", "External ID not found: x"), ExternalRef("missing", None, None)),
            (refusal("builtins.ValueError", "Externe ID nicht gefunden"), ExternalRef("missing", None, None)),
            (refusal("odoo.exceptions.AccessError", "no"), ExternalRef("hidden", None, None)),
        ],
    )
    def test_a_reference_is_found_hidden_or_missing(
        self, answer: Any, meant: ExternalRef, odoo: FakeOdoo, door: HttpDoor
    ) -> None:
        odoo.answers["check_object_reference"] = answer
        context = {"active_test": True, "tz": "UTC"}
        assert client_of(odoo, door, uid=7).check_object_reference("tandem_1", "x", context=context) == meant
        assert odoo.last()[1]["context"] == {"active_test": False, "tz": "UTC"}

    def test_a_transient_failure_is_no_answer(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["check_object_reference"] = refusal("psycopg2.OperationalError", "server closed the connection")
        with pytest.raises(TransientError):
            client_of(odoo, door, uid=7).check_object_reference("tandem_1", "x")

    @pytest.mark.parametrize("transport", ["jsonrpc", "json2"])
    def test_every_id_gets_an_entry(self, transport: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["get_external_id"] = {"4": "tandem_1.x", "5": ""}
        found = client_of(odoo, door, transport, uid=7).get_external_ids("res.partner", [4, 5, 6])
        assert found == {4: "tandem_1.x", 5: "", 6: ""}

    def test_no_ids_ask_nothing(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        assert client_of(odoo, door, uid=7).get_external_ids("res.partner", []) == {}
        assert odoo.calls == []

    @pytest.mark.parametrize("allowed", [True, False])
    def test_rights_are_asked_for(self, allowed: bool, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["check_access_rights"] = allowed
        assert client_of(odoo, door, uid=7).check_access("crm.lead", "create") is allowed
        assert odoo.last() == [["create"], {"raise_exception": False}]

    def test_rights_are_asked_for_by_the_new_name_where_the_old_is_gone(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["check_access_rights"] = refusal(
            "builtins.AttributeError", "The method 'crm.lead.check_access_rights' does not exist"
        )
        odoo.answers["has_access"] = True
        assert client_of(odoo, door, uid=7).check_access("crm.lead", "create") is True


class TestLoad:
    def test_ids_come_back_in_order(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["load"] = {"ids": [8, 9], "messages": [], "nextrow": 0}
        result = client_of(odoo, door, uid=7).load("res.partner", ["id", "name"], [["a.x", "X"], ["a.y", "Y"]])
        assert (result.ids, result.messages, result.serialization) == ((8, 9), (), False)

    def test_complaints_name_row_and_field(self) -> None:
        result = read_load_result(
            {
                "ids": False,
                "messages": [
                    {"type": "error", "record": 1, "field": "stage_id", "message": "No matching record\n"},
                    {"type": "error", "message": "Found more than 10 errors"},
                ],
            }
        )
        assert result is not None
        assert result.ids is None
        assert result.messages == (
            LoadMessage(1, "stage_id", "No matching record"),
            LoadMessage(None, None, "Found more than 10 errors"),
        )

    @pytest.mark.parametrize(
        ("text", "conflict"),
        [
            ("could not serialize access due to concurrent update\n", True),
            ("Unknown error during import: deadlock detected", True),
            ("Missing required value for the field 'Name'", False),
        ],
    )
    def test_a_conflict_is_seen_in_the_complaints(self, text: str, conflict: bool) -> None:
        result = read_load_result({"ids": False, "messages": [{"type": "error", "record": 0, "message": text}]})
        assert result is not None
        assert result.serialization is conflict

    def test_a_warning_does_not_undo_the_ids(self) -> None:
        result = read_load_result({"ids": [4], "messages": [{"type": "warning", "record": 0, "message": "hm"}]})
        assert result is not None
        assert result.ids == (4,)
        assert len(result.messages) == 1

    @pytest.mark.parametrize(
        ("columns", "row"),
        [
            ([".id", "name"], ["", "x"]),
            ([".id", "name"], ["12a", "x"]),
            ([".id", "name"], ["-1", "x"]),
            ([".id", "name"], ["0", "x"]),
            ([".id", "name"], ["²", "x"]),
            ([".id", "id"], ["1", "a.b"]),
            (["id", "name"], ["a.b"]),
            (["id", "active"], ["a.b", True]),
            (["id", "phone"], ["a.b", None]),
        ],
    )
    def test_rows_that_odoo_would_misread_stay_here(
        self, columns: list[str], row: list[Any], odoo: FakeOdoo, door: HttpDoor
    ) -> None:
        with pytest.raises(ValueRefused):
            client_of(odoo, door, uid=7).load("res.partner", columns, [row])
        assert odoo.calls == []

    @pytest.mark.parametrize("nonsense", [None, True, []])
    def test_an_unreadable_answer_leaves_the_outcome_unknown(
        self, nonsense: Any, odoo: FakeOdoo, door: HttpDoor
    ) -> None:
        odoo.answers["load"] = nonsense
        with pytest.raises(UnknownOutcome):
            client_of(odoo, door, uid=7).load("res.partner", ["id"], [["a.b"]])


class TestJson2Arguments:
    def test_a_method_without_known_names_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="by name"):
            name_arguments(Call("res.partner", "frobnicate", [[1], 2]))

    def test_named_arguments_need_no_table(self) -> None:
        body = name_arguments(Call("res.partner", "frobnicate", (), {"ids": [1], "how": 2}, {"tz": "UTC"}))
        assert body == {"ids": [1], "how": 2, "context": {"tz": "UTC"}}

    def test_too_many_arguments_are_refused(self) -> None:
        with pytest.raises(ConfigError):
            name_arguments(Call("res.partner", "unlink", [[1], 2]))

    def test_an_argument_given_twice_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="twice"):
            name_arguments(Call("res.partner", "read", [[1]], {"ids": [2]}))

    def test_one_record_to_create_becomes_a_list(self) -> None:
        assert name_arguments(Call("res.partner", "create", [{"name": "x"}])) == {"vals_list": [{"name": "x"}]}

    @pytest.mark.parametrize("method", ["../../web/login", "write?x", "", "a/b"])
    def test_a_method_cannot_leave_its_path(self, method: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        with pytest.raises(ConfigError):
            client_of(odoo, door, "json2").call("res.partner", method)
        assert odoo.calls == []

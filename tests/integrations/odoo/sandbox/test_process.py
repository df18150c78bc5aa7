"""The sandbox as a process: start, stop, power cut, transports by series, control and pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Any

import orjson
import pytest

from tests.support.sandbox import ControlError, RunningSandbox, running_sandbox

Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module", params=[16, 18, 19], ids=lambda series: f"odoo{series}")
def odoo(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    with running_sandbox(series=request.param, partners=30, leads=10) as running:
        yield running


@pytest.fixture(scope="module")
def odoo19() -> Iterator[RunningSandbox]:
    with running_sandbox(series=19) as running:
        yield running


@pytest.fixture(scope="module")
def odoo18() -> Iterator[RunningSandbox]:
    with running_sandbox(series=18, partners=60, leads=20) as running:
        yield running


def send(odoo: RunningSandbox, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    connection = HTTPConnection("127.0.0.1", odoo.port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def rpc(odoo: RunningSandbox, model: str, method: str, *args: Any, secret: str = "", **kwargs: Any) -> Any:
    params = [odoo.database, odoo.uid, secret or odoo.api_key, model, method, args, kwargs]
    request = {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": params}}
    status, _, body = send(odoo, "POST", "/jsonrpc", orjson.dumps(request))
    answer = orjson.loads(body)
    assert status == 200
    return answer.get("result", answer.get("error"))


def form(odoo: RunningSandbox, path: str, body: str = "", origin: str = "") -> Reply:
    kind = "application/x-www-form-urlencoded"
    return send(odoo, "POST", path, body.encode(), Origin=origin or odoo.url, Content_Type=kind)


def test_json2_exists_on_19_only(odoo: RunningSandbox) -> None:
    status, headers, _ = send(odoo, "POST", "/json/2/res.partner/search", b"{}", Content_Type="application/json")

    expected = {16: (404, None), 18: (303, "/web/login"), 19: (401, None)}
    assert (status, headers.get("location")) == expected[odoo.series]


def test_json2_refuses_another_database_and_another_content_type_with_html(odoo19: RunningSandbox) -> None:
    key = f"bearer {odoo19.api_key}"
    wrong_type = send(odoo19, "POST", "/json/2/res.partner/search", b"{}", Authorization=key, Content_Type="text/plain")
    wrong_base = send(
        odoo19,
        "POST",
        "/json/2/res.partner/search",
        b"{}",
        Authorization=key,
        Content_Type="application/json",
        X_Odoo_Database="other",
    )

    assert [reply[0] for reply in (wrong_type, wrong_base)] == [415, 404]
    assert {reply[1]["content-type"] for reply in (wrong_type, wrong_base)} == {"text/html; charset=utf-8"}


def test_json2_write_without_ids_answers_true_and_does_nothing(odoo19: RunningSandbox) -> None:
    status, _, body = send(
        odoo19,
        "POST",
        "/json/2/res.partner/write",
        b'{"vals": {"name": "Everybody"}}',
        Authorization=f"bearer {odoo19.api_key}",
        Content_Type="application/json",
    )

    assert (status, body) == (200, b"true")
    assert "Everybody" not in {one["name"] for one in odoo19.control.dump("res.partner", "name")}


def test_web_version_exists_on_19_only(odoo: RunningSandbox) -> None:
    assert send(odoo, "GET", "/web/version")[0] == {16: 404, 18: 404, 19: 200}[odoo.series]


def test_an_expired_key_is_refused_and_a_renewed_one_taken(odoo: RunningSandbox) -> None:
    odoo.control.expire_key(odoo.username)
    refused = rpc(odoo, "res.partner", "search_count", [])
    with_password = rpc(odoo, "res.partner", "search_count", [], secret=odoo.password)
    odoo.control.expire_key(odoo.username, renew=True)

    assert refused["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert with_password == rpc(odoo, "res.partner", "search_count", []) > 30


def test_an_acknowledged_load_outlives_a_power_cut() -> None:
    with running_sandbox(series=18) as odoo:
        ids = rpc(odoo, "res.partner", "load", ["id", "name"], [["t.a", "Survivor"]])["ids"]
        odoo.control.settings(merge_deletes_external_ids=True)
        odoo.kill()

        odoo.restart()

        assert rpc(odoo, "res.partner", "read", ids, ["name"]) == [{"id": ids[0], "name": "Survivor"}]
        assert rpc(odoo, "ir.model.data", "check_object_reference", "t", "a") == ["res.partner", ids[0]]
        assert odoo.control.settings()["merge_deletes_external_ids"] is True


def test_sigterm_ends_it_cleanly() -> None:
    with running_sandbox(series=18) as odoo:
        assert odoo.stop() == 0


def test_the_same_seed_makes_the_same_records() -> None:
    dumps = []
    for _ in range(2):
        with running_sandbox(series=18, partners=50, leads=20, seed=5) as odoo:
            dumps.append(
                odoo.control.dump("res.partner", "name", "email", "city") + odoo.control.dump("crm.lead", "name")
            )

    assert dumps[0] == dumps[1]


def test_reset_seeds_anew_and_counts_from_zero(odoo18: RunningSandbox) -> None:
    rpc(odoo18, "res.partner", "search_count", [])
    odoo18.control.reset(partners=12, leads=3, same_write_date=True)

    counters = odoo18.control.counters()
    seeded = [one for one in odoo18.control.dump("res.partner", "write_date", "ref") if one["id"] > 11]
    assert counters["calls"] == {}
    assert counters["records"]["crm.lead"] == 3
    assert len(seeded) == 12
    assert len({one["write_date"] for one in seeded}) == 1


def test_counters_tell_calls_mails_and_twins(odoo18: RunningSandbox) -> None:
    odoo18.control.reset()
    for _ in range(2):
        rpc(odoo18, "res.partner", "create", {"name": "Twin", "email": "twin@example.com"})
    rpc(odoo18, "res.partner", "message_post", [3], body="Hi", partner_ids=[7], subtype_xmlid="mail.mt_comment")

    counters = odoo18.control.counters()
    assert counters["calls"]["res.partner.create"] == 2
    assert counters["mails"] == 1
    assert counters["twins"]["res.partner"] == {"twin@example.com": 2}


def test_control_says_what_is_wrong(odoo18: RunningSandbox) -> None:
    with pytest.raises(ControlError, match="kind must be one of"):
        odoo18.control.fault("explode")
    with pytest.raises(ControlError, match="Missing or unknown: no_such"):
        odoo18.control.settings(no_such=1)


def test_control_is_closed_to_web_pages(odoo18: RunningSandbox) -> None:
    assert send(odoo18, "POST", "/_sandbox/reset", b"{}", Origin="http://evil.example")[0] == 403


def test_a_plan_without_api_refuses_every_call(odoo18: RunningSandbox) -> None:
    odoo18.control.settings(plan_block=True)
    refused = rpc(odoo18, "res.partner", "search_count", [])
    odoo18.control.settings(plan_block=False)

    assert "not included in your current plan" in refused["data"]["message"]


def test_pace_makes_a_call_as_slow_as_on_a_real_server() -> None:
    with running_sandbox(series=18, pace=True) as odoo:
        started = time.monotonic()
        rpc(odoo, "res.partner", "create", {"name": "Slow"})

        assert time.monotonic() - started >= 0.055


# -- pages -------------------------------------------------------------------------------------------------


def test_the_pages_say_that_this_is_a_sandbox(odoo: RunningSandbox) -> None:
    assert send(odoo, "GET", "/")[1]["location"] == "/odoo"
    status, _, body = send(odoo, "GET", "/odoo/contacts")

    assert status == 200
    assert f"This is a sandbox that imitates Odoo {odoo.series}".encode() in body


def test_a_person_makes_edits_archives_and_deletes_a_contact(odoo: RunningSandbox) -> None:
    made = form(odoo, "/odoo/contacts/new/save", "name=Page+Person&city=K%C3%B6ln")[1]["location"]
    record_id = int(made.rsplit("/", 1)[1])
    form(odoo, f"{made}/save", "name=Page+Person&city=Bonn&country_id=57")
    form(odoo, f"{made}/archive")

    stored = next(one for one in odoo.control.dump("res.partner", "city", "active") if one["id"] == record_id)
    form(odoo, f"{made}/delete")

    assert stored == {"id": record_id, "city": "Bonn", "active": False, "xmlids": []}
    assert send(odoo, "GET", made)[0] == 404


def test_a_person_converts_and_wins_a_lead(odoo: RunningSandbox) -> None:
    made = form(odoo, "/odoo/leads/new/save", "name=From+page")[1]["location"]
    record_id = int(made.rsplit("/", 1)[1])

    form(odoo, f"{made}/convert")
    form(odoo, f"/odoo/crm/{record_id}/won")

    stored = next(one for one in odoo.control.dump("crm.lead", "type", "probability") if one["id"] == record_id)
    assert (stored["type"], stored["probability"]) == ("opportunity", 100.0)


def test_a_form_from_another_site_is_refused(odoo: RunningSandbox) -> None:
    before = len(odoo.control.dump("res.partner", "id"))

    assert form(odoo, "/odoo/contacts/new/save", "name=Evil", origin="http://evil.example")[0] == 403
    assert send(odoo, "POST", "/odoo/contacts/new/save", b"name=Evil")[0] == 403
    assert len(odoo.control.dump("res.partner", "id")) == before


def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(odoo: RunningSandbox) -> None:
    status, _, body = form(odoo, "/odoo/leads/new/save", "name=&city=Kept%3Cb%3E")

    assert status == 422
    assert b'role="alert"' in body
    assert b"Kept&lt;b&gt;" in body
    assert b"Traceback" not in body


@pytest.mark.parametrize("path", ["/odoo/nothing", "/odoo/contacts/abc", "/odoo/contacts/999999", "/nothing"])
def test_what_is_not_there_is_a_404(odoo: RunningSandbox, path: str) -> None:
    assert send(odoo, "GET", path)[0] == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"params": 1}', b'{"params": {"service": "object"}}'])
def test_unreadable_json_rpc_is_answered_with_an_error(odoo: RunningSandbox, body: bytes) -> None:
    status, _, text = send(odoo, "POST", "/jsonrpc", body)

    assert status == 200
    assert "error" in orjson.loads(text)


@pytest.mark.parametrize("body", [b"", b"<x>", b"<?xml version='1.0'?><methodCall></methodCall>"])
def test_unreadable_xml_rpc_is_answered_with_a_fault(odoo: RunningSandbox, body: bytes) -> None:
    status, _, text = send(odoo, "POST", "/xmlrpc/2/object", body)

    assert status == 200
    assert b"<fault>" in text


def test_a_foreign_host_name_that_points_here_sees_nothing(odoo18: RunningSandbox) -> None:
    assert send(odoo18, "GET", "/odoo/contacts", Host="evil.example")[0] == 403
    assert send(odoo18, "GET", "/_sandbox/dump?model=res.partner", Host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("path", "location"),
    [("/web", "/odoo"), ("/mail/view?model=crm.lead&res_id=1", "/odoo/crm.lead/1"), ("/odoo", "/odoo/contacts")],
)
def test_odoos_own_links_lead_to_the_record(odoo18: RunningSandbox, path: str, location: str) -> None:
    assert send(odoo18, "GET", path)[1]["location"] == location


def test_a_link_by_model_name_shows_the_record(odoo18: RunningSandbox) -> None:
    status, _, body = send(odoo18, "GET", "/odoo/res.partner/3")

    assert status == 200
    assert b"Administrator" in body


def test_an_uninstalled_crm_app_shows_in_the_module_list(odoo18: RunningSandbox) -> None:
    odoo18.control.settings(crm_installed=False)
    state = rpc(odoo18, "ir.module.module", "search_read", [["name", "=", "crm"]], fields=["state"])[0]["state"]
    odoo18.control.settings(crm_installed=True)

    assert state == "uninstalled"


def test_a_power_cut_under_load_loses_nothing_acknowledged_and_doubles_nothing() -> None:
    acknowledged: list[str] = []

    def work(odoo: RunningSandbox, worker: int) -> None:
        for number in range(1000):
            rows = [[f"w{worker}.{number}_{row}", f"{worker}-{number}-{row}"] for row in range(5)]
            try:
                answer = rpc(odoo, "res.partner", "load", ["id", "name"], rows)
            except (OSError, HTTPException):
                return
            acknowledged.extend(xid for xid, _ in rows if answer["ids"])

    with running_sandbox(series=18) as odoo:
        threads = [threading.Thread(target=work, args=(odoo, worker)) for worker in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        odoo.kill()
        for thread in threads:
            thread.join(timeout=20)
        odoo.restart()
        stored = [xid for one in odoo.control.dump("res.partner", "name") for xid in one["xmlids"]]

    assert len(acknowledged) > 20
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))


def test_many_callers_at_once_are_all_answered(odoo18: RunningSandbox) -> None:
    odoo18.control.reset(partners=200)
    results: list[bool] = []

    def work(worker: int) -> None:
        for number in range(10):
            made = rpc(odoo18, "res.partner", "create", {"name": f"{worker}-{number}"})
            rpc(odoo18, "res.partner", "write", [20], {"ref": f"{worker}-{number}"})
            results.append(rpc(odoo18, "res.partner", "read", [made], ["name"])[0]["name"] == f"{worker}-{number}")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert results == [True] * 60


def test_a_refused_field_fails_the_read_and_an_absent_one_is_unknown(odoo18: RunningSandbox) -> None:
    odoo18.control.settings(refused_fields=["res.partner:vat"], absent_fields=["res.partner:x_cold_call_status"])
    names = rpc(odoo18, "res.partner", "fields_get", ["vat", "x_cold_call_status"])
    refused = rpc(odoo18, "res.partner", "read", [3], ["name", "vat"])
    unknown = rpc(odoo18, "res.partner", "read", [3], ["x_cold_call_status"])
    odoo18.control.settings(refused_fields=[], absent_fields=[])

    assert list(names) == ["vat"]
    assert refused["data"]["name"] == "odoo.exceptions.AccessError"
    assert unknown["data"]["message"] == "Invalid field 'x_cold_call_status' on model 'res.partner'"
    assert rpc(odoo18, "res.partner", "read", [3], ["x_cold_call_status"]) == [{"id": 3, "x_cold_call_status": False}]


def test_reading_every_field_fails_on_19(odoo: RunningSandbox) -> None:
    answer = rpc(odoo, "res.partner", "read", [3])

    assert isinstance(answer, list) is (odoo.series < 19)

"""The connection doctor, on the sandbox where it can tell, else on a fake that is wrong in one way at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from integrations.errors import IntegrationError
from integrations.network.http import HttpDoor
from integrations.odoo.setup import doctor_words as words
from integrations.odoo.setup.doctor import Finding, diagnose
from integrations.odoo.wire.client import OdooClient, OdooTarget
from tests.integrations.odoo.wire.fake_odoo import FakeOdoo, refusal
from tests.support.sandbox import RunningSandbox, running_sandbox

KEY = "key-that-must-not-leak"
NOW = datetime(2030, 1, 15, 9, 0, tzinfo=UTC)
WANTED = {"res.partner": ["name", "phone"], "crm.lead": ["name", "won_status"]}
RIGHTS = {
    "res.partner": ["read", "write", "create"],
    "crm.lead": ["read", "write", "create"],
    "crm.tag": ["read", "create"],
    "mail.message": ["create"],
}


@pytest.fixture(scope="module")
def door() -> Iterator[HttpDoor]:
    door = HttpDoor(connect_timeout=1, read_timeout=5)
    yield door
    door.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


@pytest.fixture
def odoo(shared: HTTPServer) -> FakeOdoo:
    shared.clear()
    odoo = FakeOdoo(shared)
    odoo.answers |= {
        "check_access_rights": True,
        "has_group": True,
        "fields_get": lambda args, *_: {name: {"type": "char"} for name in args[0]},
        "ir.module.module.search_read": [{"id": 1, "state": "installed"}],
        "res.users.read": [
            {"id": 7, "login": "bot@example.com", "company_id": 1, "company_ids": [1], "tz": "Europe/Berlin"}
        ],
        "res.company.read": [{"id": 1, "name": "Example GmbH"}, {"id": 2, "name": "Example AG"}],
        "res.users.apikeys.search_read": [{"id": 1, "name": "Tandem", "expiration_date": False}],
    }
    return odoo


def examine(odoo: FakeOdoo, door: HttpDoor, **options: Any) -> list[Finding]:
    target = OdooTarget(odoo.url, "db", "bot@example.com", KEY, options.pop("transport", "auto"))
    settings: dict[str, Any] = {"wanted": WANTED, "rights": RIGHTS, "now": lambda: NOW, **options}
    return diagnose(OdooClient(target, http=door), **settings)


def titled(findings: Sequence[Finding], title: str) -> list[Finding]:
    return [finding for finding in findings if finding.title == title]


def one(findings: Sequence[Finding], title: str) -> Finding:
    (finding,) = titled(findings, title)
    return finding


def failures(findings: Sequence[Finding]) -> list[str]:
    return [finding.title for finding in findings if finding.level == "fail"]


class TestHealthy:
    @pytest.mark.parametrize("series", [16, 18, 19])
    def test_every_check_has_its_line(self, series: int, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.series = series
        findings = examine(odoo, door, public_url="https://odoo.example.com")
        assert failures(findings) == []
        assert [finding.title for finding in findings] == [
            "Encryption",
            "Address",
            "Version",
            "Transport",
            "User and key",
            "Company",
            "Time zone",
            "CRM app",
            "Rights",
            "Leads of colleagues",
            "Fields",
            "End of the key",
            "Clock",
            "Public address",
        ]

    def test_nothing_is_written_in_odoo(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        examine(odoo, door)
        assert not {"create", "write", "load", "unlink", "message_post"} & set(odoo.methods())

    def test_a_target_will_do(self, odoo: FakeOdoo) -> None:
        target = OdooTarget(odoo.url, "db", "bot@example.com", KEY)
        assert failures(diagnose(target, wanted=WANTED, rights=RIGHTS)) == []

    def test_what_is_fine_asks_nothing_of_anybody(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        assert not [finding for finding in examine(odoo, door) if finding.level == "ok" and finding.remedy]


class TestServer:
    def test_nobody_there(self, door: HttpDoor) -> None:
        target = OdooTarget("http://127.0.0.1:9", "db", "bot", KEY)
        findings = diagnose(OdooClient(target, http=door), wanted=WANTED, rights=RIGHTS)
        assert failures(findings) == ["Address"]
        assert "could not be reached" in one(findings, "Address").sentence

    def test_another_web_site(self, shared: HTTPServer, door: HttpDoor) -> None:
        shared.clear()
        shared.expect_request(re.compile(".*")).respond_with_data("<html>shop</html>", 404, content_type="text/html")
        client = OdooClient(OdooTarget(shared.url_for(""), "db", "bot", KEY), http=door)
        findings = diagnose(client, wanted=WANTED, rights=RIGHTS)
        assert one(findings, "Address").level == "fail"
        assert "No Odoo answers" in findings[-1].sentence

    def test_plain_http_elsewhere(self) -> None:
        with closing(HttpDoor(resolver=lambda host, port: ["203.0.113.9"])) as door:
            client = OdooClient(OdooTarget("http://odoo.example.com", "db", "bot", KEY), http=door)
            findings = diagnose(client, wanted=WANTED, rights=RIGHTS)
        assert "https" in one(findings, "Address").sentence
        assert findings[-1].level == "fail"

    def test_no_address_at_all(self) -> None:
        findings = diagnose(OdooTarget("", "db", "bot", KEY), wanted=WANTED, rights=RIGHTS)
        assert [(finding.level, finding.title) for finding in findings] == [("fail", "Address")]

    @pytest.mark.parametrize(
        ("series", "level"),
        [(14, "fail"), (15, "warn"), (16, "ok"), (18, "ok"), (19, "ok"), (20, "warn"), (21, "fail")],
    )
    def test_the_series(self, series: int, level: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.series = series
        findings = examine(odoo, door)
        assert one(findings, "Version").level == level
        assert bool(titled(findings, "User and key")) is (level != "fail")

    def test_an_old_transport_on_a_new_odoo(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.series = 19
        assert one(examine(odoo, door, transport="jsonrpc"), "Transport").level == "warn"

    def test_clocks_apart(self, odoo: FakeOdoo, door: HttpDoor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(OdooClient, "clock_offset", timedelta(minutes=-5))
        line = one(examine(odoo, door), "Clock")
        assert line.level == "warn"
        assert "300 seconds behind" in line.sentence


class TestUser:
    def test_a_wrong_key(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["authenticate"] = False
        line = examine(odoo, door)[-1]
        assert (line.level, line.title, line.remedy) == ("fail", "User and key", words.RENEW_KEY)

    def test_a_key_that_ended_although_the_user_was_known(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["res.users.read"] = refusal("odoo.exceptions.AccessDenied", "Access Denied")
        client = OdooClient(OdooTarget(odoo.url, "db", "bot@example.com", KEY, "jsonrpc"), http=door, uid=7)
        assert failures(diagnose(client, wanted=WANTED, rights=RIGHTS)) == ["User and key"]

    def test_a_wrong_database(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["authenticate"] = refusal("psycopg2.OperationalError", 'FATAL: database "db" does not exist')
        line = examine(odoo, door)[-1]
        assert (line.level, line.sentence) == ("fail", "Odoo has no database named “db”.")

    def test_a_plan_without_api(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["authenticate"] = refusal("odoo.exceptions.AccessDenied", "The API is not part of your plan")
        line = examine(odoo, door)[-1]
        assert (line.level, line.title, line.remedy) == ("fail", "Plan", words.CHANGE_PLAN)

    def test_somebody_elses_key(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["res.users.read"] = [{"id": 7, "login": "anna@example.com", "company_ids": [1], "company_id": 1}]
        line = one(examine(odoo, door), "User and key")
        assert line.level == "warn"
        assert "anna@example.com" in line.sentence

    def test_several_companies(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["res.users.read"] = [
            {"id": 7, "company_ids": [1, 2], "company_id": [2, "Example AG"], "tz": False}
        ]
        findings = examine(odoo, door)
        assert "works for Example AG and may also see Example GmbH" in one(findings, "Company").sentence
        assert "no zone of its own" in one(findings, "Time zone").sentence

    @pytest.mark.parametrize(
        ("ends", "level", "says"),
        [
            (["2030-01-20 09:00:00"], "warn", "2030-01-20, in 5 days"),
            (["2030-03-20 09:00:00"], "ok", "2030-03-20"),
            ([False], "ok", "no end"),
            ([False, "2030-01-20 09:00:00"], "warn", "One of the user's keys"),
            (["2029-12-01 00:00:00", "2030-03-20 09:00:00"], "ok", "2030-03-20"),
            ([], "warn", "password"),
        ],
    )
    def test_the_end_of_the_key(self, ends: list[Any], level: str, says: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["res.users.apikeys.search_read"] = [{"id": 1, "expiration_date": end} for end in ends]
        line = one(examine(odoo, door), "End of the key")
        assert line.level == level
        assert says in line.sentence

    def test_an_odoo_whose_keys_do_not_end(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["res.users.apikeys.fields_get"] = {}
        assert "do not end" in one(examine(odoo, door), "End of the key").sentence


class TestRights:
    @pytest.mark.parametrize(
        ("model", "operation", "right"),
        [
            ("res.partner", "create", "Contact Creation"),
            ("res.partner", "write", "Contact Creation"),
            ("res.partner", "read", "User type: Internal User"),
            ("crm.lead", "write", "Sales / User: All Documents"),
            ("crm.tag", "create", "Sales / User: Own Documents Only"),
            ("mail.message", "create", "User type: Internal User"),
        ],
    )
    def test_the_one_right_is_named(
        self, model: str, operation: str, right: str, odoo: FakeOdoo, door: HttpDoor
    ) -> None:
        odoo.answers[f"{model}.check_access_rights"] = lambda args, *_: args != [operation]
        line, _ = titled(examine(odoo, door), "Rights")
        assert line.level == "fail"
        assert f"“{right}”" in line.sentence
        assert f"“{right}”" in line.remedy
        assert words.noun(model) in line.sentence

    def test_several_lacks_of_a_model_are_one_line(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["crm.lead.check_access_rights"] = False
        line, granted = titled(examine(odoo, door), "Rights")
        assert "may not see, change and create leads" in line.sentence
        assert "6 of the rights" in granted.sentence

    def test_only_own_leads(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["has_group"] = False
        line = one(examine(odoo, door), "Leads of colleagues")
        assert line.level == "fail"
        assert words.ALL_DOCUMENTS in line.remedy

    def test_an_odoo_that_does_not_tell_groups(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["has_group"] = refusal("odoo.exceptions.AccessError", "no")
        assert titled(examine(odoo, door), "Leads of colleagues") == []

    @pytest.mark.parametrize("series", [16, 18])
    def test_the_older_and_the_newer_form_of_the_question(self, series: int, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.series = series
        group = "sales_team.group_sale_salesman_all_leads"
        forms = {16: [group], 18: [[7], group]}
        odoo.answers["has_group"] = lambda args, *_: args == forms[series]
        assert one(examine(odoo, door), "Leads of colleagues").level == "ok"

    @pytest.mark.parametrize("state", [[], [{"id": 1, "state": "uninstalled"}]])
    def test_no_crm_app(self, state: list[Any], odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["ir.module.module.search_read"] = state
        assert failures(examine(odoo, door)) == ["CRM app"]

    def test_a_user_who_may_not_see_the_apps(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["ir.module.module.search_read"] = refusal("odoo.exceptions.AccessError", "no")
        assert one(examine(odoo, door), "CRM app").level == "ok"
        odoo.answers["crm.lead.fields_get"] = refusal("odoo.exceptions.UserError", "Object crm.lead doesn't exist")
        assert one(examine(odoo, door), "CRM app").level == "fail"

    def test_a_model_of_an_app_that_is_missing(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["check_access_rights"] = refusal("odoo.exceptions.UserError", "Object x doesn't exist")
        line = examine(odoo, door, rights={"calendar.event": ["create"]})
        assert "install Calendar" in one(line, "Rights").remedy


class TestFields:
    def test_a_missing_field_is_named(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["crm.lead.fields_get"] = {"name": {"type": "char"}}
        line, total = titled(examine(odoo, door), "Fields")
        assert (line.level, total.level) == ("warn", "ok")
        assert "no won_status" in line.sentence
        assert "3 mapped fields" in total.sentence

    def test_a_model_that_may_not_be_read(self, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers["crm.lead.fields_get"] = refusal("odoo.exceptions.AccessError", "You are not allowed")
        line, _ = titled(examine(odoo, door), "Fields")
        assert (line.level, line.remedy) == ("fail", words.GRANT)


class TestPublicAddress:
    @pytest.mark.parametrize(
        ("public_url", "level"), [("", "warn"), ("https://odoo.example.com/web", "ok"), ("ftp://x.example.com", "fail")]
    )
    def test_links_need_an_address_that_people_reach(
        self, public_url: str, level: str, odoo: FakeOdoo, door: HttpDoor
    ) -> None:
        assert one(examine(odoo, door, public_url=public_url), "Public address").level == level


ERRORS = [
    "odoo.exceptions.AccessDenied",
    "odoo.exceptions.AccessError",
    "odoo.exceptions.UserError",
    "builtins.ValueError",
    "builtins.RuntimeError",
    "psycopg2.errors.SerializationFailure",
    "psycopg2.OperationalError",
    "odoo.sql_db.PoolError",
]


class TestWords:
    @pytest.mark.parametrize("name", ERRORS)
    @pytest.mark.parametrize(
        "method", ["authenticate", "read", "search_read", "check_access_rights", "has_group", "fields_get", "version"]
    )
    def test_whatever_fails_is_a_line_for_people(self, name: str, method: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        noise = f'Traceback (most recent call last):\n  File "x.py"\n{KEY}'
        odoo.answers = {key: value for key, value in odoo.answers.items() if not key.endswith(method)}
        odoo.answers[method] = refusal(name, noise)
        findings = examine(odoo, door)
        text = repr(findings)
        assert "Traceback" not in text
        assert KEY not in text
        assert "builtins" not in text
        assert "psycopg2" not in text
        assert all(finding.remedy for finding in findings if finding.level != "ok")

    @pytest.mark.parametrize("nonsense", [None, True, 5, "text", [], [5], {}, [{}]])
    @pytest.mark.parametrize("method", ["read", "search_read", "check_access_rights", "has_group", "fields_get"])
    def test_nonsense_raises_nothing(self, nonsense: Any, method: str, odoo: FakeOdoo, door: HttpDoor) -> None:
        odoo.answers = {key: value for key, value in odoo.answers.items() if not key.endswith(method)}
        odoo.answers[method] = nonsense
        assert {finding.level for finding in examine(odoo, door)} <= {"ok", "warn", "fail"}

    def test_the_names_of_models_are_for_people(self) -> None:
        assert [words.noun(model) for model in ("crm.lead", "x_other")] == [
            "leads and opportunities",
            "records of x_other",
        ]

    @pytest.mark.parametrize(("names", "text"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b and c")])
    def test_lists_read_as_sentences(self, names: list[str], text: str) -> None:
        assert words.listed(names) == text

    def test_the_strongest_of_several_rights_is_the_one(self) -> None:
        assert words.right_for("res.partner", ["read", "create"]) == "Contact Creation"
        assert words.right_for("crm.lead", ["write", "unlink"]) == "Sales / Administrator"


@pytest.fixture(scope="module", params=[16, 18, 19])
def sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    with running_sandbox(series=request.param) as running:
        yield running


class TestSandbox:
    """The same questions to something that is not a fake of the client's own making."""

    def test_the_integration_user_is_fit(self, sandbox: RunningSandbox) -> None:
        target = OdooTarget(sandbox.url, sandbox.database, sandbox.username, sandbox.api_key)
        findings = diagnose(target, wanted=WANTED, rights=RIGHTS)
        assert failures(findings) == []
        assert "Sandbox Example Company" in one(findings, "Company").sentence

    def test_a_user_with_few_rights_is_told_which(self, sandbox: RunningSandbox) -> None:
        target = OdooTarget(sandbox.url, sandbox.database, "lowrights", "lowrights", "jsonrpc")
        text = repr(titled(diagnose(target, wanted=WANTED, rights=RIGHTS), "Rights"))
        assert "“Sales / User: All Documents”" in text

    def test_a_wrong_key(self, sandbox: RunningSandbox) -> None:
        target = OdooTarget(sandbox.url, sandbox.database, sandbox.username, "wrong")
        assert failures(diagnose(target, wanted=WANTED, rights=RIGHTS)) == ["User and key"]


def test_the_doctor_raises_nothing_of_ours() -> None:
    class Broken:
        target = OdooTarget("https://odoo.example.com", "db", "bot", KEY)

        def version(self) -> None:
            raise IntegrationError("It is broken.")

    findings = diagnose(Broken(), wanted=WANTED, rights=RIGHTS)  # type: ignore[arg-type]
    assert findings[-1].sentence == "It is broken."

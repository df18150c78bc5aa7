"""manage.py odoo: whatever is wrong is told in a sentence, and a rehearsal writes on neither side."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from crm.models import Account, Contact, Stage
from integrations.models import Connection, OutboxMessage
from tests.factories import AccountFactory, ContactFactory
from tests.support.sandbox import RunningSandbox, free_port, running_sandbox

SALES = "Sales / User: All Documents"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(partners=6, leads=4) as sandbox:
        yield sandbox


@pytest.fixture
def odoo(running: RunningSandbox, settings: LazySettings, stages: dict[str, Stage]) -> RunningSandbox:
    """A fresh sandbox, named in the settings; not connected yet."""
    running.control.reset(partners=6, leads=4)
    settings.ODOO_URL, settings.ODOO_DB = running.url, running.database
    settings.ODOO_USERNAME, settings.ODOO_API_KEY = running.username, running.api_key
    return running


def run(*words: str) -> str:
    """What the command prints; raises CommandError with what it says against it."""
    out = io.StringIO()
    call_command("odoo", *words, stdout=out)
    return out.getvalue()


def refusal(*words: str) -> str:
    """The sentence of a command that fails."""
    with pytest.raises(CommandError) as caught:
        run(*words)
    said = str(caught.value)
    assert "Traceback" not in said
    assert "\n" not in said
    return said


# --- connect


def test_connect_says_with_whom(odoo: RunningSandbox) -> None:
    said = run("connect")
    assert said == f"Connected to Odoo 18 at {odoo.url}, database sandbox, as integration@example.com.\n"
    assert Connection.objects.get().state == Connection.State.ACTIVE


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no URL": ({"ODOO_URL": ""}, "ODOO_URL is not set."),
    "no database": ({"ODOO_DB": ""}, "ODOO_DB is not set."),
    "no user": ({"ODOO_USERNAME": ""}, "ODOO_USERNAME is not set."),
    "no key": ({"ODOO_API_KEY": ""}, "No API key is set for Odoo."),
    "no server in it": ({"ODOO_URL": "https://"}, "names no server"),
    "no address": ({"ODOO_URL": "http://[oops"}, "not a web address"),
    "another scheme": ({"ODOO_URL": "ftp://127.0.0.1"}, "http"),
    "no such port": ({"ODOO_URL": "http://127.0.0.1:99999"}, "address"),
    "nobody listens": ({"ODOO_URL": f"http://127.0.0.1:{free_port()}"}, "reach"),
    "no such name": ({"ODOO_URL": "https://nowhere.invalid"}, "nowhere.invalid"),
    "plain http to a stranger": ({"ODOO_URL": "http://192.0.2.1"}, "https"),
    "database": ({"ODOO_DB": "nonsense"}, "database"),
    "key": ({"ODOO_API_KEY": "wrong"}, "Odoo does not accept this user with this key."),
    "user": ({"ODOO_USERNAME": "nobody@example.com"}, "Odoo does not accept this user with this key."),
}


@pytest.mark.parametrize("case", WRONG)
def test_connect_tells_what_is_wrong_and_keeps_nothing(case: str, odoo: RunningSandbox, settings: LazySettings) -> None:
    values, words = WRONG[case]
    for name, value in values.items():
        setattr(settings, name, value)
    said = refusal("connect")
    assert words in said
    assert said.endswith(".")
    assert "wrong" not in said
    assert not Connection.objects.exists()


def test_a_failed_connect_leaves_the_live_connection_and_what_waits(
    odoo: RunningSandbox, settings: LazySettings
) -> None:
    run("connect")
    waiting = ContactFactory.create()
    OutboxMessage.objects.create(
        connection=Connection.objects.get(),
        remote_model="res.partner",
        content_type=apps.get_model("contenttypes.ContentType").objects.get_for_model(Contact),
        object_uuid=waiting.uuid,
    )
    settings.ODOO_API_KEY = "wrong"
    refusal("connect")
    assert Connection.objects.get().state == Connection.State.ACTIVE
    assert Connection.objects.get().secret == odoo.api_key
    assert OutboxMessage.objects.get().status == OutboxMessage.Status.WAITING


# --- not connected, gone, refused


@pytest.mark.parametrize("words", [["sync"], ["sync", "--dry-run"], ["status"]])
def test_without_a_connection_each_says_how_to_make_one(words: list[str], odoo: RunningSandbox) -> None:
    assert refusal(*words).startswith("No Odoo is connected. Set ODOO_URL")


def test_without_a_connection_the_doctor_says_so_too(odoo: RunningSandbox) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="needs attention"):
        call_command("odoo", "doctor", stdout=out)
    assert "[fail] Connection: No Odoo is connected." in out.getvalue()


@pytest.mark.parametrize("words", [["sync"], ["sync", "--dry-run"]])
def test_an_odoo_that_is_down_is_told_in_a_sentence(words: list[str], odoo: RunningSandbox) -> None:
    run("connect")
    Connection.objects.update(url=f"http://127.0.0.1:{free_port()}")
    assert "reach" in refusal(*words)
    assert Connection.objects.get().state == Connection.State.ACTIVE


def test_a_key_that_ran_out_pauses_and_says_so(odoo: RunningSandbox) -> None:
    run("connect")
    odoo.control.expire_key(odoo.username)
    assert "refused" in refusal("sync")
    paused = Connection.objects.get()
    assert paused.state == Connection.State.PAUSED
    assert paused.state_reason.startswith("Odoo refused the user or the key. The key has ended or was deleted")
    assert "Paused\n  Odoo refused the user or the key." in run("status")


def test_a_missing_crm_app_is_told_and_contacts_come_all_the_same(odoo: RunningSandbox) -> None:
    run("connect")
    odoo.control.settings(crm_installed=False)
    said = refusal("sync")
    assert "crm." in said


def test_a_key_that_cannot_be_decrypted_is_told_in_a_sentence(odoo: RunningSandbox, settings: LazySettings) -> None:
    run("connect")
    settings.FIELD_ENCRYPTION_KEYS = ["OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="]
    for words in (["sync"], ["status"], ["doctor"]):
        assert "FIELD_ENCRYPTION_KEYS" in refusal(*words)


# --- sync


def test_sync_tells_what_came_and_what_went(odoo: RunningSandbox) -> None:
    run("connect")
    ContactFactory.create(name="Only here", email="only@example.com")
    lines = run("sync").splitlines()
    assert "crm.lead: 4 of 4" in lines
    assert lines[-2].startswith("From Odoo: ")
    assert lines[-1] == "To Odoo: 1 sent, 0 parked, 0 waiting."
    assert "Only here" in {one["name"] for one in odoo.control.dump("res.partner", "name")}


LOGS = ("integrations.IntegrationEvent", "integrations.EventTally", "integrations.Budget", "integrations.CallMinute")


def everything_here() -> dict[str, list[Any]]:
    """All rows of all tables but the log and the count of calls."""
    return {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if model._meta.label not in LOGS
    }


def everything_there(odoo: RunningSandbox) -> dict[str, list[Any]]:
    names = ("res.partner", "crm.lead", "crm.tag", "res.partner.category", "mail.message", "mail.activity")
    return {name: odoo.control.dump(name) for name in names}


def test_a_rehearsal_writes_on_neither_side_and_the_real_run_does_what_it_showed(odoo: RunningSandbox) -> None:
    run("connect")
    odoo.control.create("res.partner", name="Same Person", email="same@example.com")
    odoo.control.create("res.partner", name="Other Name", email="doubt@example.com")
    linked = ContactFactory.create(name="Same Person", email="same@example.com")
    ContactFactory.create(name="Doubtful", email="doubt@example.com")
    AccountFactory.create(name="Only here Ltd", email="")
    before = everything_here(), everything_there(odoo), odoo.control.counters()["records"]

    said = run("sync", "--dry-run")

    assert (everything_here(), everything_there(odoo), odoo.control.counters()["records"]) == before
    assert said.startswith("Rehearsal: nothing is written, neither here nor in Odoo.")
    line = next(one for one in said.splitlines() if one.startswith("res.partner: "))
    assert "1 to link, 1 to confirm" in line
    assert f"Linked without asking: {linked} ↔ Odoo record" in said
    assert "To be confirmed: Doubtful ↔ Other Name" in said
    made = int(line.removeprefix("res.partner: ").split()[0])
    people = Contact.objects.count() + Account.objects.count()
    run("sync")
    assert Contact.objects.count() + Account.objects.count() == people + made


# --- status and doctor


def test_status_tells_how_far_each_model_is(odoo: RunningSandbox) -> None:
    run("connect")
    run("sync")
    said = run("status")
    assert said.startswith(f"{odoo.url} (sandbox): Active\n")
    assert "crm.lead: In step, 4 of 4 in the first sync, last poll 20" in said
    assert "outgoing, waiting: 0" in said
    assert "outgoing, parked: 0" in said
    assert odoo.api_key not in said


def test_doctor_finds_a_healthy_connection_healthy(odoo: RunningSandbox) -> None:
    run("connect")
    said = run("doctor")
    assert "[  ok] User and key: Odoo accepts integration@example.com in database sandbox." in said
    assert "[fail]" not in said
    assert odoo.api_key not in said


@pytest.mark.parametrize(
    ("right", "words", "group"),
    [
        ("crm.lead:create", "The user may not create leads and opportunities (crm.lead)", SALES),
        ("crm.lead:write", "The user may not change leads and opportunities (crm.lead)", SALES),
        ("res.partner:create", "The user may not create contacts (res.partner)", "Contact Creation"),
        ("crm.tag:create", "The user may not create CRM tags (crm.tag)", "Sales / User: Own Documents Only"),
    ],
)
def test_doctor_names_the_one_right_that_lacks(right: str, words: str, group: str, odoo: RunningSandbox) -> None:
    run("connect")
    odoo.control.settings(revoked=[f"integration:{right}"])
    out = io.StringIO()
    with pytest.raises(CommandError, match="needs attention"):
        call_command("odoo", "doctor", stdout=out)
    failed = [line for line in out.getvalue().splitlines() if line.startswith("[fail]")]
    assert failed == [f"[fail] Rights: {words}: the right “{group}” is missing."]
    assert f"grant “{group}”." in out.getvalue()


def test_doctor_tells_a_missing_crm_app(odoo: RunningSandbox) -> None:
    run("connect")
    odoo.control.settings(crm_installed=False)
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("odoo", "doctor", stdout=out)
    assert "[fail] CRM app: The CRM app is not installed in this Odoo." in out.getvalue()
    assert "In Odoo: Apps, search “CRM”, Install." in out.getvalue()


@pytest.mark.parametrize("trouble", ["down", "key", "database"])
def test_doctor_says_in_words_what_stops_it(trouble: str, odoo: RunningSandbox) -> None:
    run("connect")
    change = {"down": {"url": f"http://127.0.0.1:{free_port()}"}, "key": {}, "database": {"database": "nonsense"}}
    Connection.objects.update(**change[trouble], remote_uid=None)
    broken = Connection.objects.get()
    broken.secret = {"key": "wrong"}.get(trouble, odoo.api_key)
    broken.save()
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("odoo", "doctor", stdout=out)
    title = {"down": "Address", "key": "User and key", "database": "User and key"}[trouble]
    assert f"[fail] {title}: " in out.getvalue()
    assert "Traceback" not in out.getvalue()

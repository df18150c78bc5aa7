"""Odoo's webhook rules, made and removed from here with an administrator's key that nobody keeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from django.apps import apps
from django.conf import LazySettings

from integrations import webhooks
from integrations.errors import ConfigError, IntegrationError, RightMissing
from integrations.models import Connection
from integrations.odoo.setup import hooks
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(18, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]


@pytest.fixture(autouse=True)
def keys(settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = ["test-key-one"]


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """An address and what was posted to it."""
    heard: list[dict[str, object]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append({"path": self.path, **orjson.loads(body)})
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


def set_up(sides: TwoSides, base: str) -> list[str]:
    address = hooks.address_for(base)
    return hooks.set_up(sides.connection, login="admin", key=sides.odoo.admin_key, address=address)


def rules(sides: TwoSides) -> list[str]:
    return sorted(row["name"] for row in sides.control.dump("base.automation", "name"))


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rules_are_made_and_tell_of_one_change_once(
    synced: TwoSides, receiver: tuple[str, list[dict[str, object]]]
) -> None:
    base, heard = receiver
    synced.control.settings(webhook_synchronous=True)
    assert set_up(synced, base) == list(webhooks.MODELS)
    assert len(Connection.objects.get().hook_rules) == 4

    remote_id = synced.control.create("res.partner", name="Paula", type="contact")
    heard.clear()
    synced.control.write("res.partner", [remote_id], phone="+49 30 1")
    assert [(one["path"], one["_model"], one["_id"]) for one in heard] == [
        ("/api/v1/integrations/odoo/test-key-one", "res.partner", remote_id)
    ]
    assert isinstance(heard[0]["write_date"], str)
    assert {key for key in heard[0] if not key.startswith("_")} == {"path", "id", "write_date"}


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_setting_up_twice_leaves_one_rule_per_model_and_removing_leaves_none(synced: TwoSides) -> None:
    other = synced.control.call("ir.model", "search", [["model", "=", "res.partner"]])[0]
    synced.control.create("base.automation", name="Somebody's own", model_id=other, trigger="on_create", active=True)
    for base in ("https://old.example.com", "https://crm.example.com"):
        set_up(synced, base)
    assert len(rules(synced)) == 5
    actions = synced.control.dump("ir.actions.server", "webhook_url")
    assert {row["webhook_url"] for row in actions} == {"https://crm.example.com/api/v1/integrations/odoo/test-key-one"}
    assert len(actions) == 4

    assert hooks.remove(synced.connection, login="admin", key=synced.odoo.admin_key) == 4
    assert rules(synced) == ["Somebody's own"]
    assert synced.control.dump("ir.actions.server") == []
    assert Connection.objects.get().hook_rules == {}


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_only_an_administrator_can_and_a_wrong_key_changes_nothing(synced: TwoSides) -> None:
    address = hooks.address_for("https://crm.example.com")
    with pytest.raises(RightMissing, match="Administration / Settings"):
        hooks.set_up(synced.connection, login=synced.odoo.username, key=synced.odoo.api_key, address=address)
    with pytest.raises(ConfigError, match="does not accept this administrator"):
        hooks.set_up(synced.connection, login="admin", key="nonsense", address=address)
    assert rules(synced) == []
    assert Connection.objects.get().state == Connection.State.ACTIVE


@pytest.mark.parametrize("series", [16])
def test_below_17_it_says_what_happens_instead(synced: TwoSides) -> None:
    with pytest.raises(ConfigError, match="Odoo 16 cannot send webhooks by itself; it is asked for changes instead"):
        set_up(synced, "https://crm.example.com")


def test_without_a_webhook_key_it_says_so(synced: TwoSides, settings: LazySettings) -> None:
    settings.ODOO_WEBHOOK_KEYS = []
    with pytest.raises(ConfigError, match="ODOO_WEBHOOK_KEYS"):
        set_up(synced, "https://crm.example.com")


def test_what_was_made_before_a_failure_is_replaced_by_the_next_try(synced: TwoSides) -> None:
    synced.control.fault("error", model="base.automation", method="create", name="builtins.ValueError", message="No")
    with pytest.raises(IntegrationError):
        set_up(synced, "https://crm.example.com")
    set_up(synced, "https://crm.example.com")
    assert len(rules(synced)) == 4


def test_the_administrators_key_is_kept_nowhere(synced: TwoSides, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    set_up(synced, "https://crm.example.com")
    rows = [str(list(model._base_manager.values_list())) for model in apps.get_models()]
    assert [row for row in [*rows, caplog.text] if synced.odoo.admin_key in row] == []

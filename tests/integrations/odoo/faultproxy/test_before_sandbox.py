"""The proxy before a sandbox: what is lost on the wire is done all the same."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import orjson
import pytest

from tests.support.faultproxy import running_proxy
from tests.support.sandbox import RunningSandbox, running_sandbox


def load(odoo: RunningSandbox, port: int) -> Any:
    args = [odoo.database, odoo.uid, odoo.api_key, "res.partner", "load", [["id", "name"], [["t.lost", "Lost"]]], {}]
    body = {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}}
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/jsonrpc", orjson.dumps(body), {"Content-Type": "application/json"})
        return orjson.loads(connection.getresponse().read())["result"]
    finally:
        connection.close()


def test_a_lost_answer_leaves_exactly_one_record_after_it_is_sent_again() -> None:
    with running_sandbox(series=18) as odoo, running_proxy(odoo.url) as proxy:
        proxy.rule("lost_answer", contains='"load"')
        with pytest.raises(ConnectionError):
            load(odoo, proxy.port)
        after_the_loss = [one["id"] for one in odoo.control.dump("res.partner", "name") if one["name"] == "Lost"]

        again = load(odoo, proxy.port)

    assert len(after_the_loss) == 1
    assert again["ids"] == after_the_loss


def test_a_webhook_passes_the_proxy_to_its_receiver() -> None:
    with running_sandbox(series=19) as receiver, running_proxy(receiver.url, hooks=receiver.url) as proxy:
        proxy.rule("repeat_hook", copies=2)
        with running_sandbox(series=18, webhook=f"{proxy.hook_url}/nowhere") as odoo:
            odoo.control.settings(webhook_synchronous=True)
            odoo.control.create("res.partner", name="Hooked")
            counts = odoo.control.counters()["webhooks"]

        assert counts == {"failed": 1}
        assert proxy.struck("repeat_hook") == 1

"""Setting up and removing Odoo's webhooks with an administrator's key, which is used once and kept nowhere.

One automation rule per model that we sync, named after our prefix, so that ours are found again and no other is
touched. Odoo has the action "Send Webhook Notification" from 17 on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations import webhooks
from integrations.errors import AuthRejected, ConfigError, IntegrationError, ModelUnknown, RightMissing
from integrations.models import Connection
from integrations.odoo.mappers import maps_of
from integrations.odoo.wire.client import OdooClient, OdooTarget
from integrations.odoo.wire.clients import own_hooks

FIRST_SERIES = 17
RULES = "base.automation"
# These change with every write: as triggers they would make a rule fire for all.
STAMPS = frozenset({"write_date", "write_uid", "create_uid", "id"})
TOLD = ("write_date",)
# From 19 on Odoo calls after commit only; all series want archived rules to be found.
CONTEXT = {"active_test": False}


def set_up(connection: Connection, *, login: str, key: str, address: str) -> list[str]:
    """Make one rule per model in Odoo, in place of earlier ones of ours; returns the models.

    `address`: where Odoo reaches our webhook, key included. Raises any IntegrationError; what was made until then is
    remembered and replaced by the next try.
    """
    with _as_administrator(connection, login, key) as client:
        models = _models(client)
        _remove(client, connection)
        made: dict[str, int] = {}
        try:
            for remote_model, model_id in models.items():
                made[remote_model] = _make(client, connection, remote_model, model_id, address)
        finally:
            connection.hook_rules, connection.hooked_at = made, timezone.now() if made else None
            connection.save(update_fields=["hook_rules", "hooked_at"])
    return list(made)


def remove(connection: Connection, *, login: str, key: str) -> int:
    """Delete our rules in Odoo, with their actions; returns how many there were. Raises any IntegrationError."""
    with _as_administrator(connection, login, key) as client:
        count = _remove(client, connection)
    connection.hook_rules, connection.hooked_at = {}, None
    connection.save(update_fields=["hook_rules", "hooked_at"])
    return count


def address_for(base: str) -> str:
    """Where Odoo is to call, with the first key in the path. Raises ConfigError when no key is set."""
    if not settings.ODOO_WEBHOOK_KEYS:
        raise ConfigError("No webhook key is set. Set ODOO_WEBHOOK_KEYS and start anew.")
    return f"{base.rstrip('/')}/api/v1/integrations/odoo/{settings.ODOO_WEBHOOK_KEYS[0]}"


@contextmanager
def _as_administrator(connection: Connection, login: str, key: str) -> Iterator[OdooClient]:
    """A client with the administrator's key, after a look at whether he may do this at all."""
    before, after, flush = own_hooks(connection, "webhook set-up")
    client = OdooClient(
        OdooTarget(
            url=connection.url,
            database=connection.database,
            username=login,
            secret=key,
            transport=connection.transport,
            allowed_hosts=tuple(settings.ODOO_ALLOWED_HOSTS),
        ),
        context={"tz": "UTC", "lang": "en_US"},
        before_call=before,
        on_call=after,
        on_close=flush,
    )
    try:
        _check(client)
        yield client
    except AuthRejected as error:
        raise ConfigError("Odoo does not accept this administrator with this key.", detail=error.detail) from None
    finally:
        client.close()


def _check(client: OdooClient) -> None:
    series = client.version().series
    if series < FIRST_SERIES:
        raise ConfigError(f"Odoo {series} cannot send webhooks by itself; it is asked for changes instead.")
    _ = client.uid
    try:
        may = client.check_access(RULES, "create")
    except ModelUnknown:
        words = "Odoo's app “Automation Rules” is not installed. In Odoo: Apps, search “base_automation”, Activate."
        raise ConfigError(words) from None
    if not may:
        raise RightMissing("This user may not make automation rules: he needs Administration / Settings.")


def _models(client: OdooClient) -> dict[str, int]:
    """The database ids of the models that we sync and that this Odoo has."""
    rows = client.search_read("ir.model", [["model", "in", list(webhooks.MODELS)]], ["model"])
    found = {row["model"]: int(row["id"]) for row in rows}
    return {name: found[name] for name in webhooks.MODELS if name in found}


def _name(connection: Connection, remote_model: str) -> str:
    return f"Tandem {connection.prefix}: {remote_model}"


def _remove(client: OdooClient, connection: Connection) -> int:
    names = [_name(connection, remote_model) for remote_model in webhooks.MODELS]
    ids = client.search(RULES, [["name", "in", names]], context=CONTEXT)
    if ids:
        client.call(RULES, "unlink", [ids], write=True)
    return len(ids)


def _make(client: OdooClient, connection: Connection, remote_model: str, model_id: int, address: str) -> int:
    """One rule with its action, in one call, so that neither stands without the other."""
    mapped = sorted({*maps_of(connection).of(remote_model).remote_fields, "active"} - STAMPS)
    rows = client.search_read(
        "ir.model.fields", [["model", "=", remote_model], ["name", "in", [*mapped, *TOLD]]], ["name"]
    )
    ids = {row["name"]: row["id"] for row in rows}
    name = _name(connection, remote_model)
    action = {
        "name": name,
        "model_id": model_id,
        "state": "webhook",
        "webhook_url": address,
        "webhook_field_ids": [[6, 0, [ids[one] for one in TOLD if one in ids]]],
    }
    values: dict[str, Any] = {
        "name": name,
        "model_id": model_id,
        "active": True,
        "trigger": "on_create_or_write",
        "trigger_field_ids": [[6, 0, [ids[one] for one in mapped if one in ids]]],
        "action_server_ids": [[0, 0, action]],
    }
    made = client.call(RULES, "create", [values], write=True)
    numbers = made if isinstance(made, list) else [made]
    if not numbers or not isinstance(numbers[0], int):
        raise IntegrationError("Odoo's answer to a new rule was not readable.")
    return numbers[0]

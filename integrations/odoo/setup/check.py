"""The connection doctor on the live connection: what is asked of Odoo, and the lines a person reads."""

from __future__ import annotations

import time
from dataclasses import dataclass

from integrations.errors import ConfigError
from integrations.models import Connection
from integrations.odoo.mappers import TWO_WAY, maps_of
from integrations.odoo.setup.doctor import Finding, diagnose, explain
from integrations.odoo.wire.clients import client_of

RIGHTS: dict[str, tuple[str, ...]] = {
    **{one.remote_model: one.rights for one in TWO_WAY},
    "mail.message": ("read", "create"),
    "mail.activity": ("read", "create", "write"),
    "calendar.event": ("create",),
}


@dataclass(frozen=True)
class Answer:
    """What Odoo said of itself, and how long a signed-in question took it."""

    version: str
    ms: int


def try_connection(connection: Connection) -> Answer:
    """Ask Odoo for its version, sign in, and ask one question. Raises any IntegrationError. Writes nothing."""
    client = client_of(connection, work="test")
    try:
        version = client.version()
        started = time.monotonic()
        client.check_access("res.partner", "read")
        return Answer(version.text, round((time.monotonic() - started) * 1000))
    finally:
        client.close()


def check_live(connection: Connection | None) -> list[Finding]:
    """Examine the live connection; findings from the outside in. Some twenty calls, nothing is written."""
    if connection is None:
        return [
            Finding(
                "fail",
                "Connection",
                "No Odoo is connected.",
                "Set ODOO_URL, ODOO_DB, ODOO_USERNAME and ODOO_API_KEY, then run “manage.py odoo connect”.",
            )
        ]
    try:
        client = client_of(connection)
    except ConfigError as error:
        return [explain("API key", error)]
    try:
        return diagnose(
            client,
            wanted={one.remote_model: one.remote_fields for one in maps_of(connection).two_way},
            rights=RIGHTS,
            public_url=connection.public_url,
            company_id=connection.company_id,
            language=connection.language,
        )
    finally:
        client.close()

"""Making and checking the connection to an Odoo."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from integrations.decisions import connections
from integrations.errors import ConfigError, PermanentError
from integrations.models import Connection
from integrations.odoo.setup.keys import learn_end
from integrations.odoo.wire.client import OdooClient, base_url
from integrations.odoo.wire.clients import client_of
from integrations.odoo.wire.session import schema

OLDEST, NEWEST = 15, 20
# Users that no person signs in as; their archived partners look like customers. 19 has no default_user.
STAND_INS = ("public_user", "default_user", "template_portal_user_id")


def connect(
    *,
    url: str,
    database: str,
    username: str,
    secret: str,
    transport: str = "auto",
    public_url: str = "",
) -> Connection:
    """Check these credentials against the server and keep them as the live connection.

    The connection to the same database is taken up again, with its bindings and its prefix; another one that was live
    is switched off and keeps its bindings. Raises any IntegrationError, and keeps nothing then.
    """
    for name, value in (("ODOO_URL", url), ("ODOO_DB", database), ("ODOO_USERNAME", username)):
        if not value:
            raise ConfigError(f"{name} is not set.")
    address = base_url(url)
    connection = Connection.objects.filter(system="odoo", url=address, database=database).order_by(
        "-id"
    ).first() or Connection(url=address, database=database)
    connection.username, connection.transport = username, transport
    connection.public_url = public_url
    connection.secret = secret
    connection.remote_uid = None
    client = client_of(connection, work="connect")
    try:
        learn(connection, client)
        learn_end(connection, client)
        schema.start_anew(client)
    finally:
        client.close()
    Connection.objects.filter(system="odoo").exclude(pk=connection.pk).update(state=Connection.State.OFF)
    connection.state, connection.state_reason, connection.lost_companies = Connection.State.ACTIVE, "", []
    connection.save()
    return connection


def connect_from_settings() -> Connection:
    """Connect with what the environment says. Raises ConfigError when something is missing there."""
    return connect(
        url=settings.ODOO_URL,
        database=settings.ODOO_DB,
        username=settings.ODOO_USERNAME,
        secret=settings.ODOO_API_KEY,
        transport=settings.ODOO_TRANSPORT,
        public_url=settings.ODOO_PUBLIC_URL,
    )


@dataclass(frozen=True)
class Offer:
    """What may be chosen: names of companies by id, and of languages by code."""

    companies: dict[int, str]
    languages: dict[str, str]


def offer(connection: Connection) -> Offer:
    """Ask Odoo which companies our user works for and which languages are active. Three calls."""
    client = client_of(connection, work="context")
    # In English, for the connection's own language may be the one that is gone.
    english = {"lang": "en_US"}
    try:
        rows = client.read("res.users", [client.uid], ["company_id", "company_ids"], context=english)
        ids = list(rows[0].get("company_ids") or []) if rows else []
        companies = client.read("res.company", ids, ["name"], context=english)
        languages = client.search_read("res.lang", [["active", "=", True]], ["code", "name"], context=english)
    finally:
        client.close()
    return Offer(
        {row["id"]: str(row["name"]) for row in companies},
        {"en_US": "English (US)", **{str(row["code"]): str(row["name"]) for row in languages}},
    )


def change_context(connection: Connection, offered: Offer, *, company_id: int, language: str) -> None:
    """Keep the company and language that every call says, of those offered; what waited for a lost company goes on."""
    connection.company_ids = list(offered.companies)
    connection.company_id, connection.language = company_id, language
    connection.save(update_fields=["company_id", "company_ids", "language"])
    if connection.state == Connection.State.PAUSED and connection.lost_companies:
        with suppress(ValidationError):  # it goes on by itself already
            connections.resume(connection)


def learn(connection: Connection, client: OdooClient) -> None:
    """Ask who we are there: version, user, companies, and partners that are no customers. Eight calls."""
    version = client.version()
    if not OLDEST <= version.series <= NEWEST:
        raise ConfigError(f"This is Odoo {version.text}; Tandem works with {OLDEST} to {NEWEST}.")
    connection.series = version.series
    connection.remote_uid = client.uid
    user = _own_row(client, connection.remote_uid)
    connection.company_ids = list(user.get("company_ids") or [])
    if connection.company_id not in connection.company_ids:
        connection.company_id = user.get("company_id") or None
    connection.own_partner_ids = sorted({*_company_partners(client, connection.company_ids), *_stand_ins(client)})


def _own_row(client: OdooClient, uid: int) -> dict[str, Any]:
    rows = client.read("res.users", [uid], ["company_id", "company_ids"])
    return rows[0] if rows else {}


def _company_partners(client: OdooClient, company_ids: list[int]) -> list[int]:
    """Our own companies stand among the partners and are no customers."""
    if not company_ids:
        return []
    try:
        rows = client.read("res.company", company_ids, ["partner_id"])
    except PermanentError:
        return []
    return [row["partner_id"] for row in rows if row.get("partner_id")]


def _stand_ins(client: OdooClient) -> list[int]:
    """The partners of the unknown visitor and of the patterns for new users."""
    found = [client.check_object_reference("base", name) for name in STAND_INS]
    ids = [one.remote_id for one in found if one.remote_id is not None]
    try:
        rows = client.read("res.users", ids, ["partner_id"]) if ids else []
    except PermanentError:
        return []
    return [row["partner_id"] for row in rows if row.get("partner_id")]

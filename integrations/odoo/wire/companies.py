"""The companies of a connection: what every call names, and what happens when our user has lost one (case 21).

Odoo then refuses nearly every call, and what it does not refuse looks deleted. It says so in words alone, which may be
translated: so it is asked for the user's companies whenever it refuses something.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations.decisions import connections
from integrations.errors import CompanyLost, PermanentError
from integrations.models import Connection
from integrations.odoo.wire.client import OdooClient

# In this context Odoo takes the user's own companies, whatever he has lost.
OWN: dict[str, Any] = {"allowed_company_ids": []}


def companies_of(connection: Connection) -> list[int]:
    """The company records belong to, then all others of our user; none before these are known."""
    first = connection.company_id
    return [first, *(one for one in connection.company_ids if one != first)] if first else []


def lost(connection: Connection, client: OdooClient) -> list[int]:
    """Companies that every call names and our user may no longer work for. One call; raises any IntegrationError."""
    rows = client.read("res.users", [client.uid], ["company_ids"], context=OWN)
    mine = set(rows[0].get("company_ids") or []) if rows else set()
    return [one for one in companies_of(connection) if one not in mine] if mine else []


def refuse_lost(connection: Connection, client: OdooClient) -> None:
    """After Odoo has refused something: raise CompanyLost when that is why. One call."""
    try:
        gone = lost(connection, client)
    except PermanentError:
        return  # Odoo does not tell, so what it has refused is taken by its own word
    if gone:
        raise CompanyLost(_sentence(connection, gone), companies=gone)


def _sentence(connection: Connection, gone: list[int]) -> str:
    numbers = ", ".join(str(one) for one in gone)
    if connection.company_id in gone:
        what = _("%(user)s may no longer work for the company of this connection (number %(numbers)s in Odoo).")
    else:
        what = _("%(user)s may no longer work for a company whose records are in step (number %(numbers)s in Odoo).")
    remedy = _(
        "Odoo refuses every call because of it; nothing is lost. Give the user the company again in Odoo, then the "
        "sync goes on by itself, or choose another one under Odoo sync, Language and company."
    )
    return f"{what % {'user': connection.username, 'numbers': numbers}} {remedy}"


def look_again(connection: Connection, client: OdooClient) -> bool:
    """Let a connection that was paused for a lost company go on once our user has it again; whether so. One call."""
    if lost(connection, client):
        return False
    with suppress(ValidationError):  # a person was quicker
        connections.resume(connection)
    return True

"""A client for one Odoo: whom it speaks as, what each of its calls says, and who hears of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from integrations.errors import ConfigError
from integrations.eventlog import EventLog
from integrations.models import Connection, Lane
from integrations.network.budget import Meter
from integrations.odoo.wire import companies
from integrations.odoo.wire.client import CallRecord, OdooClient, OdooTarget


def standing_context(connection: Connection, *, named: bool = True) -> dict[str, Any]:
    """What every call of a connection says: time zone, language, and, `named`, its companies once known (rule 16)."""
    context: dict[str, Any] = {"tz": "UTC", "lang": connection.language}
    if named and (known := companies.companies_of(connection)):
        context["allowed_company_ids"] = known
    return context


def client_of(
    connection: Connection,
    *,
    work: str = "doctor",
    secret: str = "",
    name_companies: bool = False,
    uid: int | None = -1,
    on_call: Any = None,
    before_call: Any = None,
    on_refused: Any = None,
) -> OdooClient:
    """A client for this connection. Raises ConfigError when no key is set.

    Its calls count in the lane of a person who waits, as this work, and are logged when it is closed, unless hooks are
    given. `secret`: another key than the stored one, to be tried, and `uid=None` to ask whose it is; `name_companies`:
    whether every call names them, which fails for one that the user has lost.
    """
    on_close = None
    if before_call is None:
        before_call, on_call, on_close = own_hooks(connection, work)
    secret = secret or connection.secret
    if not secret:
        raise ConfigError("No API key is set for Odoo. Set ODOO_API_KEY and run “manage.py odoo connect”.")
    return OdooClient(
        OdooTarget(
            url=connection.url,
            database=connection.database,
            username=connection.username,
            secret=secret,
            transport=connection.transport,
            allowed_hosts=tuple(settings.ODOO_ALLOWED_HOSTS),
        ),
        uid=connection.remote_uid if uid == -1 else uid,
        context=standing_context(connection, named=name_companies),
        on_call=on_call,
        on_refused=on_refused,
        before_call=before_call,
        on_close=on_close,
    )


def own_hooks(connection: Connection, work: str) -> tuple[Any, Any, Any]:
    """What a client outside of any session tells budget and log: before a call, after it, and when it is closed."""
    meter, log = Meter(connection.pk, Lane.INTERACTIVE, work), EventLog(connection)

    def after(record: CallRecord) -> None:
        meter.after(record)
        log.call(record)

    return meter.before, after, log.flush

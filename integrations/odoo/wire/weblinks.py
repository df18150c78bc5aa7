"""Where a person sees a record in Odoo's own pages."""

from __future__ import annotations

from integrations.errors import ConfigError
from integrations.models import Connection
from integrations.odoo.wire.target import base_url

# Models whose records have a form of their own; chatter messages and activities have none.
WITH_FORM = frozenset({"res.partner", "crm.lead", "crm.tag", "res.partner.category", "calendar.event"})
FIRST_WITH_PATHS = 18


def record_url(connection: Connection, remote_model: str, remote_id: int | None) -> str:
    """The address of a record's form for a person's browser; "" when it has none."""
    if not remote_id or remote_model not in WITH_FORM:
        return ""
    try:
        base = base_url(connection.public_url or connection.url)
    except ConfigError:
        return ""
    if connection.series and connection.series >= FIRST_WITH_PATHS:
        return f"{base}/odoo/{remote_model}/{remote_id}"
    return f"{base}/web#id={remote_id}&model={remote_model}&view_type=form"

"""What the bench asks of a measured Tandem before it measures; called in its environment."""

from __future__ import annotations

from django.test import Client

from crm.models import User
from integrations.models import Connection
from integrations.odoo.setup import hooks


def session() -> str:
    """Sign in the only account; returns the session's key."""
    client = Client()
    client.force_login(User.objects.get())
    return client.cookies["sessionid"].value


def set_up(admin_key: str, address: str) -> list[str]:
    """As an operator does: the limits of a new connection, and the rules that the webhooks' page makes in Odoo."""
    limit = Connection._meta.get_field("sync_per_minute").default
    Connection.objects.update(sync_per_minute=limit)
    return hooks.set_up(Connection.objects.get(), login="admin", key=admin_key, address=hooks.address_for(address))

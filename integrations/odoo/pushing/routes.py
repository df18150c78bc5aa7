"""Which business rows go to Odoo, and as what."""

from __future__ import annotations

from typing import Any

from integrations.models import Binding, OutboxMessage
from integrations.outbox import Route, register_route

PARTNER = Route("res.partner")
LEAD = Route("crm.lead")
NOTE = Route("mail.message", OutboxMessage.Kind.FACT)
MEETING = Route("calendar.event", OutboxMessage.Kind.FACT)
TASK = Route("mail.activity")


def _lead(lead: Any) -> tuple[Route, ...]:
    return () if lead.converted_opportunity_id else (LEAD,)


def _contact(contact: Any) -> tuple[Route, ...]:
    return () if contact.moved_to_id else (PARTNER,)


def _activity(activity: Any) -> tuple[Route, ...]:
    return (MEETING,) if activity.type == "meeting" else ()


def _tag(tag: Any) -> tuple[Route, ...]:
    """A tag goes where it is known already; it gets there with the first record that carries it."""
    known = Binding.objects.filter(object_uuid=tag.uuid).values_list("remote_model", flat=True)
    return tuple(Route(remote_model) for remote_model in known)


def _linked(route: Route) -> Any:
    """Only what hangs on something can stand in Odoo's chatter."""

    def router(obj: Any) -> tuple[Route, ...]:
        return (route,) if obj.account_id or obj.contact_id or obj.lead_id or obj.opportunity_id else ()

    return router


def register() -> None:
    """Register all routes; called once when the app is ready."""
    register_route("crm.Account", lambda account: (PARTNER,))
    register_route("crm.Contact", _contact)
    register_route("leads.Lead", _lead)
    register_route("crm.Opportunity", lambda opportunity: (LEAD,))
    register_route("crm.Tag", _tag)
    register_route("crm.Note", _linked(NOTE))
    register_route("crm.Task", _linked(TASK))
    register_route("crm.Activity", _activity)

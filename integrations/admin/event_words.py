"""What an event was and how it ended, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import IntegrationEvent

RESULT = IntegrationEvent.Result
KINDS = {
    "call authenticate": gettext_lazy("Sign-in"),
    "call check_access_rights": gettext_lazy("Question about rights"),
    "call check_object_reference": gettext_lazy("Question whether it exists"),
    "call fields_get": gettext_lazy("Question about fields"),
    "call get_external_id": gettext_lazy("Question whose it is"),
    "call get_metadata": gettext_lazy("Question whose it is"),
    "call load": gettext_lazy("Write"),
    "call read": gettext_lazy("Read"),
    "call search": gettext_lazy("Search"),
    "call search_count": gettext_lazy("Count"),
    "call search_read": gettext_lazy("Search and read"),
    "call version": gettext_lazy("Question about the version"),
    "field rules changed": gettext_lazy("Field rules changed"),
    "idle poll": gettext_lazy("Polls without news, one hour"),
    "message dropped": gettext_lazy("Message dropped"),
    "safety stop": gettext_lazy("Safety stop"),
    "webhook": gettext_lazy("Webhook"),
    "webhook refused": gettext_lazy("Webhooks refused, one hour"),
}
# By class of error: what it means to a person.
FAILURES = {
    "AuthRejected": gettext_lazy("The key or the user was refused"),
    "ConfigError": gettext_lazy("The connection is set up wrongly"),
    "FieldUnknown": gettext_lazy("Odoo does not know a field"),
    "MethodUnknown": gettext_lazy("Odoo does not know a method"),
    "ModelUnknown": gettext_lazy("An app is not installed in Odoo"),
    "PermanentError": gettext_lazy("Odoo refused it"),
    "PlanRefused": gettext_lazy("The plan does not include the API"),
    "RateLimited": gettext_lazy("Odoo asked us to slow down"),
    "RecordMissing": gettext_lazy("The record is not there"),
    "RightMissing": gettext_lazy("A right is missing"),
    "SerializationConflict": gettext_lazy("Somebody else was writing; tried again"),
    "TooLarge": gettext_lazy("It was too large"),
    "TransientError": gettext_lazy("Odoo was away for a moment"),
    "UnknownOutcome": gettext_lazy("No answer came; asked afterwards"),
    "ValueRefused": gettext_lazy("Odoo refused a value"),
}
REFUSALS = {
    "unauthorized": gettext_lazy("wrong key"),
    "not_json": gettext_lazy("not JSON"),
    "bad_payload": gettext_lazy("nothing known in it"),
    "too_big": gettext_lazy("too large"),
}


def kind_words(event: IntegrationEvent) -> str:
    """What it was; the technical name where there are no words."""
    return str(KINDS.get(event.kind, event.kind.removeprefix("call ").replace("_", " ")))


def message_words(event: IntegrationEvent) -> str:
    """What there is to say about it; "" for a call that went well."""
    if event.kind == "webhook refused":
        why = str(REFUSALS.get(event.message, event.message))
        return _("%(n)d times: %(why)s") % {"n": event.count, "why": why}
    if event.count > 1:
        return _("%(n)d times") % {"n": event.count}
    return str(FAILURES.get(event.message, event.message)) if event.result == RESULT.FAILED else event.message

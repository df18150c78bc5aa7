"""The doctor's vocabulary: models, rights and apps as an Odoo administrator knows them."""

from __future__ import annotations

from collections.abc import Sequence

CHECK_ADDRESS = "Check the address and the database name of this connection."
CHANGE_PLAN = "Ask Odoo for a Custom plan, or host Odoo yourself: only these have the external API."
RENEW_KEY = "In Odoo: the user's preferences, Account Security, New API Key; then enter it in this connection."
MAKE_KEY = "In Odoo: the user's preferences, Account Security, New API Key; it also works with two-factor login."
LOOK_AT_KEYS = "Look it up in Odoo: the user's preferences, Account Security."
GRANT = "In Odoo: Settings, Users: compare the user's rights with the list in our documentation."
REPORT = "Nothing to do now. If something does not work, tell us the version."

CHOOSE_LANGUAGE = "In Odoo: Settings, Languages: activate it; or choose another under Odoo sync, Language and company."
CHOOSE_COMPANY = "In Odoo: Settings, Users: allow it; or choose another under Odoo sync, Language and company."

TRANSPORTS = {"jsonrpc": "JSON-RPC", "xmlrpc": "XML-RPC", "json2": "JSON-2"}
VERBS = {"read": "see", "write": "change", "create": "create", "unlink": "delete"}

OWN_DOCUMENTS = "Sales / User: Own Documents Only"
ALL_DOCUMENTS = "Sales / User: All Documents"
SALES_ADMINISTRATOR = "Sales / Administrator"
CONTACT_CREATION = "Contact Creation"
INTERNAL_USER = "User type: Internal User"
SETTINGS = "Administration / Settings"

NOUNS = {
    "res.partner": "contacts",
    "res.partner.category": "contact tags",
    "res.users": "users",
    "res.company": "companies",
    "res.country": "countries",
    "res.country.state": "states",
    "crm.lead": "leads and opportunities",
    "crm.tag": "CRM tags",
    "crm.stage": "pipeline stages",
    "crm.lost.reason": "lost reasons",
    "crm.team": "sales teams",
    "mail.message": "notes",
    "mail.activity": "activities",
    "mail.activity.type": "activity types",
    "calendar.event": "meetings",
    "ir.attachment": "attachments",
    "utm.source": "sources",
    "utm.medium": "media",
    "utm.campaign": "campaigns",
}
APPS = {"calendar.event": "Calendar", "crm.lead": "CRM", "crm.tag": "CRM", "crm.stage": "CRM", "crm.lost.reason": "CRM"}

# The weakest group that holds a right on a model; "*" for what is not named.
_RIGHTS: dict[str, dict[str, str]] = {
    "res.partner": {"read": INTERNAL_USER, "*": CONTACT_CREATION},
    "res.partner.category": {"read": INTERNAL_USER, "*": CONTACT_CREATION},
    "crm.lead": {"unlink": SALES_ADMINISTRATOR, "*": ALL_DOCUMENTS},
    "crm.tag": {"unlink": SALES_ADMINISTRATOR, "*": OWN_DOCUMENTS},
    "crm.stage": {"read": OWN_DOCUMENTS, "*": SALES_ADMINISTRATOR},
    "crm.lost.reason": {"read": OWN_DOCUMENTS, "*": SALES_ADMINISTRATOR},
    "crm.team": {"read": OWN_DOCUMENTS, "*": SALES_ADMINISTRATOR},
    "utm.source": {"*": OWN_DOCUMENTS},
    "utm.medium": {"*": OWN_DOCUMENTS},
    "utm.campaign": {"*": OWN_DOCUMENTS},
    "res.users": {"read": INTERNAL_USER, "*": SETTINGS},
    "mail.activity.type": {"read": INTERNAL_USER, "*": SETTINGS},
}
_STRENGTH = (INTERNAL_USER, CONTACT_CREATION, OWN_DOCUMENTS, ALL_DOCUMENTS, SALES_ADMINISTRATOR, SETTINGS)


def noun(model: str) -> str:
    """What people call the records of a model; the technical name when it has none here."""
    return NOUNS.get(model, f"records of {model}")


def right_for(model: str, operations: Sequence[str]) -> str:
    """The one group that brings all these operations on the model."""
    table = _RIGHTS.get(model, {})
    groups = {table.get(operation, table.get("*", INTERNAL_USER)) for operation in operations}
    return max(groups, key=_STRENGTH.index)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: a; a and b; a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"

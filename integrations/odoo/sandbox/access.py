"""Who may do what, in Odoo's own words.

Three roles as a careful administrator would give them: ``admin`` (Settings), ``integration`` (Sales
administrator and contact creation, no Settings) and ``low`` (an internal user without sales rights).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import AccessError

if TYPE_CHECKING:
    from .env import Env
    from .models.base import BaseModel

ALL = frozenset({"read", "create", "write", "unlink"})
READ = frozenset({"read"})
NONE: frozenset[str] = frozenset()
VERBS = {"read": "access", "create": "create", "write": "modify", "unlink": "delete"}

_SETTINGS_ONLY = ("mail.mail", "phone.blacklist", "mail.blacklist", "base.automation", "ir.actions.server")
_RIGHTS_ONLY = ("ir.model", "ir.model.fields", "ir.model.data", "ir.config_parameter")
_READ_ONLY = (
    "res.users",
    "res.company",
    "res.country",
    "res.country.state",
    "res.lang",
    "ir.module.module",
    "mail.message.subtype",
    "res.partner.industry",
    "res.currency",
    "mail.notification",
)
_SALES = (
    "crm.lead",
    "crm.lost.reason",
    "crm.merge.opportunity",
    "crm.lead2opportunity.partner",
)


def rights(role: str, model: str) -> frozenset[str]:
    """Return the operations a role has on a model."""
    if role == "admin":
        return ALL
    if model in _SETTINGS_ONLY or model in _RIGHTS_ONLY:
        return NONE
    if model in _READ_ONLY:
        return READ
    if role == "low":
        if model in _SALES:
            return NONE
        return ALL if model in ("mail.message", "mail.activity", "calendar.event", "ir.filters") else READ
    return ALL


def allowed(env: Env, model: str, operation: str) -> bool:
    """Whether the user may do this to any record of the model."""
    if env.is_admin:
        return True
    role = env.user.get("x_sandbox_role", "low")
    if f"{role}:{model}:{operation}" in env.engine.settings.revoked:
        return False
    return operation in rights(role, model)


def check(env: Env, model: BaseModel, operation: str) -> None:
    """Raise ``AccessError`` with the words of the series when the right is missing."""
    if allowed(env, model.name, operation):
        return
    groups = _groups(env.series, model.name, operation)
    listed = "\n".join(f"\t- {group}" for group in groups)
    reason = (
        f"This operation is allowed for the following groups:\n{listed}"
        if groups
        else "No group currently allows this operation."
    )
    raise AccessError(
        f"You are not allowed to {VERBS[operation]} '{model.label}' ({model.name}) records.\n\n"
        f"{reason}\n\nContact your administrator to request access if necessary."
    )


def _groups(series: int, model: str, operation: str) -> list[str]:
    prefix = "" if series >= 19 else "Administration/"
    if model in _RIGHTS_ONLY:
        return [f"{prefix}Access Rights"]
    if model in _SETTINGS_ONLY:
        return ["Role / Administrator" if series >= 19 else "Administration/Settings"]
    if model == "crm.lead":
        sales = ["Sales/Administrator", "Sales/User: Own Documents Only"]
        return sales[:1] if operation == "unlink" else sales
    if model == "res.partner":
        return ["Creation" if series >= 19 else "Extra Rights/Contact Creation"]
    return []

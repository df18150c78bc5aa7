"""What each role may do, as Django permission names (`app.action_model`); roles are values of User.Role.

Which rows of a model somebody sees is another question: RecordQuerySet.visible_to answers it.
"""

from __future__ import annotations

WORK_MODELS = frozenset({"account", "contact", "opportunity", "activity", "task", "note", "communicationlog", "tag"})
# Tables that tell of all people: the audit log ("change") and their tokens.
FOR_ADMINS = frozenset({"change", "personaltoken"})
WORK_APPS = frozenset({"leads", "dialer"})
READERS = frozenset({"super_admin", "admin", "sales_manager", "sales_user", "read_only"})
WRITERS = frozenset({"super_admin", "admin", "sales_manager", "sales_user"})
SETTLERS = frozenset(
    {"integrations.change_conflict", "integrations.change_matchcandidate", "integrations.change_missingrecord"}
)
ACTIONS = frozenset({"view", "add", "change"})


def role_grants(role: str, perm: str) -> bool:
    """Whether a role includes a permission. Nobody deletes: rows go to the trash."""
    app, _, codename = perm.partition(".")
    action, _, model = codename.partition("_")
    if action not in ACTIONS:
        return False
    if role in {"super_admin", "admin"}:
        return True
    if app == "integrations":
        return role == "sales_manager" and (action == "view" or perm in SETTLERS)
    if app == "crm" and model in FOR_ADMINS:
        return False
    if app == "crm" and model not in WORK_MODELS:
        return action == "view" and role in READERS
    if app == "crm" or app in WORK_APPS:
        return role in (READERS if action == "view" else WRITERS)
    return False


def role_opens(role: str, app: str) -> bool:
    """Whether a role sees anything of an app."""
    if role in {"super_admin", "admin"}:
        return True
    if app == "integrations":
        return role == "sales_manager"
    return role in READERS and (app == "crm" or app in WORK_APPS)

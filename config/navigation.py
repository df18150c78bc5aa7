"""The sidebar, one for the workspace and the admin. Links resolve when a page is shown, for those who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

from crm.routes import address_of

# The workspace draws its own icons: the vendored Tabler ones by the name of the admin's Material symbol.
DRAWINGS = {
    "domain": "building",
    "person": "user",
    "person_search": "user-search",
    "monetization_on": "currency-dollar",
    "event": "calendar-event",
    "task_alt": "checkbox",
    "sticky_note_2": "note",
    "forum": "message",
    "dashboard": "dashboard",
    "monitor_heart": "refresh",
    "stethoscope": "lifebuoy",
    "speed": "history",
    "webhook": "link",
    "vpn_key": "settings",
    "language": "map-pin",
    "upgrade": "arrow-up",
    "tune": "adjustments-horizontal",
    "cable": "link",
    "call_split": "arrows-split",
    "error": "alert-circle",
    "rule": "layout-list",
    "join_inner": "git-merge",
    "delete_history": "trash",
    "outbox": "mail",
    "inbox": "mail",
    "link": "link",
    "sync": "refresh",
    "receipt_long": "layout-list",
    "group": "users",
    "groups": "users-group",
    "view_column": "columns-3",
    "sell": "tag",
    "thumb_down": "x",
    "public": "map-pin",
    "shield_person": "user",
    "schedule": "clock",
    "history": "history",
    "home": "home",
    "view_kanban": "layout-kanban",
    "content_copy": "copy",
}


def _to(route: str, *words: str) -> Callable[[HttpRequest], str]:
    """What gives the address of a page when it is asked for."""
    return lambda request: address_of(route, *words)


def _noun(title: Any, icon: str, key: str, model: str) -> dict[str, Any]:
    """One link to the workspace's list of a noun."""
    app, name = model.split(".")
    link = _to("workspace:list", key)
    return {
        "title": title,
        "icon": icon,
        "drawing": DRAWINGS[icon],
        "link": link,
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
        "active": lambda request: request.path.startswith(link(request)),
        "short": True,
    }


def _item(title: Any, icon: str, model: str, *, right: str = "view") -> dict[str, Any]:
    """One link to the list of `model` (`app.model`), for people who hold this right on it."""
    app, name = model.split(".")

    def link(request: HttpRequest) -> str:
        try:
            return address_of(f"admin:{app}_{name}_changelist")
        except NoReverseMatch:
            return ""

    def allowed(request: HttpRequest) -> bool:
        return bool(link(request)) and request.user.has_perm(f"{app}.{right}_{name}")

    def active(request: HttpRequest) -> bool:
        return request.path.startswith(link(request) or "//")

    return {
        "title": title,
        "icon": icon,
        "drawing": DRAWINGS[icon],
        "link": link,
        "permission": allowed,
        "active": active,
    }


def _page(title: Any, icon: str, name: str, right: str) -> dict[str, Any]:
    """One link to a page of its own and the pages below it, for people who hold this right (`app.action_model`)."""
    link = _to(name)
    has_pages_below = name not in ("sync:health", "crm-dashboard")

    def active(request: HttpRequest) -> bool:
        mine = link(request)
        return request.path == mine or (has_pages_below and request.path.startswith(mine))

    return {
        "title": title,
        "icon": icon,
        "drawing": DRAWINGS[icon],
        "link": link,
        "permission": lambda request: request.user.has_perm(right),
        "active": active,
    }


def _home() -> dict[str, Any]:
    """The workspace's first page."""
    return {
        "title": _("Home"),
        "icon": "home",
        "drawing": DRAWINGS["home"],
        "link": _to("workspace:home"),
        "permission": lambda request: True,
        "active": lambda request: request.path == "/",
        "short": True,
    }


def _duplicates() -> dict[str, Any]:
    """The finder of duplicates, whatever the noun."""
    link = _to("workspace:duplicates", "accounts")
    return {
        "title": _("Duplicates"),
        "icon": "content_copy",
        "drawing": DRAWINGS["content_copy"],
        "link": link,
        "permission": lambda request: request.user.has_perm("crm.view_account"),
        "active": lambda request: request.path.startswith("/duplicates/"),
    }


def _group(title: Any, *items: dict[str, Any], collapsible: bool = False) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": collapsible, "items": list(items)}


NAVIGATION: list[dict[str, Any]] = [
    _group(
        _("Sales"),
        _home(),
        _noun(_("Accounts"), "domain", "accounts", "crm.account"),
        _noun(_("Contacts"), "person", "contacts", "crm.contact"),
        _noun(_("Leads"), "person_search", "leads", "leads.lead"),
        _noun(_("Opportunities"), "monetization_on", "opportunities", "crm.opportunity"),
        _page(_("Pipeline"), "view_kanban", "workspace:board", "crm.view_opportunity"),
    ),
    _group(
        _("Work"),
        _noun(_("Activities"), "event", "activities", "crm.activity"),
        _noun(_("Tasks"), "task_alt", "tasks", "crm.task"),
        _duplicates(),
    ),
    _group(
        _("Odoo sync"),
        _page(_("Dashboard"), "dashboard", "crm-dashboard", "integrations.view_integrationevent"),
        _page(_("Sync"), "monitor_heart", "sync:health", "integrations.view_connection"),
        _page(_("Doctor"), "stethoscope", "sync:doctor", "integrations.change_connection"),
        _page(_("Calls to Odoo"), "speed", "sync:budget", "integrations.view_connection"),
        _page(_("Webhooks"), "webhook", "sync:webhooks", "integrations.view_connection"),
        _page(_("API key"), "vpn_key", "sync:key", "integrations.change_connection"),
        _page(_("Language and company"), "language", "sync:context", "integrations.change_connection"),
        _page(_("Before an upgrade"), "upgrade", "sync:drift", "integrations.change_connection"),
        _page(_("Configuration"), "tune", "sync:settings", "integrations.change_connection"),
        _item(_("Connections"), "cable", "integrations.connection"),
        _page(_("Conflicts"), "call_split", "sync:conflicts", "integrations.view_conflict"),
        _page(_("Parked messages"), "error", "sync:parked", "integrations.view_outboxmessage"),
        _page(_("Field rules"), "rule", "sync:rules", "integrations.view_conflict"),
        _item(_("Possible matches"), "join_inner", "integrations.matchcandidate"),
        _page(_("Deleted and merged"), "delete_history", "sync:deleted", "integrations.view_missingrecord"),
        _item(_("Outgoing messages"), "outbox", "integrations.outboxmessage"),
        _item(_("Incoming messages"), "inbox", "integrations.inboxmessage"),
        _item(_("Outgoing webhooks"), "webhook", "integrations.subscription"),
        _item(_("Webhook deliveries"), "outbox", "integrations.delivery"),
        _item(_("Bindings"), "link", "integrations.binding"),
        _item(_("Progress"), "speed", "integrations.pullcursor"),
        _item(_("Sync runs"), "sync", "integrations.syncrun"),
        _item(_("Events"), "receipt_long", "integrations.integrationevent"),
        collapsible=True,
    ),
    _group(
        _("Repair"),
        _item(_("Accounts"), "domain", "crm.account", right="change"),
        _item(_("Contacts"), "person", "crm.contact", right="change"),
        _item(_("Leads"), "person_search", "leads.lead", right="change"),
        _item(_("Opportunities"), "monetization_on", "crm.opportunity", right="change"),
        _item(_("Activities"), "event", "crm.activity", right="change"),
        _item(_("Tasks"), "task_alt", "crm.task", right="change"),
        _item(_("Notes"), "sticky_note_2", "crm.note"),
        _item(_("Communication log"), "forum", "crm.communicationlog"),
        collapsible=True,
    ),
    _group(
        _("Set-up"),
        _item(_("Users"), "group", "crm.user", right="change"),
        _item(_("Teams"), "groups", "crm.team", right="change"),
        _item(_("Stages"), "view_column", "crm.stage"),
        _item(_("Tags"), "sell", "crm.tag"),
        _item(_("Lost reasons"), "thumb_down", "crm.lostreason"),
        _item(_("Countries"), "public", "crm.country"),
        _item(_("Groups"), "shield_person", "auth.group", right="change"),
        _item(_("Audit log"), "history", "crm.change"),
        _item(_("API tokens"), "vpn_key", "crm.personaltoken"),
        _item(_("Schedule"), "schedule", "django_celery_beat.periodictask", right="change"),
        collapsible=True,
    ),
]

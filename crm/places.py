"""The pages that a person may go to, as the sidebar shows them and the command palette finds them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of links that this person may open; the same ones as in the admin's sidebar."""
    found = []
    unfold: dict[str, Any] = settings.UNFOLD
    for group in unfold["SIDEBAR"]["navigation"]:
        items = [
            {
                "title": item["title"],
                "url": item["link"](request) if callable(item["link"]) else item["link"],
                "icon": item["drawing"],
                "active": item["active"](request),
                "short": item.get("short", False),
            }
            for item in group["items"]
            if item["permission"](request)
        ]
        if items:
            active = any(item["active"] for item in items)
            found.append({"title": group["title"], "items": items, "folded": group["collapsible"] and not active})
    return found

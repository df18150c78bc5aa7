"""The primary contact of an account: Odoo knows none, so that what it moves must make room here."""

from __future__ import annotations

from typing import Any

from crm.models import Contact


def give_up(obj: Any) -> tuple[str, ...]:
    """A contact that changes its account, or leaves or joins the lists, is primary no more; the attributes it touched.

    Its place may be another's by now: at most one contact of an account is primary.
    """
    if not isinstance(obj, Contact) or not obj.is_primary:
        return ()
    obj.is_primary = False
    return ("is_primary",)

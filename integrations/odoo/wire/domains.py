"""Conditions of Odoo's searches that take care to write. The others stand where they are asked."""

from __future__ import annotations

import re


def same_text(field: str, text: str) -> tuple[str, str, str]:
    """Records with this text in whatever case; what SQL's LIKE takes for patterns in it is meant literally."""
    return (field, "=ilike", re.sub(r"([\\%_])", r"\\\1", text))

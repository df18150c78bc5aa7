"""The vendored Tabler icons."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils.safestring import SafeString, mark_safe


@cache
def icon(name: str, extra: str = "") -> SafeString:
    """An icon, drawn in the colour of the text around it and hidden from screen readers; `extra` is a class besides.

    Both arguments are words of ours, not of people. Raises LookupError for an icon that is not vendored.
    """
    found = finders.find(f"vendor/tabler-icons/{name}.svg")
    if not found:
        raise LookupError(f"There is no vendored icon {name!r}.")
    drawing = Path(str(found)).read_text()
    return mark_safe(f'<span class="tandem-icon {extra}" aria-hidden="true">{drawing}</span>')  # noqa: S308 - ours

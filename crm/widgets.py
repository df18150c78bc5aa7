"""The browser's own fields for days and moments, filled in as they expect it; a choice of yes and no."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters.widgets import BooleanWidget


class DayInput(forms.DateInput):
    """A day with the browser's calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """A day and a time of the person's time zone, to the second."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M:%S")


class YesNo(BooleanWidget):
    """A filter's yes or no, as `true` and `false` in the address."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("", _("Any")), ("true", _("Yes")), ("false", _("No"))]


class OnlyYes(BooleanWidget):
    """A filter that asks for what is left out otherwise, as `true` in the address."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("", _("No")), ("true", _("Yes"))]

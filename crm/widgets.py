"""The browser's own fields for days and moments, filled in as they expect it."""

from __future__ import annotations

from django import forms


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

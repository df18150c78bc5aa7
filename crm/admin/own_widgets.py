"""How the admin draws the user's own fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from crm import cells
from crm.custom import CustomField, Kind

WIDGETS: Mapping[Kind, Callable[[], forms.Widget]] = {
    Kind.LINE: UnfoldAdminTextInputWidget,
    Kind.LINES: lambda: UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    Kind.WHOLE: UnfoldAdminIntegerFieldWidget,
    Kind.DECIMAL: UnfoldAdminDecimalFieldWidget,
    Kind.FLAG: UnfoldBooleanSwitchWidget,
    Kind.DAY: UnfoldAdminDateWidget,
    Kind.MOMENT: UnfoldAdminSplitDateTimeWidget,
    Kind.CHOICE: UnfoldAdminSelectWidget,
}


def readers(fields: Sequence[CustomField]) -> list[Callable[[Any], Any]]:
    """Columns that show the values to those who may not change the record."""
    return [_reader(one) for one in fields]


def _reader(own: CustomField) -> Callable[[Any], Any]:
    def show(record: Any) -> Any:
        return own.words(record.custom.get(own.key)) or cells.NOTHING

    show.__name__ = own.key
    show.short_description = own.label  # type: ignore[attr-defined]
    return show

"""The user's own fields on record pages: one form field each, or a line to read for those who may only look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
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
from crm.custom import MOST_DIGITS, MOST_WHOLE, PREFIX, CustomField, Kind

TITLE = gettext_lazy("Own fields")
ONLY_SHOWN = gettext_lazy("Comes from Odoo and is changed there.")


def form_name(own: CustomField) -> str:
    """The name of its form field, which is what a service's refusal names, too."""
    return f"{PREFIX}{own.key}"


def form_fields(fields: Iterable[CustomField]) -> dict[str, forms.Field]:
    """A form field for each of these, by its form name."""
    return {form_name(one): _form_field(one) for one in fields}


def initial(fields: Iterable[CustomField], held: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of the values held."""
    return {form_name(one): one.loose(held.get(one.key)) for one in fields}


def offer_held(form: forms.BaseForm, fields: Iterable[CustomField], held: Mapping[str, Any]) -> None:
    """Let a choice keep the value it has, though Odoo does not offer it any more."""
    for one in fields:
        value = held.get(one.key)
        if one.kind is Kind.CHOICE and value and value not in dict(one.choices):
            field = form.fields[form_name(one)]
            field.choices = [*field.choices, (value, value)]  # type: ignore[attr-defined]


def given(form: forms.BaseForm, fields: Iterable[CustomField], names: Iterable[str]) -> dict[str, Any]:
    """The values of these form fields as a service takes them, by key."""
    asked = set(names)
    wanted = {one.key: form_name(one) for one in fields if one.editable and form_name(one) in asked}
    return {key: form.cleaned_data.get(name) for key, name in wanted.items()}


def readers(fields: Sequence[CustomField]) -> list[Callable[[Any], Any]]:
    """Columns that show the values to those who may not change the record."""
    return [_reader(one) for one in fields]


def _reader(own: CustomField) -> Callable[[Any], Any]:
    def show(record: Any) -> Any:
        return own.words(record.custom.get(own.key)) or cells.NOTHING

    show.__name__ = own.key
    show.short_description = own.label  # type: ignore[attr-defined]
    return show


def _form_field(own: CustomField) -> forms.Field:
    common: dict[str, Any] = {
        "label": own.label,
        "required": False,
        "disabled": not own.editable,
        "help_text": "" if own.editable else ONLY_SHOWN,
    }
    match own.kind:
        case Kind.LINES:
            return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}), strip=False, **common)
        case Kind.WHOLE:
            return forms.IntegerField(
                widget=UnfoldAdminIntegerFieldWidget(), min_value=-MOST_WHOLE, max_value=MOST_WHOLE, **common
            )
        case Kind.DECIMAL:
            return forms.DecimalField(widget=UnfoldAdminDecimalFieldWidget(), max_digits=MOST_DIGITS, **common)
        case Kind.FLAG:
            return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **common)
        case Kind.DAY:
            return forms.DateField(widget=UnfoldAdminDateWidget(), **common)
        case Kind.MOMENT:
            return forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget(), **common)
        case Kind.CHOICE:
            choices = [("", "–"), *own.choices]
            return forms.ChoiceField(widget=UnfoldAdminSelectWidget(), choices=choices, **common)
        case _:
            return forms.CharField(widget=UnfoldAdminTextInputWidget(), **common)

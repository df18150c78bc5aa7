"""Forms of records with the user's own fields: one form field each, read-only for what only Odoo changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django import forms
from django.utils.translation import gettext_lazy

from crm.custom import MOST_DIGITS, MOST_WHOLE, PREFIX, CustomField, Kind
from crm.widgets import DayInput, MomentInput

TITLE = gettext_lazy("Own fields")
ONLY_SHOWN = gettext_lazy("Comes from Odoo and is changed there.")
WIDGETS: Mapping[Kind, Callable[[], forms.Widget]] = {
    Kind.LINE: forms.TextInput,
    Kind.LINES: lambda: forms.Textarea(attrs={"rows": 4}),
    Kind.WHOLE: forms.NumberInput,
    Kind.DECIMAL: forms.NumberInput,
    Kind.FLAG: forms.CheckboxInput,
    Kind.DAY: DayInput,
    Kind.MOMENT: MomentInput,
    Kind.CHOICE: forms.Select,
}


F = TypeVar("F", bound="OwnFieldsForm")


class OwnFieldsForm(forms.ModelForm):
    """A form of a record's fields, and of those of the user's own that `form_fields` gave to its class."""

    own_fields: ClassVar[Sequence[CustomField]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_held_rows()
        if self.own_fields:
            held = self.instance.custom
            self.initial.update(initial(self.own_fields, held))
            offer_held(self, self.own_fields, held)

    def _offer_held_rows(self) -> None:
        """Let a relation keep the row it has, though it is not offered to others any more, such as a person who left.

        Else the form would show none, and saving another field would empty it. No query.
        """
        for name, field in self.fields.items():
            held = self.instance.__dict__.get(f"{name}_id")
            if held is not None and isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                field.queryset = field.queryset | field.queryset.model._default_manager.filter(pk=held)

    def values(self, *, changed_only: bool) -> dict[str, Any]:
        """The model's fields, and those of the user's own in `custom`, as a service takes them."""
        wanted = self.changed_data if changed_only else list(self.fields)
        meta = self._meta.model._meta
        known = {field.name for field in (*meta.concrete_fields, *meta.many_to_many)}
        found = {name: self.cleaned_data[name] for name in wanted if name in known and name in self.cleaned_data}
        if custom := given(self, self.own_fields, wanted):
            found["custom"] = custom
        return found


def with_own(
    form: type[F], fields: Sequence[CustomField], widgets: Mapping[Kind, Callable[[], forms.Widget]] = WIDGETS
) -> type[F]:
    """The form with a field for each of these, drawn by the widgets."""
    return type(form.__name__, (form,), {**form_fields(fields, widgets), "own_fields": fields})


def form_name(own: CustomField) -> str:
    """The name of its form field, which is what a service's refusal names, too."""
    return f"{PREFIX}{own.key}"


def form_fields(
    fields: Iterable[CustomField], widgets: Mapping[Kind, Callable[[], forms.Widget]] = WIDGETS
) -> dict[str, forms.Field]:
    """A form field for each of these, by its form name."""
    return {form_name(one): _form_field(one, widgets[one.kind]()) for one in fields}


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


def _form_field(own: CustomField, widget: forms.Widget) -> forms.Field:
    common: dict[str, Any] = {
        "label": own.label,
        "required": False,
        "disabled": not own.editable,
        "help_text": "" if own.editable else ONLY_SHOWN,
        "widget": widget,
    }
    match own.kind:
        case Kind.LINES:
            return forms.CharField(strip=False, **common)
        case Kind.WHOLE:
            return forms.IntegerField(min_value=-MOST_WHOLE, max_value=MOST_WHOLE, **common)
        case Kind.DECIMAL:
            return forms.DecimalField(max_digits=MOST_DIGITS, **common)
        case Kind.FLAG:
            return forms.BooleanField(**common)
        case Kind.DAY:
            return forms.DateField(**common)
        case Kind.MOMENT:
            parts = isinstance(widget, forms.SplitDateTimeWidget)
            return forms.SplitDateTimeField(**common) if parts else forms.DateTimeField(**common)
        case Kind.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *own.choices], **common)
        case _:
            return forms.CharField(**common)

"""Forms of the workspace: made of a noun's fields, with a search field where a choice would be too long to list."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import nouns
from crm.custom import CustomField
from crm.filters import users
from crm.models import CountryState, LostReason, User
from crm.own_form import OwnFieldsForm, with_own
from crm.widgets import DayInput, MomentInput

_NUMBERED = re.compile(r"\(#(\d+)\)\s*$")
OFFERED = 12


def pickable(model: Any, user: User) -> QuerySet[Any] | None:
    """The rows of this model that a search field offers this person; None for what is listed whole."""
    noun = nouns.noun_of(model)
    if noun is not None:
        return model._default_manager.active().visible_to(user)
    return CountryState.objects.select_related("country") if model is CountryState else None


def suggestions(model: Any, user: User, words: str) -> list[str]:
    """What a search field offers for these words: at most twelve labels that name one row each. One query."""
    rows = pickable(model, user)
    if rows is None or not words.strip():
        return []
    found = rows.search(words) if hasattr(rows, "search") else rows.filter(name__icontains=words.strip())
    return [label_of(row) for row in found.order_by("pk")[:OFFERED]]


def label_of(row: Any) -> str:
    """A row's name with its number, by which it is found again."""
    return f"{row} (#{row.pk})"


class PickWidget(forms.TextInput):
    """A text field with suggestions that the server looks up while one types."""

    template_name = "workspace/_pick.html"

    def __init__(self, address: str) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.address = address

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "address": self.address}


class PickField(forms.Field):
    """One row of a table too long for a list: by a suggestion, or by its full name where only one row bears it."""

    def __init__(self, *, rows: Callable[[], QuerySet[Any]], address: str, **kwargs: Any) -> None:
        super().__init__(widget=PickWidget(address), **kwargs)
        self.rows = rows

    def prepare_value(self, value: Any) -> str:
        if isinstance(value, int):
            value = self.rows().filter(pk=value).first()
        return value if isinstance(value, str) else label_of(value) if value else ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial).strip() != str(data or "").strip()

    def to_python(self, value: Any) -> Any:
        typed = str(value or "").strip()
        if not typed:
            return None
        numbered = _NUMBERED.search(typed)
        wanted = {"pk": int(numbered[1])} if numbered else {"name__iexact": typed}
        found = list(self.rows().filter(**wanted)[:2])
        if len(found) != 1:
            problem = _("Several are called so; choose one of the suggestions.") if found else _("There is none so.")
            raise ValidationError(problem, code="invalid")
        return found[0]


def this_minute() -> datetime:
    """Now, without the seconds that nobody types."""
    return timezone.now().replace(second=0, microsecond=0)


def form_of(
    noun: nouns.Noun, fields: Sequence[str], user: User, *, own: Sequence[CustomField] = ()
) -> type[OwnFieldsForm]:
    """A form of these fields as this person may fill them in, the user's own last; a service saves what it holds."""

    def field_of(field: Any, **kwargs: Any) -> Any:
        if field.many_to_one and pickable(field.related_model, user) is not None:
            return PickField(
                rows=lambda: pickable(field.related_model, user),  # type: ignore[arg-type,return-value]
                address=reverse("workspace:pick", args=(field.related_model._meta.label_lower,)),
                required=not field.blank,
                label=field.verbose_name,
            )
        if field.is_relation and field.related_model is User:
            kwargs["queryset"] = users(None)
        widget = _WIDGETS.get(field.get_internal_type())
        if widget is not None and not field.choices:
            kwargs["widget"] = widget()
        if field.get_internal_type() == "DateTimeField" and field.has_default():
            kwargs["initial"] = this_minute
        # Without it a callable default would ask for a hidden copy, which no page draws: all would count as changed.
        return field.formfield(show_hidden_initial=False, **kwargs)

    base = with_own(OwnFieldsForm, own)
    made = forms.modelform_factory(noun.model, form=base, fields=list(fields), formfield_callback=field_of)
    return cast(type[OwnFieldsForm], made)


class ReasonForm(forms.Form):
    """Why something was lost."""

    reason = forms.ModelChoiceField(
        LostReason.objects.filter(archived_at__isnull=True),
        required=False,
        label=_("Lost reason"),
        empty_label=_("No reason given"),
        help_text=_("Reasons come from Odoo, or from Set-up, Lost reasons."),
    )


_WIDGETS: dict[str, Callable[[], forms.Widget]] = {
    "DateField": DayInput,
    "DateTimeField": MomentInput,
    "TextField": lambda: forms.Textarea(attrs={"rows": 4}),
    "ManyToManyField": lambda: forms.SelectMultiple(attrs={"size": 5}),
}

"""The form of every record page: carries the version that was read, and offers only what this user may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet

from crm.admin import own
from crm.custom import CustomField
from crm.models import Record, User

EXPECTED_VERSION = "expected_version"


class RecordForm(forms.ModelForm):
    """Checks the fields, the user's own among them.

    What a service refused comes back through `refusal` and is shown beside its field.
    """

    actor: ClassVar[User]
    refusal: ClassVar[Exception | None] = None
    own_fields: ClassVar[Sequence[CustomField]] = ()
    expected_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial[EXPECTED_VERSION] = self.instance.version
        if self.own_fields:
            held = self.instance.custom
            self.initial.update(own.initial(self.own_fields, held))
            own.offer_held(self, self.own_fields, held)
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField) and name != "tags" and field.queryset is not None:
                field.queryset = visible_choices(field.queryset, self.actor, self.initial.get(name))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.refusal is not None:
            raise self._shown(self.refusal)
        return cleaned

    def _shown(self, refusal: Exception) -> ValidationError:
        """The refusal with what concerns no field of this form moved to the top of it."""
        if not isinstance(refusal, ValidationError):
            return ValidationError(str(refusal))
        if not hasattr(refusal, "error_dict"):
            return refusal
        errors: dict[str, list[ValidationError]] = {}
        for name, problems in refusal.error_dict.items():
            errors.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(problems)
        return ValidationError(errors)

    def values(self, *, changed_only: bool) -> dict[str, Any]:
        """The model's fields, and those of the user's own in `custom`, as a service takes them; tags travel apart."""
        wanted = self.changed_data if changed_only else list(self.fields)
        known = {field.name for field in self._meta.model._meta.concrete_fields}
        found = {name: self.cleaned_data[name] for name in wanted if name in known and name in self.cleaned_data}
        if custom := own.given(self, self.own_fields, wanted):
            found["custom"] = custom
        return found


def visible_choices(queryset: QuerySet[Any], user: User, held: Any) -> QuerySet[Any]:
    """The records this user may point to, and the one pointed to now, lest saving another field fail."""
    if not issubclass(queryset.model, Record):
        return queryset
    seen = queryset.model.objects.visible_to(user)
    return seen | queryset.model.objects.filter(pk=getattr(held, "pk", held)) if held else seen

"""The form of every record page: carries the version that was read, and offers only what this user may see."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet

from crm.models import Record, User
from crm.own_form import OwnFieldsForm

EXPECTED_VERSION = "expected_version"


class RecordForm(OwnFieldsForm):
    """Checks the fields, the user's own among them.

    What a service refused comes back through `refusal` and is shown beside its field.
    """

    actor: ClassVar[User]
    refusal: ClassVar[Exception | None] = None
    expected_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial[EXPECTED_VERSION] = self.instance.version
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


def visible_choices(queryset: QuerySet[Any], user: User, held: Any) -> QuerySet[Any]:
    """The records this user may point to, and the one pointed to now, lest saving another field fail."""
    if not issubclass(queryset.model, Record):
        return queryset
    seen = queryset.model.objects.visible_to(user)
    return seen | queryset.model.objects.filter(pk=getattr(held, "pk", held)) if held else seen

"""How a record names others: by uuid, and only those that the person who asks may see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.api.access import person
from crm.filters import users
from crm.models import Record, User


@extend_schema_field({"type": "string", "format": "uuid"})
class Reference(serializers.SlugRelatedField[Any]):
    """Another row by its uuid. What the person may not see, or what is in the trash, does not exist here."""

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        model = rows.model
        if issubclass(model, User):
            return users(None)
        if issubclass(model, Record):
            return rows.active().visible_to(person(self.context["request"]))
        return rows.filter(archived_at__isnull=True) if hasattr(model, "archived_at") else rows.all()

"""How each kind of record looks in the API. Checking is the services' business; here only types are read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers

from crm.api.fields import Reference
from crm.models import (
    Account,
    Activity,
    Contact,
    Country,
    CountryState,
    LostReason,
    Note,
    Opportunity,
    Stage,
    Tag,
    Task,
    User,
)
from crm.workbook import ACCOUNTS, ACTIVITIES, CONTACTS, OPPORTUNITIES, TASKS

HEAD = ("id", "version", "created_at", "updated_at", "archived_at")


class RecordSerializer(serializers.ModelSerializer[Any]):
    """A record by its uuid, related rows by theirs."""

    serializer_related_field = Reference
    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        validators: ClassVar[list[Any]] = []

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        field, kwargs = super().build_relational_field(field_name, relation_info)
        kwargs.pop("view_name", None)
        return field, {**kwargs, "slug_field": "uuid"}

    @classmethod
    def related(cls) -> tuple[list[str], list[str]]:
        """What a row needs beside itself: the single relations to join, the many to fetch after."""
        meta: Any = cls.Meta
        fields = [field for field in meta.model._meta.get_fields() if field.name in meta.fields]
        single = [field.name for field in fields if isinstance(field, models.ForeignKey)]
        return single, [field.name for field in fields if field.many_to_many]


class OwnFieldsSerializer(RecordSerializer):
    """A record that carries fields of the user's own, by key; those that are not named stay."""

    custom = serializers.DictField(required=False)


class AccountSerializer(OwnFieldsSerializer):
    class Meta(RecordSerializer.Meta):
        model = Account
        fields = (*HEAD, *ACCOUNTS.detail_fields, "latitude", "longitude", "custom")
        read_only_fields = HEAD


class ContactSerializer(OwnFieldsSerializer):
    class Meta(RecordSerializer.Meta):
        model = Contact
        fields = (*HEAD, *CONTACTS.detail_fields, "custom")
        read_only_fields = HEAD


class OpportunitySerializer(OwnFieldsSerializer):
    class Meta(RecordSerializer.Meta):
        model = Opportunity
        extra = ("probability_by_hand", "stage_since", "lost_at", "lost_reason", "converted_at", "custom")
        fields = (*HEAD, *OPPORTUNITIES.detail_fields, *extra)
        read_only_fields = (*HEAD, "stage_since", "lost_at", "lost_reason", "converted_at")
        extra_kwargs: ClassVar[dict[str, Any]] = {"stage": {"required": False}}


class ActivitySerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Activity
        fields = (*HEAD, *ACTIVITIES.detail_fields, "latitude", "longitude", "done_at")
        read_only_fields = (*HEAD, "done_at")


class TaskSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Task
        fields = (*HEAD, *TASKS.detail_fields, "done_at")
        read_only_fields = (*HEAD, "done_at")


class NoteSerializer(RecordSerializer):
    """A note, answered in HTML. It is written as plain text unless `is_html` says otherwise."""

    is_html = serializers.BooleanField(write_only=True, required=False)

    class Meta(RecordSerializer.Meta):
        model = Note
        fields = (*HEAD, "body", "is_html", "account", "contact", "lead", "opportunity", "task")
        read_only_fields = HEAD


class TagSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Tag
        fields = (*HEAD, "name", "color")
        read_only_fields = HEAD


class StageChoiceSerializer(serializers.Serializer[Any]):
    """Where to move a deal."""

    stage = Reference(slug_field="uuid", queryset=Stage.objects.all())


class OutcomeSerializer(serializers.Serializer[Any]):
    """What came of an activity; both may be left out."""

    outcome = serializers.CharField(max_length=255, required=False, allow_blank=True)
    next_steps = serializers.CharField(required=False, allow_blank=True)


class StageSerializer(serializers.ModelSerializer[Stage]):
    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = Stage
        fields = ("id", "name", "sequence", "probability", "is_won", "is_lost", "folded")


class LostReasonSerializer(serializers.ModelSerializer[LostReason]):
    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = LostReason
        fields = ("id", "name")


class UserSerializer(serializers.ModelSerializer[User]):
    """A person who may own a record."""

    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = User
        fields = ("id", "name", "email")


class CountrySerializer(serializers.ModelSerializer[Country]):
    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = Country
        fields = ("id", "code", "name")


class CountryStateSerializer(serializers.ModelSerializer[CountryState]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    country = Reference(slug_field="uuid", read_only=True)

    class Meta:
        model = CountryState
        fields = ("id", "country", "code", "name")

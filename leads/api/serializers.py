"""How a lead looks in the API, and what converting it takes and answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm.api.fields import Reference
from crm.api.serializers import HEAD, OwnFieldsSerializer, RecordSerializer
from crm.filters import users
from crm.models import Account, Contact, Stage
from leads.models import Lead
from leads.workbook import LEADS


class LeadSerializer(OwnFieldsSerializer):
    class Meta(RecordSerializer.Meta):
        model = Lead
        ended = ("lost_at", "lost_reason", "converted_at")
        became = ("converted_account", "converted_contact", "converted_opportunity")
        fields = (*HEAD, *LEADS.detail_fields, "consent_at", *ended, *became, "custom")
        read_only_fields = (*HEAD, "consent_at", *ended, *became)


class ConversionSerializer(serializers.Serializer[Any]):
    """What is known better than from the lead itself; everything may be left out."""

    account = Reference(slug_field="uuid", queryset=Account.objects.all(), required=False, allow_null=True)
    contact = Reference(slug_field="uuid", queryset=Contact.objects.all(), required=False, allow_null=True)
    name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    amount = serializers.DecimalField(max_digits=16, decimal_places=2, required=False, allow_null=True)
    stage = Reference(slug_field="uuid", queryset=Stage.objects.all(), required=False, allow_null=True)
    close_date = serializers.DateField(required=False, allow_null=True)
    owner = Reference(slug_field="uuid", queryset=users(None), required=False, allow_null=True)


class ConvertedSerializer(serializers.Serializer[Any]):
    """What became of a lead."""

    lead = serializers.UUIDField(source="lead.uuid")
    account = serializers.UUIDField(source="account.uuid", allow_null=True, default=None)
    contact = serializers.UUIDField(source="contact.uuid", allow_null=True, default=None)
    opportunity = serializers.UUIDField(source="opportunity.uuid")

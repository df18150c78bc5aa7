"""The viewset of leads."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api import etags
from crm.api.bulk import ChangesMany
from crm.api.idempotency import once
from crm.api.resources import Resource
from leads.api.serializers import ConversionSerializer, ConvertedSerializer, LeadSerializer
from leads.conversion import convert_lead
from leads.workbook import LEADS


class Leads(ChangesMany):
    """Those who may buy; a converted lead is history."""

    resource = Resource.of(LEADS)
    serializer_class = LeadSerializer

    @extend_schema(request=ConversionSerializer, responses={200: ConvertedSerializer, 201: ConvertedSerializer})
    @action(detail=True, methods=["post"])
    @once
    def convert(self, request: Request, uuid: Any) -> Response:
        """Make account, contact and opportunity of a lead: 201; 200 and the same answer when it was done before."""
        lead = self.get_object()
        done = convert_lead(lead, **self.by_whom(lead), **self.read(ConversionSerializer))
        code = status.HTTP_201_CREATED if done.created else status.HTTP_200_OK
        return Response(ConvertedSerializer(done).data, status=code, headers={"ETag": etags.etag_of(done.lead)})

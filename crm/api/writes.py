"""The writes that viewsets offer; each reads the types of its body, calls one service and answers with the record."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from crm.api import etags
from crm.api.access import person
from crm.api.idempotency import once
from crm.api.viewsets import RecordViewSet


class Creates(RecordViewSet):
    """POST makes a record."""

    @once
    def create(self, request: Request) -> Response:
        """Make a record: 201, its address in `Location`."""
        record = self.resource.create(actor=person(request), **self.read(self.serializer_class))
        answer = self.answer(record, status.HTTP_201_CREATED)
        answer["Location"] = request.build_absolute_uri(f"{request.path}{record.uuid}/")
        return answer

    def read(self, serializer_class: type[Serializer[Any]], record: Any = None, *, body: Any = None) -> dict[str, Any]:
        """The values of the body, or of this part of it, in their types; raises ValidationError by field."""
        serializer = serializer_class(
            record,
            data=self.request.data if body is None else body,
            partial=record is not None,
            context=self.get_serializer_context(),
        )
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values


class Trashes(RecordViewSet):
    """DELETE moves a record to the trash, POST `restore/` takes it out again."""

    def destroy(self, request: Request, uuid: Any) -> Response:
        """Move to the trash; in Odoo it is archived."""
        record = self.get_object()
        self.resource.archive(record, **self.by_whom(record))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @once
    def restore(self, request: Request, uuid: Any) -> Response:
        """Take out of the trash."""
        record = self.get_object()
        return self.answer(self.resource.restore(record, **self.by_whom(record)))

    def by_whom(self, record: Any) -> dict[str, Any]:
        """What every service is told: who asks, and the version that `If-Match` names."""
        return {"actor": person(self.request), "expected_version": etags.expected_version(self.request, record)}


class Changes(Creates, Trashes):
    """PATCH changes the fields that are named; the others stay."""

    def partial_update(self, request: Request, uuid: Any) -> Response:
        """Change a record; 412 when it is no longer the version of `If-Match`."""
        record = self.get_object()
        values = self.read(self.serializer_class, record)
        return self.answer(self.resource.update(record, **self.by_whom(record), **values))

"""Many records in one request: each is made or changed on its own, and answered for on its own."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api import errors
from crm.api.access import person
from crm.api.idempotency import once
from crm.api.writes import Changes

MOST = 200


class ManySerializer(serializers.Serializer[Any]):
    """The body: records as in a single POST or PATCH; with an `id` one is changed, without it is made.

    `version` beside an `id` says which version was read, as `If-Match` does; `trash` true or false moves it.
    """

    records = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MOST)


class OneAnswerSerializer(serializers.Serializer[Any]):
    """What became of one record: its id and version, or why it was refused."""

    status = serializers.IntegerField(help_text="What a request of its own would have been answered.")
    id = serializers.UUIDField(required=False)
    version = serializers.IntegerField(required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, child=serializers.ListField(child=serializers.CharField())
    )


class ManyAnswersSerializer(serializers.Serializer[Any]):
    """The answers, in the order of the records."""

    results = OneAnswerSerializer(many=True)


class HandleSerializer(serializers.Serializer[Any]):
    """What names a record in the body and says where it belongs."""

    id = serializers.UUIDField(required=False)
    version = serializers.IntegerField(required=False)
    trash = serializers.BooleanField(required=False)


class ChangesMany(Changes):
    """POST `bulk/` makes and changes up to 200 records."""

    @extend_schema(request=ManySerializer, responses=ManyAnswersSerializer)
    @action(detail=False, methods=["post"])
    @once
    def bulk(self, request: Request) -> Response:
        """Make and change many records: one that is refused leaves the others alone."""
        records = self.read(ManySerializer)["records"]
        return Response({"results": [self._one(values) for values in records]})

    def _one(self, values: dict[str, Any]) -> dict[str, Any]:
        try:
            with transaction.atomic():
                code, record = self._write(values)
        except Exception as error:  # what is no refusal is raised again
            response = errors.answer(error, {"view": self, "request": self.request})
            if response is None:
                raise
            return {"status": response.status_code, **response.data}
        return {"status": code, "id": str(record.uuid), "version": record.version}

    def _write(self, values: dict[str, Any]) -> tuple[int, Any]:
        named = self.read(HandleSerializer, body=values)
        actor = person(self.request)
        if "id" not in named:
            return status.HTTP_201_CREATED, self.resource.create(
                actor=actor, **self.read(self.serializer_class, body=values)
            )
        record = get_object_or_404(self.get_queryset(), uuid=named["id"])
        expected = named.get("version")
        if typed := self.read(self.serializer_class, record, body=values):
            record = self.resource.update(record, actor=actor, expected_version=expected, **typed)
            expected = None
        if "trash" in named:
            move = self.resource.archive if named["trash"] else self.resource.restore
            record = move(record, actor=actor, expected_version=expected)
        return status.HTTP_200_OK, record

"""What all viewsets share: find within what the person may see, call one service, answer."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db import models
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from crm.api import etags
from crm.api.access import PerUser, RoleRights, person
from crm.api.filtering import NounFilters, by_uuid
from crm.api.pagination import KeysetPages
from crm.api.resources import Resource
from crm.api.serializers import RecordSerializer


class Rows(mixins.ListModelMixin, GenericViewSet[Any]):
    """A list of rows of `model` that everybody with the right sees, by uuid, in pages."""

    model: type[models.Model]
    sorts: tuple[str, ...]
    order: str
    permission_classes = (RoleRights,)
    throttle_classes = (PerUser,)
    pagination_class = KeysetPages
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        return self.model._default_manager.order_by()

    def get_object(self) -> Any:
        """The row of the address; 404 for what this person may not see."""
        return get_object_or_404(self.get_queryset(), uuid=self.kwargs["uuid"])


class Lookups(mixins.RetrieveModelMixin, Rows):
    """Read-only rows that others refer to."""


class RecordViewSet(Rows):
    """Records of one resource: list, read, trash and restore. What can be made and changed is a subclass's business."""

    resource: ClassVar[Resource]
    serializer_class: type[RecordSerializer]
    filter_backends = (NounFilters,)

    @property
    def model(self) -> type[models.Model]:  # type: ignore[override]
        return self.resource.model

    @property
    def sorts(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.resource.sorts

    @property
    def order(self) -> str:  # type: ignore[override]
        return self.resource.order

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        filters: Any = self.resource.filters  # a class is hashable, whatever mypy makes of its metaclass
        found: type[django_filters.FilterSet] = by_uuid(filters)
        return found

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = self.resource.model._default_manager.order_by()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        single, many = self.serializer_class.related()
        return rows.visible_to(person(self.request)).select_related(*single).prefetch_related(*many)

    def retrieve(self, request: Request, uuid: Any) -> Response:
        """One record, also from the trash; 304 when `If-None-Match` knows it."""
        record = self.get_object()
        if etags.is_known(request, record):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etags.etag_of(record)})
        return self.answer(record)

    def answer(self, record: Any, code: int = status.HTTP_200_OK) -> Response:
        """A record with its tag."""
        data = self.serializer_class(record, context=self.get_serializer_context()).data
        return Response(data, status=code, headers={"ETag": etags.etag_of(record)})


class NotHere(APIView):
    """What is no address of the API."""

    schema = None
    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound

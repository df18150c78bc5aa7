"""The figures of the first page and of the board, for programs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.api.access import PerUser, person
from crm.selectors import home


class DaySerializer(serializers.Serializer[home.Day]):
    """What there is to do for who asks."""

    tasks_overdue = serializers.IntegerField()
    tasks_today = serializers.IntegerField()
    open_deals = serializers.IntegerField()
    planned = serializers.IntegerField(help_text="Activities of the next seven days.")


class WorthSerializer(serializers.Serializer[Any]):
    """A sum in one currency; `weighted` is each amount times its probability."""

    currency = serializers.CharField()
    amount = serializers.DecimalField(max_digits=30, decimal_places=2)
    weighted = serializers.DecimalField(max_digits=30, decimal_places=2)


class ColumnSerializer(serializers.Serializer[Any]):
    """One stage of the pipeline."""

    stage = serializers.UUIDField(source="stage.uuid")
    name = serializers.CharField(source="stage.name")
    count = serializers.IntegerField()
    worth = WorthSerializer(many=True)


class DashboardSerializer(serializers.Serializer[Any]):
    """The day of who asks, and the pipeline as they see it."""

    day = DaySerializer()
    pipeline = ColumnSerializer(many=True)


class Dashboard(APIView):
    """Figures at a glance."""

    permission_classes = (IsAuthenticated,)
    throttle_classes = (PerUser,)

    @extend_schema(responses=DashboardSerializer)
    def get(self, request: Request) -> Response:
        """What is to be done today, and the pipeline by stage with its worth. Six queries."""
        user = person(request)
        found = {"day": home.my_day(user), "pipeline": home.pipeline(user)}
        return Response(DashboardSerializer(found).data)

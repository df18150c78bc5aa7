"""The viewsets of the CRM's own nouns."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm import workbook
from crm.api import resources, serializers
from crm.api.bulk import ChangesMany
from crm.api.idempotency import once
from crm.api.resources import Resource
from crm.api.viewsets import Lookups
from crm.api.writes import Creates, Trashes
from crm.filters import users
from crm.models import Country, CountryState, LostReason, Stage, User
from crm.services import activities, pipeline, tasks


class Accounts(ChangesMany):
    """Companies."""

    resource = Resource.of(workbook.ACCOUNTS)
    serializer_class = serializers.AccountSerializer


class Contacts(ChangesMany):
    """People."""

    resource = Resource.of(workbook.CONTACTS)
    serializer_class = serializers.ContactSerializer


class Opportunities(ChangesMany):
    """Deals."""

    resource = Resource.of(workbook.OPPORTUNITIES)
    serializer_class = serializers.OpportunitySerializer

    @extend_schema(request=serializers.StageChoiceSerializer)
    @action(detail=True, methods=["post"])
    @once
    def stage(self, request: Request, uuid: Any) -> Response:
        """Move to a stage; the move is kept, and the probability follows unless it was set by hand."""
        record = self.get_object()
        stage = self.read(serializers.StageChoiceSerializer)["stage"]
        return self.answer(pipeline.move_to_stage(record, stage=stage, **self.by_whom(record)))


class Activities(ChangesMany):
    """What was done or is planned."""

    resource = Resource.of(workbook.ACTIVITIES)
    serializer_class = serializers.ActivitySerializer

    @extend_schema(request=serializers.OutcomeSerializer)
    @action(detail=True, methods=["post"])
    @once
    def complete(self, request: Request, uuid: Any) -> Response:
        """Mark as done, with what came of it; done twice keeps the first time."""
        record = self.get_object()
        outcome = self.read(serializers.OutcomeSerializer)
        return self.answer(activities.complete_activity(record, **self.by_whom(record), **outcome))


class Tasks(ChangesMany):
    """What is to be done by a day."""

    resource = Resource.of(workbook.TASKS)
    serializer_class = serializers.TaskSerializer

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @once
    def complete(self, request: Request, uuid: Any) -> Response:
        """Mark as done; done twice keeps the first time."""
        record = self.get_object()
        return self.answer(tasks.complete_task(record, **self.by_whom(record)))


class Notes(Creates, Trashes):
    """A note is written once: it stands in Odoo's chatter as written."""

    resource = resources.NOTES
    serializer_class = serializers.NoteSerializer


class Tags(ChangesMany):
    """Labels, unique whatever the case."""

    resource = resources.TAGS
    serializer_class = serializers.TagSerializer


class Stages(Lookups):
    """The stages of the pipeline, in their order."""

    model = Stage
    sorts, order = ("sequence",), "sequence"
    serializer_class = serializers.StageSerializer

    def get_queryset(self) -> QuerySet[Stage]:
        return Stage.objects.filter(archived_at__isnull=True).order_by()


class LostReasons(Lookups):
    """Why a deal can be lost."""

    model = LostReason
    sorts, order = ("name",), "name"
    serializer_class = serializers.LostReasonSerializer

    def get_queryset(self) -> QuerySet[LostReason]:
        return LostReason.objects.filter(archived_at__isnull=True).order_by()


class Users(Lookups):
    """The people who may own a record."""

    model = User
    sorts, order = ("name", "email"), "name"
    serializer_class = serializers.UserSerializer

    def get_queryset(self) -> QuerySet[User]:
        return users(None).order_by()


class Countries(Lookups):
    """Countries by their ISO code."""

    model = Country
    sorts, order = ("code", "name"), "name"
    serializer_class = serializers.CountrySerializer


class CountryStates(Lookups):
    """States and provinces."""

    model = CountryState
    sorts, order = ("name",), "name"
    serializer_class = serializers.CountryStateSerializer

    def get_queryset(self) -> QuerySet[CountryState]:
        return CountryState.objects.select_related("country").order_by()

"""Factories of all business rows. They save directly: nothing is announced unless a test does it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from crm.models import (
    Account,
    Activity,
    CommunicationLog,
    Contact,
    Country,
    CountryState,
    LostReason,
    Note,
    Opportunity,
    Stage,
    StageChange,
    Tag,
    Task,
    Team,
    User,
)
from leads.models import Lead

PASSWORD = "correct horse battery staple"


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    name = factory.Sequence(lambda n: f"User {n}")
    role = User.Role.SALES_USER

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(password=kwargs.pop("password", PASSWORD), **kwargs)


class CountryFactory(DjangoModelFactory[Country]):
    class Meta:
        model = Country
        django_get_or_create = ("code",)

    code = "DE"
    name = "Germany"


class CountryStateFactory(DjangoModelFactory[CountryState]):
    class Meta:
        model = CountryState
        django_get_or_create = ("country", "code")

    country = factory.SubFactory(CountryFactory)
    code = "BY"
    name = "Bavaria"


class RecordFactory(DjangoModelFactory[Any]):
    """Fills in the search text, as the services do; `tags=[…]` sets tags."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        tags = kwargs.pop("tags", None)
        record = model_class(*args, **kwargs)
        record.search_text = record.build_search_text()
        record.save()
        if tags is not None:
            record.tags.set(tags)
        return record


class TagFactory(RecordFactory):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda n: f"Tag {n}")


class AccountFactory(RecordFactory):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Company {n} Ltd")
    email = factory.Sequence(lambda n: f"office{n}@example.com")
    city = "Berlin"


class ContactFactory(RecordFactory):
    class Meta:
        model = Contact

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")


class StageFactory(DjangoModelFactory[Stage]):
    class Meta:
        model = Stage

    name = factory.Sequence(lambda n: f"Stage {n}")
    sequence = 15
    probability = Decimal(30)


class LostReasonFactory(DjangoModelFactory[LostReason]):
    class Meta:
        model = LostReason

    name = factory.Sequence(lambda n: f"Reason {n}")


class OpportunityFactory(RecordFactory):
    class Meta:
        model = Opportunity

    name = factory.Sequence(lambda n: f"Deal {n}")
    stage = factory.SubFactory(StageFactory)
    amount = Decimal("1000.00")


class StageChangeFactory(DjangoModelFactory[StageChange]):
    class Meta:
        model = StageChange

    opportunity = factory.SubFactory(OpportunityFactory)
    to_stage = factory.SelfAttribute("opportunity.stage")


class LeadFactory(RecordFactory):
    class Meta:
        model = Lead

    name = factory.Sequence(lambda n: f"Lead {n}")
    contact_name = factory.Sequence(lambda n: f"Buyer {n}")
    company_name = factory.Sequence(lambda n: f"Prospect {n} GmbH")
    email = factory.Sequence(lambda n: f"buyer{n}@example.com")


class ActivityFactory(RecordFactory):
    class Meta:
        model = Activity

    type = Activity.Type.CALL
    subject = factory.Sequence(lambda n: f"Call {n}")


class TaskFactory(RecordFactory):
    class Meta:
        model = Task

    title = factory.Sequence(lambda n: f"Task {n}")
    due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=7))


class NoteFactory(RecordFactory):
    class Meta:
        model = Note

    body = factory.Sequence(lambda n: f"<p>Note {n}</p>")


class CommunicationLogFactory(RecordFactory):
    class Meta:
        model = CommunicationLog

    channel = CommunicationLog.Channel.EMAIL
    subject = factory.Sequence(lambda n: f"Message {n}")

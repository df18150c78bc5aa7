"""The filters that lists, exports and the API share: one set per noun, each key the same in every address."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Account, Activity, Contact, Note, Opportunity, Stage, Tag, Task, Team, User
from crm.widgets import DayInput, OnlyYes, YesNo


def users(request: Any) -> QuerySet[User]:
    """The people who may own a record."""
    return User.objects.filter(is_active=True).order_by("name", "email")


class Choices(filters.MultipleChoiceFilter):
    """One of several values of a column of the row itself: nothing doubles, so nothing need be made distinct."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(distinct=False, widget=forms.CheckboxSelectMultiple, **kwargs)


class Day(filters.DateFilter):
    """A day, with the browser's calendar."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DayInput, **kwargs)


class OfRecord(filters.UUIDFilter):
    """The rows of one record, by its uuid. Links bring it: the form carries it along unseen."""

    def __init__(self, path: str, **kwargs: Any) -> None:
        super().__init__(field_name=f"{path}__uuid", widget=forms.HiddenInput, **kwargs)
        self._path = path

    def named(self, value: str, user: User) -> str:
        """The name of a record of which this is the uuid, for who may see it; else the value as it is. One query."""
        model: Any = self.model._meta.get_field(self._path).related_model
        try:
            record = model.objects.visible_to(user).filter(uuid=uuid.UUID(value)).first()
        except ValueError:
            record = None
        return str(record or value)


class RecordFilters(filters.FilterSet):
    """What every list can be asked: words, trash, tags, and when a row changed.

    `q` searches the casefolded text; the trash is left out unless `trash=true` asks for it alone.
    """

    q = filters.CharFilter(method="search", label=_("Search"))
    trash = filters.BooleanFilter(method="in_trash", widget=OnlyYes, label=_("In the trash"))
    updated_after = Day(field_name="updated_at", lookup_expr="date__gte", label=_("Changed from"))
    updated_before = Day(field_name="updated_at", lookup_expr="date__lte", label=_("Changed to"))

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.search(value)  # type: ignore[attr-defined]

    def in_trash(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.archived() if value else rows.active()  # type: ignore[attr-defined]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data.get("trash") is None:
            queryset = queryset.active()  # type: ignore[attr-defined]
        return super().filter_queryset(queryset)


class TaggedFilters(RecordFilters):
    """The filter of what carries tags: rows with any of them."""

    tag = filters.ModelMultipleChoiceFilter(
        queryset=Tag.objects.filter(archived_at__isnull=True),
        method="tagged",
        widget=forms.CheckboxSelectMultiple,
        label=_("Tag"),
    )

    def tagged(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """By subquery: a join would double rows, and taking doubles out costs a sort of everything."""
        return rows.filter(pk__in=rows.model.objects.filter(tags__in=value).values("pk")) if value else rows


class AccountFilters(TaggedFilters):
    manager = filters.ModelChoiceFilter(queryset=users, label=_("Account manager"))
    team = filters.ModelChoiceFilter(field_name="manager__team", queryset=Team.objects.all(), label=_("Team"))
    type = Choices(choices=Account.Type.choices, label=_("Type"))
    territory = filters.CharFilter(lookup_expr="iexact", label=_("Territory"))
    city = filters.CharFilter(lookup_expr="istartswith", label=_("City"))

    class Meta:
        model = Account
        fields = ("q", "type", "manager", "team", "tag", "territory", "city")


class ContactFilters(TaggedFilters):
    owner = filters.ModelChoiceFilter(queryset=users, label=_("Owner"))
    team = filters.ModelChoiceFilter(field_name="owner__team", queryset=Team.objects.all(), label=_("Team"))
    role = Choices(choices=Contact.Role.choices, label=_("Role"))
    account = OfRecord("account", label=_("Account"))
    do_not_call = filters.BooleanFilter(widget=YesNo, label=_("Do not call"))

    class Meta:
        model = Contact
        fields = ("q", "role", "owner", "team", "tag", "do_not_call")


class OpportunityFilters(TaggedFilters):
    OUTCOMES = (("open", _("Open")), ("won", _("Won")), ("lost", _("Lost")))

    outcome = filters.ChoiceFilter(choices=OUTCOMES, method="with_outcome", label=_("Outcome"))
    stage = filters.ModelMultipleChoiceFilter(
        queryset=Stage.objects.filter(archived_at__isnull=True),
        distinct=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Stage"),
    )
    owner = filters.ModelChoiceFilter(queryset=users, label=_("Owner"))
    team = filters.ModelChoiceFilter(field_name="owner__team", queryset=Team.objects.all(), label=_("Team"))
    account = OfRecord("account", label=_("Account"))
    close_after = Day(field_name="close_date", lookup_expr="gte", label=_("Closes from"))
    close_before = Day(field_name="close_date", lookup_expr="lte", label=_("Closes to"))
    amount_min = filters.NumberFilter(field_name="amount", lookup_expr="gte", label=_("Amount from"))
    amount_max = filters.NumberFilter(field_name="amount", lookup_expr="lte", label=_("Amount to"))

    class Meta:
        model = Opportunity
        fields = ("q", "outcome", "stage", "owner", "team", "tag", "close_after", "close_before")

    def with_outcome(self, rows: QuerySet[Opportunity], name: str, value: str) -> QuerySet[Opportunity]:
        if value == "lost":
            return rows.filter(lost_at__isnull=False)
        return rows.filter(lost_at__isnull=True, stage__is_won=value == "won")


class DoneFilters(RecordFilters):
    """The filter of what is done one day."""

    STATES = (("open", _("Open")), ("done", _("Done")))

    state = filters.ChoiceFilter(choices=STATES, method="in_state", label=_("State"))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(done_at__isnull=value == "open")


class ActivityFilters(DoneFilters):
    type = Choices(choices=Activity.Type.choices, label=_("Type"))
    owner = filters.ModelChoiceFilter(queryset=users, label=_("Owner"))
    starts_after = Day(field_name="starts_at", lookup_expr="date__gte", label=_("Starts from"))
    starts_before = Day(field_name="starts_at", lookup_expr="date__lte", label=_("Starts to"))

    class Meta:
        model = Activity
        fields = ("q", "state", "type", "owner", "starts_after", "starts_before")


class TaskFilters(DoneFilters):
    DUE = (("overdue", _("Overdue")), ("today", _("Today")), ("week", _("Next 7 days")), ("none", _("No day")))

    due = filters.ChoiceFilter(choices=DUE, method="due_in", label=_("Due"))
    kind = Choices(choices=Task.Kind.choices, label=_("Kind"))
    priority = Choices(choices=Task.Priority.choices, label=_("Priority"))
    assignee = filters.ModelChoiceFilter(queryset=users, label=_("Assignee"))

    class Meta:
        model = Task
        fields = ("q", "state", "due", "kind", "priority", "assignee")

    def due_in(self, rows: QuerySet[Task], name: str, value: str) -> QuerySet[Task]:
        """Open tasks by their day; today is the user's own."""
        today = timezone.localdate()
        rows = rows.filter(done_at__isnull=True)
        if value == "overdue":
            return rows.filter(due_on__lt=today)
        if value == "today":
            return rows.filter(due_on=today)
        if value == "week":
            return rows.filter(due_on__range=(today, today + timedelta(days=6)))
        return rows.filter(due_on__isnull=True)


class NoteFilters(RecordFilters):
    """The notes of one record, by its uuid."""

    account = OfRecord("account", label=_("Account"))
    contact = OfRecord("contact", label=_("Contact"))
    lead = OfRecord("lead", label=_("Lead"))
    opportunity = OfRecord("opportunity", label=_("Opportunity"))

    class Meta:
        model = Note
        fields = ("q", "account", "contact", "lead", "opportunity")


class TagFilters(RecordFilters):
    class Meta:
        model = Tag
        fields = ("q",)

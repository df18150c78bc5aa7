"""The nouns of this app as people see them in lists: columns, order, filters, services."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import cells, nouns
from crm.filters import AccountFilters, ActivityFilters, ContactFilters, OpportunityFilters, TaskFilters
from crm.models import Account, Activity, Contact, Opportunity, Task
from crm.nouns import Column, Noun
from crm.services import accounts, activities, contacts, pipeline, tasks

ABOUT = ("account", "contact", "lead", "opportunity")


def updated() -> Column:
    """When the row last changed."""
    return Column(
        "updated", _("Updated"), lambda row: cells.ago(row.updated_at), sort="updated_at", fields=("updated_at",)
    )


def tags() -> Column:
    """The first tags; the noun prefetches them."""
    return Column("tags", _("Tags"), lambda row: cells.tags(row.tags.all()))


def _stage(deal: Opportunity) -> Any:
    if deal.lost_at is not None:
        return cells.badge(deal.stage.name if deal.stage.is_lost else _("Lost"), "red")
    return cells.badge(deal.stage.name, "green" if deal.stage.is_won else "blue")


def closing(deal: Opportunity) -> Any:
    """The day on which an open deal should close, marked when it is past; needs the deal's stage."""
    is_open = deal.lost_at is None and not deal.stage.is_won
    return cells.day(deal.close_date, late=is_open and _past(deal.close_date))


def _due(task: Task) -> Any:
    return cells.day(task.due_on, late=task.done_at is None and _past(task.due_on))


def _past(day: Any) -> bool:
    return day is not None and day < timezone.localdate()


def _priority(task: Task) -> Any:
    tones = {Task.Priority.URGENT: "red", Task.Priority.HIGH: "orange"}
    return cells.badge(cells.choice(task, "priority"), tones.get(Task.Priority(task.priority), "secondary"))


def joined(*parts: Any) -> str:
    """The parts that say something, in one line."""
    return " · ".join(str(part) for part in parts if part)


def _of_work(row: Any) -> str:
    """What an activity or task hangs on; the noun selects these along."""
    return joined(row.opportunity or row.lead or row.contact or row.account)


def _done(row: Any) -> Any:
    return cells.badge(_("Done"), "green") if row.done_at else cells.badge(_("Open"), "blue")


ACCOUNTS = Noun(
    key="accounts",
    model=Account,
    title=_("Account"),
    plural=_("Accounts"),
    icon="building",
    filters=AccountFilters,
    columns=(
        Column("name", _("Name"), cells.name, sort="name"),
        Column("type", _("Type"), lambda row: cells.badge(cells.choice(row, "type"), "secondary")),
        Column("manager", _("Account manager"), lambda row: row.manager),
        Column("city", _("City"), lambda row: row.city),
        Column(
            "reach", _("Reach"), lambda row: cells.pair(row.phone, row.email), fields=("phone", "email"), edits="phone"
        ),
        Column(
            "revenue",
            _("Annual revenue"),
            lambda row: cells.money(row.annual_revenue),
            number=True,
            shown=False,
            fields=("annual_revenue",),
        ),
        Column("employees", _("Employees"), lambda row: cells.number(row.employees), number=True, shown=False),
        Column("industry", _("Industry"), lambda row: row.industry, shown=False),
        Column("territory", _("Territory"), lambda row: row.territory, shown=False),
        tags(),
        updated(),
    ),
    order="name",
    fields=("name", "type", "manager", "email", "phone", "website", "city", "tags"),
    details=(
        (_("Account"), ("name", "type", "parent", "manager", "territory", "tags")),
        (_("Reach"), ("email", "phone", "website")),
        (
            _("Address"),
            ("street", "street2", "postal_code", "city", "state", "country", "latitude", "longitude"),
        ),
        (_("Business"), ("industry", "vat", "annual_revenue", "employees", "description")),
    ),
    related=("manager",),
    prefetched=("tags",),
    owner_filter="manager",
    bulk=("type",),
    create=accounts.create_account,
    update=accounts.update_account,
    archive=accounts.archive_account,
    restore=accounts.restore_account,
    hint=lambda row: joined(row.city, row.email, row.phone),
    letter="a",
    merges=True,
)

CONTACTS = Noun(
    key="contacts",
    model=Contact,
    title=_("Contact"),
    plural=_("Contacts"),
    icon="user",
    filters=ContactFilters,
    columns=(
        Column("name", _("Name"), cells.name, sort="name"),
        Column("job_title", _("Job title"), lambda row: row.job_title),
        Column("account", _("Account"), lambda row: cells.link(row.account)),
        Column("role", _("Role"), lambda row: cells.badge(cells.choice(row, "role"), "secondary")),
        Column(
            "reach",
            _("Reach"),
            lambda row: cells.pair(row.phone or row.mobile, row.email),
            fields=("phone", "mobile", "email"),
            edits="phone",
        ),
        Column("owner", _("Owner"), lambda row: row.owner),
        Column("city", _("City"), lambda row: row.city, shown=False),
        tags(),
        updated(),
    ),
    order="name",
    fields=("name", "job_title", "email", "phone", "mobile", "role", "owner", "tags"),
    details=(
        (_("Contact"), ("name", "job_title", "account", "role", "reports_to", "owner", "is_primary", "tags")),
        (_("Reach"), ("email", "phone", "mobile", "website", "time_zone", "do_not_call")),
        (_("Address"), ("street", "street2", "postal_code", "city", "state", "country")),
        (_("More"), ("vat", "description")),
    ),
    related=("account", "owner"),
    prefetched=("tags",),
    bulk=("role",),
    create=contacts.create_contact,
    update=contacts.update_contact,
    archive=contacts.archive_contact,
    restore=contacts.restore_contact,
    hint=lambda row: joined(row.job_title, row.account, row.email, row.phone or row.mobile),
    letter="c",
    merges=True,
)

OPPORTUNITIES = Noun(
    key="opportunities",
    model=Opportunity,
    title=_("Opportunity"),
    plural=_("Opportunities"),
    icon="currency-dollar",
    filters=OpportunityFilters,
    columns=(
        Column("name", _("Name"), cells.name, sort="name"),
        Column(
            "account",
            _("Account"),
            lambda row: cells.link(row.account) if row.account else row.company_name,
            fields=("account", "company_name"),
        ),
        Column("stage", _("Stage"), _stage, fields=("stage", "lost_at"), edits="stage"),
        Column(
            "amount",
            _("Amount"),
            lambda row: cells.money(row.amount, row.currency),
            sort="amount",
            number=True,
            fields=("amount", "currency"),
            edits="amount",
        ),
        Column("probability", _("Probability"), lambda row: cells.percent(row.probability), number=True),
        Column("close", _("Expected close"), closing, sort="close_date", fields=("close_date",)),
        Column("owner", _("Owner"), lambda row: row.owner),
        tags(),
        updated(),
    ),
    order="-updated_at",
    fields=(
        "name",
        "stage",
        "amount",
        "currency",
        "close_date",
        "owner",
        "company_name",
        "contact_name",
        "email",
        "phone",
        "tags",
    ),
    details=(
        (_("Opportunity"), ("name", "account", "contact", "stage", "owner", "priority", "tags")),
        (_("Value"), ("amount", "currency", "probability", "close_date")),
        (_("Asked by"), ("contact_name", "company_name", "email", "phone")),
        (_("The deal"), ("description", "requirements", "product_interest", "competition", "risk")),
    ),
    related=("account", "stage", "owner"),
    prefetched=("tags",),
    bulk=("stage", "priority"),
    create=pipeline.create_opportunity,
    update=pipeline.update_opportunity,
    archive=pipeline.archive_opportunity,
    restore=pipeline.restore_opportunity,
    board="workspace:board",
    hint=lambda row: joined(row.account or row.company_name, row.stage),
    letter="o",
)

ACTIVITIES = Noun(
    key="activities",
    model=Activity,
    title=_("Activity"),
    plural=_("Activities"),
    icon="calendar-event",
    filters=ActivityFilters,
    columns=(
        Column("subject", _("Subject"), cells.name),
        Column("type", _("Type"), lambda row: cells.badge(cells.choice(row, "type"), "secondary")),
        Column("about", _("About"), cells.about, fields=ABOUT),
        Column("starts", _("Starts"), lambda row: cells.ago(row.starts_at), sort="starts_at", fields=("starts_at",)),
        Column("state", _("State"), _done, fields=("done_at",)),
        Column("owner", _("Owner"), lambda row: row.owner),
        Column("outcome", _("Outcome"), lambda row: row.outcome, shown=False),
    ),
    order="-starts_at",
    fields=("type", "subject", "starts_at", "duration_minutes", "description", "owner"),
    details=(
        (_("Activity"), ("type", "subject", "starts_at", "duration_minutes", "owner", "outcome", "next_steps")),
        (_("About"), ("account", "contact", "lead", "opportunity", "description")),
    ),
    related=("account", "contact", "lead", "opportunity", "owner"),
    bulk=("type",),
    create=activities.log_activity,
    update=activities.update_activity,
    archive=activities.archive_activity,
    restore=activities.restore_activity,
    hint=lambda row: joined(cells.choice(row, "type"), _of_work(row)),
    letter="v",
)

TASKS = Noun(
    key="tasks",
    model=Task,
    title=_("Task"),
    plural=_("Tasks"),
    icon="checkbox",
    filters=TaskFilters,
    columns=(
        Column("title", _("Title"), cells.name),
        Column("due", _("Due"), _due, sort="due_on", fields=("due_on",)),
        Column("priority", _("Priority"), _priority),
        Column("kind", _("Kind"), lambda row: cells.choice(row, "kind")),
        Column("about", _("About"), cells.about, fields=ABOUT),
        Column("state", _("State"), _done, fields=("done_at",)),
        Column("assignee", _("Assignee"), lambda row: row.assignee),
    ),
    order="due_on",
    fields=("title", "kind", "priority", "due_on", "assignee", "description"),
    details=(
        (_("Task"), ("title", "kind", "priority", "due_on", "assignee", "barcode", "description")),
        (_("About"), ("account", "contact", "lead", "opportunity")),
    ),
    related=("account", "contact", "lead", "opportunity", "assignee"),
    owner_filter="assignee",
    bulk=("priority", "kind"),
    create=tasks.create_task,
    update=tasks.update_task,
    archive=tasks.archive_task,
    restore=tasks.restore_task,
    hint=lambda row: joined(_("Done") if row.done_at else "", _of_work(row)),
    letter="t",
)


def register() -> None:
    """Join the workspace; called once when the app is ready."""
    nouns.register(ACCOUNTS, CONTACTS, OPPORTUNITIES, ACTIVITIES, TASKS)

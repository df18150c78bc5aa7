"""The lead as people see it in lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm import cells, nouns, related
from crm.forms import label_of
from crm.models import Account, Contact
from crm.nouns import Column, Noun
from crm.related import Box, Line, box
from crm.workbook import joined, tags, updated
from leads import services
from leads.filters import LeadFilters
from leads.models import Lead


def _state(lead: Lead) -> Any:
    if lead.converted_at is not None:
        return cells.badge(_("Converted"), "green")
    if lead.lost_at is not None:
        return cells.badge(_("Lost"), "red")
    return cells.badge(cells.choice(lead, "stage"), "blue")


LEADS = Noun(
    key="leads",
    model=Lead,
    title=_("Lead"),
    plural=_("Leads"),
    icon="user-search",
    filters=LeadFilters,
    columns=(
        Column("name", _("Title"), cells.name, sort="name"),
        Column(
            "who",
            _("Who"),
            lambda row: cells.pair(row.contact_name, row.company_name),
            fields=("contact_name", "company_name"),
        ),
        Column("state", _("State"), _state, fields=("stage", "lost_at", "converted_at"), edits="stage"),
        Column("source", _("Source"), lambda row: cells.choice(row, "source")),
        Column("score", _("Score"), lambda row: cells.number(row.score), sort="score", number=True),
        Column(
            "revenue",
            _("Expected revenue"),
            lambda row: cells.money(row.expected_revenue),
            number=True,
            fields=("expected_revenue",),
        ),
        Column("owner", _("Owner"), lambda row: row.owner),
        Column(
            "reach",
            _("Reach"),
            lambda row: cells.pair(row.phone or row.mobile, row.email),
            shown=False,
            fields=("phone", "mobile", "email"),
            edits="phone",
        ),
        tags(),
        updated(),
    ),
    order="-updated_at",
    fields=(
        "name",
        "contact_name",
        "company_name",
        "email",
        "phone",
        "stage",
        "source",
        "expected_revenue",
        "owner",
        "tags",
    ),
    details=(
        (_("Lead"), ("name", "contact_name", "company_name", "stage", "source", "owner", "priority", "tags")),
        (_("Reach"), ("email", "phone", "mobile", "job_title", "website")),
        (_("Qualification"), ("score", "expected_revenue", "budget", "authority", "need", "timeline", "description")),
        (_("Known as"), ("account", "contact")),
        (_("Address"), ("street", "street2", "postal_code", "city", "state", "country")),
        (_("Where it came from"), ("utm_source", "utm_medium", "utm_campaign", "referrer", "consent")),
    ),
    related=("owner",),
    prefetched=("tags",),
    bulk=("stage", "source", "priority"),
    create=services.create_lead,
    update=services.update_lead,
    archive=services.archive_lead,
    restore=services.restore_lead,
    hint=lambda row: joined(row.contact_name, row.company_name, row.email),
    letter="l",
    merges=True,
)


def lead_boxes(record: Any, user: Any) -> Iterator[Box]:
    """The leads of an account or contact, and what a converted lead became."""
    if isinstance(record, Account | Contact):
        link = str(record._meta.model_name)
        rows = Lead.objects.active().visible_to(user).filter(**{link: record}).order_by("-updated_at", "-id")
        yield box(LEADS, user, rows, begun={link: label_of(record)})
    elif isinstance(record, Lead):
        became = (record.converted_opportunity, record.converted_account, record.converted_contact)
        lines = [Line(str(one), nouns.url_of(one)) for one in became if one is not None]
        if lines:
            yield Box(title=_("Became"), icon="git-merge", lines=lines)


def register() -> None:
    """Join the workspace; called once when the app is ready."""
    nouns.register(LEADS)
    related.register(lead_boxes)

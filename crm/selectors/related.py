"""What stands beside accounts, contacts and opportunities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import cells
from crm.forms import label_of
from crm.models import Account, Contact, Opportunity
from crm.nouns import url_of
from crm.related import Box, Line, box
from crm.workbook import ACCOUNTS, CONTACTS, OPPORTUNITIES

MAP = "https://www.openstreetmap.org/"
OPEN = Q(lost_at__isnull=True, stage__is_won=False)


def boxes(record: Any, user: Any) -> Iterator[Box]:
    """The boxes of one record; two or three queries each."""
    if isinstance(record, Account):
        yield from _of_account(record, user)
    elif isinstance(record, Contact):
        yield from _one(ACCOUNTS, record.account)
        yield _deals(user, Opportunity.objects.filter(contact=record), begun={"contact": label_of(record)})
    elif isinstance(record, Opportunity):
        yield from _one(ACCOUNTS, record.account)
        yield from _one(CONTACTS, record.contact)


def subtree(account: Account, *, most: int = 500) -> list[int]:
    """The keys of an account and of all accounts below it, level by level: one query a level, at most 500 keys."""
    found, level = [account.pk], [account.pk]
    while level and len(found) < most:
        level = list(
            Account.objects.active().filter(parent__in=level).exclude(pk__in=found).values_list("pk", flat=True)
        )
        found += level
    return found[:most]


def totals(deals: QuerySet[Opportunity]) -> Any:
    """How many deals are open and what they are worth, per currency. One query."""
    sums = deals.filter(OPEN).order_by("currency").values("currency").annotate(count=Count("pk"), amount=Sum("amount"))
    return format_html_join(
        " · ",
        "{}: {}",
        (
            (ngettext("%d open", "%d open", one["count"]) % one["count"], cells.money(one["amount"], one["currency"]))
            for one in sums
        ),
    )


def _of_account(account: Account, user: Any) -> Iterator[Box]:
    yield box(
        CONTACTS,
        user,
        Contact.objects.active().visible_to(user).filter(account=account).order_by("-is_primary", "name", "id"),
        fact=lambda row: row.job_title,
        listed={"account": account.uuid},
        begun={"account": label_of(account)},
    )
    yield _deals(
        user,
        Opportunity.objects.filter(account=account),
        listed={"account": account.uuid},
        begun={"account": label_of(account)},
    )
    yield from _one(ACCOUNTS, account.parent, title=_("Parent account"))
    below = Account.objects.active().visible_to(user).filter(parent=account).order_by("name", "id")
    if below.exists():
        whole = Opportunity.objects.active().visible_to(user).filter(account__in=subtree(account))
        yield box(ACCOUNTS, user, below, total=totals(whole))
    if account.latitude is not None and account.longitude is not None:
        at = (cells.degrees(account.latitude), cells.degrees(account.longitude))
        spot = urlencode({"mlat": at[0], "mlon": at[1]})
        line = Line(", ".join(at), f"{MAP}?{spot}#map=15/{at[0]}/{at[1]}", _("on the map"))
        yield Box(title=_("Position"), icon="map-pin", lines=[line])


def _deals(user: Any, deals: QuerySet[Opportunity], **links: Any) -> Box:
    seen = deals.active().visible_to(user)  # type: ignore[attr-defined]
    return box(
        OPPORTUNITIES,
        user,
        seen.select_related("stage").order_by("-updated_at", "-id"),
        fact=lambda row: cells.money(row.amount, row.currency),
        total=totals(seen),
        **links,
    )


def _one(noun: Any, record: Any, *, title: Any = "") -> Iterator[Box]:
    if record is not None:
        yield Box(title=title or noun.title, icon=noun.icon, lines=[Line(str(record), url_of(record))])

"""What the bench asks of a house with very many records: a page's time, statements and plans.

Called in the environment of the house. Requests go through the whole of Django in this one process, without a
network in between.
"""

from __future__ import annotations

import json
import math
import time
from functools import cache
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm import keyset
from crm.models import Account, Activity, Opportunity, User
from crm.nouns import noun_of, noun_of_key
from crm.views import lists
from leads.models import Lead
from tests.support import migrated

LARGE = {model._meta.db_table for model in (Lead, Opportunity, Activity)}
NOUNS = ("leads", "opportunities", "activities")


@cache
def _client(role: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(_user(role))
    return client


def _user(role: str) -> User:
    admin = User.objects.get(email=migrated.EMAIL)
    return User.objects.filter(role=role).exclude(pk=admin.pk).order_by("pk").first() or admin


def session(role: str) -> str:
    """The session's key of somebody of this role."""
    return _client(role).cookies["sessionid"].value


def addresses(role: str) -> dict[str, str]:
    """The addresses of what people of this role look at all day, by what it is; who sees all, the busiest account."""
    busy = Account.objects.visible_to(_user(role)).order_by("pk").first()
    assert busy is not None
    pages = {f"list of {key}": reverse("workspace:list", args=(key,)) for key in NOUNS}
    return {
        **pages,
        "leads by name": f"{pages['list of leads']}?sort=name",
        "leads of a stage": f"{pages['list of leads']}?stage=qualified",
        "leads searched": f"{pages['list of leads']}?q=solar+12",
        "board": reverse("workspace:board"),
        "timeline": reverse("workspace:record", args=(noun_of(busy), busy.uuid)),
        "search": f"{reverse('workspace:search')}?q=schneider+77",
        **{f"API's {key}": f"/api/v1/{key}/" for key in NOUNS},
    }


def last_page(key: str) -> str:
    """The address of the last page of a list."""
    noun = noun_of_key(key)
    order = keyset.Order.parse(noun.order)
    rows = _rows(key)
    turned = keyset.page_of(rows, keyset.Order(order.field, not order.descending), size=lists.PAGE_SIZE + 1).rows
    field: Any = noun.model._meta.get_field(order.field)
    cursor = keyset.Cursor(keyset.FORWARD, getattr(turned[-1], field.attname), turned[-1].pk).encode(field)
    return f"{noun.list_url}?cursor={cursor}"


def look(address: str, role: str = "super_admin") -> float:
    """Open a page; returns the seconds it took. Raises AssertionError unless it is there."""
    client, started = _client(role), time.perf_counter()
    answer = client.get(address)
    seconds = time.perf_counter() - started
    assert answer.status_code == 200, (address, answer.status_code)
    return seconds


def naive(key: str) -> float:
    """The seconds of a page near the end as Django pages by default, with count and offset; not even shown."""
    noun = noun_of_key(key)
    started = time.perf_counter()
    pages = Paginator(_rows(key).order_by(noun.order, "-id"), lists.PAGE_SIZE)
    list(pages.page(max(1, pages.num_pages - 1)))
    return time.perf_counter() - started


def _rows(key: str) -> QuerySet[Any]:
    """What a list shows when nothing is asked."""
    return noun_of_key(key).rows(_user("super_admin")).filter(archived_at__isnull=True)


def statements(address: str, role: str) -> int:
    """How many SQL statements a page takes."""
    return len(_captured(address, role))


def scans(address: str, role: str) -> list[str]:
    """The large tables that PostgreSQL's plans of a page's statements read from end to end."""
    found: list[str] = []
    for query in _captured(address, role):
        if query["sql"].startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (FORMAT JSON) " + query["sql"].replace("%", "%%"), [])
                plan = cursor.fetchone()[0]
            found += _scanned((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    return found


def _captured(address: str, role: str) -> list[dict[str, str]]:
    look(address, role)
    with CaptureQueriesContext(connection) as queries:
        look(address, role)
    return list(queries.captured_queries)


def _scanned(plan: dict[str, Any], limit: float = math.inf) -> list[str]:
    """Large tables that are read one row after the other, unless a limit ends that within the first fifth of them."""
    if plan["Node Type"] == "Limit":
        limit = plan["Total Cost"]
    long = plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in LARGE and limit > plan["Total Cost"] / 5
    mine = [plan["Relation Name"]] if long else []
    return mine + [name for part in plan.get("Plans", []) for name in _scanned(part, limit)]


def eighty() -> None:
    """Let a list's page hold 80 rows from now on, as Odoo's does."""
    lists.PAGE_SIZE = 80

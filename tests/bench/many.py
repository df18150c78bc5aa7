"""A house with very many records: demo data, and copies of it that PostgreSQL makes by itself.

Called in the environment of the house. Copies differ from each other in what lists sort and search by, and stand in
a random order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

from crm.demo.filling import fill
from crm.models import Account, Activity, Opportunity, User
from leads.models import Lead
from tests.support import migrated

ACCOUNTS = 500  # made one by one; their leads, deals and activities are what is copied
# On one account hang so many activities more than on any other.
BUSY = 5_000
SOME_DAY = "now() - random() * interval '700 days'"
ANY_ACCOUNT = "(SELECT min(id) FROM crm_account) + floor(random() * {accounts})::int"
SAME = {"uuid": "gen_random_uuid()", "search_text": "search_text || ' ' || n", "updated_at": SOME_DAY}
COPIES: dict[type[models.Model], dict[str, str]] = {
    Account: {**SAME, "name": "name || ' ' || n", "email": "n || '.' || email", "website": "''", "parent_id": "NULL"},
    Lead: {**SAME, "name": "name || ' ' || n", "email": "n || '.' || email", "score": "floor(random() * 101)"},
    Opportunity: {**SAME, "name": "name || ' ' || n", "account_id": ANY_ACCOUNT, "contact_id": "NULL"},
    Activity: {
        **SAME,
        "subject": "subject || ' ' || n",
        "starts_at": SOME_DAY,
        "account_id": ANY_ACCOUNT,
        "contact_id": "NULL",
    },
}
LEFT_OUT: dict[type[models.Model], str] = {Lead: "converted_at IS NULL"}


def make(leads: int, deals: int, activities: int) -> dict[str, int]:
    """Fill an empty house with so many; an account for each hundred activities. Returns how many there are of each."""
    User.objects.create_superuser(migrated.EMAIL, migrated.PASSWORD)
    fill(accounts=ACCOUNTS, seed=1, announce=False)
    wanted = {Account: max(ACCOUNTS, activities // 100), Lead: leads, Opportunity: deals, Activity: activities}
    with connection.cursor() as cursor, _no_indexes():
        cursor.execute("SET session_replication_role = replica")  # no look at each row's relations
        cursor.execute("SELECT setseed(0.5)")
        for model, count in wanted.items():
            _copy(model, count, wanted[Account])
        cursor.execute("SET session_replication_role = DEFAULT")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE crm_activity SET account_id = (SELECT min(id) FROM crm_account) WHERE id IN "
            f"(SELECT id FROM crm_activity ORDER BY id LIMIT {BUSY})"
        )
        cursor.execute("VACUUM ANALYZE")
    return {str(model._meta.verbose_name_plural): model._default_manager.count() for model in wanted}


def _copy(model: type[models.Model], count: int, accounts: int) -> None:
    """Copy a model's rows until there are `count`."""
    quote, table = connection.ops.quote_name, model._meta.db_table
    fields = [field for field in model._meta.concrete_fields if not field.generated and not field.primary_key]
    names = [str(field.column) for field in fields]
    cells = [COPIES[model].get(name, f"t.{quote(name)}").format(accounts=accounts) for name in names]
    have, which = model._default_manager.count(), LEFT_OUT.get(model, "true")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quote, names))}) SELECT {', '.join(cells)} "
            f"FROM generate_series(1, %s) AS n CROSS JOIN (SELECT * FROM {table} WHERE {which}) AS t LIMIT %s",
            [count, max(0, count - have)],
        )


@contextmanager
def _no_indexes() -> Iterator[None]:
    """Without the indexes that are no constraint; made again at the end, which is far quicker than row by row."""
    tables = [model._meta.db_table for model in COPIES]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique",
            [tables],
        )
        found = cursor.fetchall()
        for name, _sql in found:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _name, sql in found:
            cursor.execute(sql)

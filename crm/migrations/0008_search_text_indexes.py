"""On PostgreSQL, find words anywhere in a search text by an index of three-letter pieces; SQLite reads the rows."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

TABLES = ("crm_account", "crm_contact", "crm_opportunity", "crm_activity", "crm_task")


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"CREATE INDEX {table}_text ON {table} USING gin (search_text gin_trgm_ops)")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP INDEX {table}_text")


class Migration(migrations.Migration):
    dependencies = [("crm", "0007_search_keys")]

    operations = [TrigramExtension(), migrations.RunPython(make, drop)]

"""On PostgreSQL, find words anywhere in a lead's search text by an index of three-letter pieces."""

from django.db import migrations


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE INDEX leads_lead_text ON leads_lead USING gin (search_text gin_trgm_ops)")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX leads_lead_text")


class Migration(migrations.Migration):
    dependencies = [("crm", "0008_search_text_indexes"), ("leads", "0004_search_keys")]

    operations = [migrations.RunPython(make, drop)]

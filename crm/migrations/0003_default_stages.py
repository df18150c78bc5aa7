"""Give a new installation its six stages; a stage of a key that is there already stays as it is."""

from django.db import migrations

STAGES = (
    ("prospecting", "Prospecting", 10, 10, False, False),
    ("qualification", "Qualification", 20, 25, False, False),
    ("proposal", "Proposal", 30, 50, False, False),
    ("negotiation", "Negotiation", 40, 75, False, False),
    ("closed-won", "Closed won", 50, 100, True, False),
    ("closed-lost", "Closed lost", 60, 0, False, True),
)


def add_stages(apps, schema_editor):
    Stage = apps.get_model("crm", "Stage")
    for key, name, sequence, probability, won, lost in STAGES:
        Stage.objects.get_or_create(
            key=key,
            defaults={
                "name": name,
                "sequence": sequence,
                "probability": probability,
                "is_won": won,
                "is_lost": lost,
                "folded": lost,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_relations_and_constraints")]

    operations = [migrations.RunPython(add_stages, migrations.RunPython.noop)]

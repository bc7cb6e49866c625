"""The purposes that every installation starts with (DESIGN: glossary, "purpose")."""

from django.db import migrations

PURPOSES = {
    "analytics": "Reports, dashboards and studies read by people.",
    "ai.training": "Fitting the weights of a model.",
    "ai.evaluation": "Measuring how good a model is.",
    "ai.retrieval": "Looked up by a model while it answers.",
    "ai.decision-support": "Helps a person who decides.",
    "ai.autonomous-decision": "A system decides without a person.",
}


def add_purposes(apps, schema_editor):
    purpose = apps.get_model("catalog", "Purpose")
    for name, description in PURPOSES.items():
        purpose.objects.get_or_create(name=name, defaults={"description": description})


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(add_purposes, migrations.RunPython.noop)]

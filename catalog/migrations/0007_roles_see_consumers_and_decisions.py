"""What the roles may do with the tables of consumers, decisions and the ledger (`catalog.rules.roles`)."""

from django.db import migrations

from catalog.services.roles import ensure_roles


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_consumers_and_guardrails"),
        ("trust", "0005_decision_log"),
        ("api", "0005_blocked_keys"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(lambda apps, _: ensure_roles(apps=apps), migrations.RunPython.noop)]

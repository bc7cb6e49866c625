"""What the roles may do with the tables of use cases (`catalog.rules.roles`)."""

from django.db import migrations

from catalog.services.roles import ensure_roles


class Migration(migrations.Migration):
    dependencies = [("catalog", "0020_use_cases"), ("trust", "0021_stages_are_moved"), ("api", "0010_keys_keep_step")]
    operations = [migrations.RunPython(lambda apps, _: ensure_roles(apps=apps), migrations.RunPython.noop)]

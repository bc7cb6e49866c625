"""The three roles as groups, with what each may do in the admin (`catalog.rules.roles`)."""

from django.db import migrations

from catalog.services.roles import ensure_roles


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_removed_ports_and_unsupported_sources"),
        ("trust", "0002_invalidation"),
        ("api", "0002_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(lambda apps, _: ensure_roles(apps=apps), migrations.RunPython.noop)]

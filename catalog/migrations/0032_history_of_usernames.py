"""Who acted under a username, also one that the account no longer has, is found by an index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0031_guardrails_take_two_people"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX catalog_person_history_username"
            " ON catalog_personusernamefirstnamelastnameemailisactiveisstaffb885 (username)",
            "DROP INDEX catalog_person_history_username",
        ),
    ]

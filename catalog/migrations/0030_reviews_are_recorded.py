"""A review that did not keep what it was about says nothing about the product as it is: it has to be made again."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0024_contractevent_caller'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE catalog_dataproduct SET reviewed_at = NULL, reviewed_by_id = NULL WHERE reviewed_claims IS NULL "
            "AND reviewed_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]

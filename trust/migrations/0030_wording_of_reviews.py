"""Stored answers hold the old words of the gate `review`: each is judged again before it is next shown."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('trust', '0022_suiteevent_caller'),
    ]

    operations = [
        migrations.RunSQL("UPDATE trust_currentverdict SET invalidated = true WHERE NOT invalidated", migrations.RunSQL.noop),
    ]

"""A new partition of the log of answers is made only while nobody is in the way.

To make one locks the whole log against everything, and whoever waits for that lock keeps every later answer waiting too: behind
a backup that reads the log for an hour, for that hour. Partitions are made a year ahead, which leaves time to try again.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trust", "0013_ledger_cut")]
    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION trust_make_decision_partitions(integer) SET lock_timeout = '500ms'",
            "ALTER FUNCTION trust_make_decision_partitions(integer) RESET lock_timeout",
        )
    ]

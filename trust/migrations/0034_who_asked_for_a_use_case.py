"""Readiness looks at who asked, too: the index by use case holds it, so that no row of the log is read for it."""

from django.db import migrations

INDEX = """
DROP INDEX trust_decision_use_case;
CREATE INDEX trust_decision_use_case ON trust_decision (use_case, asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, purpose, decision, channel{more}) WHERE use_case IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("trust", "0029_closures_by_index")]
    operations = [migrations.RunSQL(INDEX.format(more=", asker"), INDEX.format(more=""))]

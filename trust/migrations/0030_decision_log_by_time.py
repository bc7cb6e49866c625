"""Lists of the log of answers go by time, and are narrowed without reading the answers.

Each index leads from one column through time and holds what a list is narrowed by besides, so that a page looks at thousands of
entries and reads only the rows that it shows. An entry can only be believed without its row where vacuum has been since: the
partitions are vacuumed after every so many new rows, not after a fifth of a month.

Answers without purpose or use case are not in those indexes and pay nothing for them.
"""

from django.db import migrations

SETTINGS = "autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0"
INDEXES = """
DROP INDEX trust_decision_consumer, trust_decision_product, trust_decision_use_case;
CREATE INDEX trust_decision_time ON trust_decision (asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, purpose, decision, channel);
CREATE INDEX trust_decision_consumer ON trust_decision (consumer_id, asked_at DESC, id DESC)
    INCLUDE (product_id, purpose, decision, channel);
CREATE INDEX trust_decision_product ON trust_decision (product_id, asked_at DESC, id DESC)
    INCLUDE (consumer_id, purpose, decision, channel);
CREATE INDEX trust_decision_purpose ON trust_decision (purpose, asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, decision, channel) WHERE purpose IS NOT NULL;
CREATE INDEX trust_decision_use_case ON trust_decision (use_case, asked_at DESC, id DESC)
    INCLUDE (consumer_id, product_id, purpose, decision, channel) WHERE use_case IS NOT NULL;
"""
NO_INDEXES = """
DROP INDEX trust_decision_time, trust_decision_consumer, trust_decision_product, trust_decision_purpose,
    trust_decision_use_case;
CREATE INDEX trust_decision_consumer ON trust_decision (consumer_id, id DESC);
CREATE INDEX trust_decision_product ON trust_decision (product_id, id DESC);
CREATE INDEX trust_decision_use_case ON trust_decision (use_case, id DESC)
    INCLUDE (consumer_id, product_id, asked_at, decision) WHERE use_case IS NOT NULL;
"""
PARTITIONS = """
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'trust_decision'::regclass LOOP
        EXECUTE format('ALTER TABLE %%s %s', part);
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION trust_make_decision_partitions(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms' AS $$
DECLARE
    first timestamptz;
    name text;
    made integer := 0;
BEGIN
    FOR month IN 0..months LOOP
        first := date_trunc('month', now()) + make_interval(months => month);
        name := 'trust_decision_' || to_char(first, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
        CONTINUE WHEN EXISTS (
            SELECT 1 FROM trust_decision_default WHERE asked_at >= first AND asked_at < first + interval '1 month');
        EXECUTE format('CREATE TABLE %%I PARTITION OF trust_decision FOR VALUES FROM (%%L) TO (%%L)%s', name, first,
            first + interval '1 month');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
"""
NAMES = ", ".join(setting.partition(" =")[0] for setting in SETTINGS.split(", "))


class Migration(migrations.Migration):
    dependencies = [("trust", "0024_reports_count_once")]
    operations = [
        migrations.RunSQL([(INDEXES, None)], [(NO_INDEXES, None)]),
        migrations.RunSQL(
            [(PARTITIONS % (f"SET ({SETTINGS})", f" WITH ({SETTINGS})"), None)],
            [(PARTITIONS % (f"RESET ({NAMES})", ""), None)],
        ),
    ]

"""The log of answers: partitioned by month, append-only, and written by roles that need no more than INSERT and SELECT.

`trust_make_decision_partitions` runs with its owner's rights, so that the application's role, which may only insert, can have the
partitions of the next months made. The default partition takes what comes when nobody made any: no answer is refused for that.
"""

from django.db import migrations

TABLE = """
CREATE SEQUENCE trust_decision_id_seq;
CREATE TABLE trust_decision (
    id bigint NOT NULL DEFAULT nextval('trust_decision_id_seq'),
    asked_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    channel varchar(20) NOT NULL CHECK (channel IN ('trust', 'check', 'evaluation', 'evaluations', 'search')),
    consumer_id bigint,
    subject varchar(150) NOT NULL,
    asker varchar(150) NOT NULL,
    key_id bigint,
    product_id bigint,
    product_slug varchar(200) NOT NULL,
    action varchar(80) NOT NULL DEFAULT 'consume',
    purpose varchar(80),
    use_case varchar(200),
    decision boolean NOT NULL,
    production_grade boolean NOT NULL,
    verdict varchar(30) NOT NULL CHECK (verdict IN ('production_grade', 'not_production_grade', 'unknown')),
    score double precision,
    verdict_row_id bigint,
    valid_until timestamptz,
    reason_codes varchar(80)[] NOT NULL DEFAULT '{}',
    question jsonb,
    basis jsonb,
    ruling jsonb,
    obligations jsonb NOT NULL DEFAULT '[]',
    request_id varchar(128) NOT NULL,
    latency_us bigint NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (id, asked_at),
    CONSTRAINT decision_only_on_good_data CHECK (production_grade OR NOT decision)
) PARTITION BY RANGE (asked_at);
ALTER SEQUENCE trust_decision_id_seq OWNED BY trust_decision.id;
CREATE INDEX trust_decision_consumer ON trust_decision (consumer_id, id DESC);
CREATE INDEX trust_decision_product ON trust_decision (product_id, id DESC);
CREATE TABLE trust_decision_default PARTITION OF trust_decision DEFAULT;

CREATE FUNCTION trust_decision_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'pgtrigger: Cannot % rows from trust_decision table: what was answered is never changed', lower(TG_OP);
END $$;
CREATE TRIGGER decision_is_append_only BEFORE UPDATE OR DELETE ON trust_decision
    FOR EACH ROW EXECUTE FUNCTION trust_decision_is_final();
CREATE TRIGGER decision_is_kept BEFORE TRUNCATE ON trust_decision
    FOR EACH STATEMENT EXECUTE FUNCTION trust_decision_is_final();

-- Makes the partitions of this month and the `months` after it. Returns how many it made. A month of which rows lie in the
-- default partition already stays there.
CREATE FUNCTION trust_make_decision_partitions(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    first timestamptz;
    name text;
    made integer := 0;
BEGIN
    FOR month IN 0..months LOOP
        first := date_trunc('month', now()) + make_interval(months => month);
        name := 'trust_decision_' || to_char(first, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
        CONTINUE WHEN EXISTS (SELECT 1 FROM trust_decision_default WHERE asked_at >= first AND asked_at < first + interval '1 month');
        EXECUTE format('CREATE TABLE %I PARTITION OF trust_decision FOR VALUES FROM (%L) TO (%L)', name, first, first + interval '1 month');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
SELECT trust_make_decision_partitions(12);

-- `trust_new_product` inserts the row of a new product without these.
ALTER TABLE trust_currentverdict ALTER COLUMN basis SET DEFAULT '{}', ALTER COLUMN reason_codes SET DEFAULT '{}';

CREATE OR REPLACE FUNCTION trust_invalidate(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_lock_closure(products);
    UPDATE trust_currentverdict SET invalidated = true, invalidated_at = clock_timestamp()
    WHERE product_id IN (SELECT trust_closure(products)) AND NOT invalidated;
END $$;

-- Answers were stored without the marks that they have now: every product is judged again before it is next shown.
UPDATE trust_currentverdict SET invalidated = true, body = '';
"""
UNDO = """
DROP TABLE trust_decision;
CREATE OR REPLACE FUNCTION trust_invalidate(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_lock_closure(products);
    UPDATE trust_currentverdict SET invalidated = true
    WHERE product_id IN (SELECT trust_closure(products)) AND NOT invalidated;
END $$;
DROP FUNCTION trust_make_decision_partitions(integer), trust_decision_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("trust", "0004_decisions_ledger_recalls")]
    operations = [migrations.RunSQL(TABLE, UNDO)]

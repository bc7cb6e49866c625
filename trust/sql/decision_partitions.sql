-- Makes the partitions of the log of answers for this month and the `months` after it. Returns how many it made. A month
-- of which rows lie in the default partition already stays there.
--
-- It runs with its owner's rights, so that the application's role, which may only insert, can have the partitions of the
-- next months made. The default partition takes what comes when none was made: no answer is refused for that.
--
-- To make a partition locks the whole log against everything, and whatever waits for that lock keeps every later answer
-- waiting too: behind a backup that reads the log for an hour, for that hour. So it waits half a second. Partitions are
-- made a year ahead, which leaves time to try again.
--
-- Lists of the log are answered from indexes alone where vacuum has been since: the partitions are vacuumed after every
-- so many new rows, not after a fifth of a month.

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
        EXECUTE format('CREATE TABLE %I PARTITION OF trust_decision FOR VALUES FROM (%L) TO (%L) '
            'WITH (autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0)', name, first,
            first + interval '1 month');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

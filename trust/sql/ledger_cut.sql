-- `trust_ledger_cut`: up to which id every row of a sealed table is there, now and for ever.
--
-- Ids are taken before they are committed: 101 may be seen while 100 is still on its way. The SHARE lock waits for every
-- writer that holds an id, and lets new ones in again at the end of the caller's transaction, which therefore holds
-- nothing but this call. The wait is bounded, because new writers queue behind it. The function runs with its owner's
-- rights: the application's role may insert and select, which is not enough to lock. ONLY: rows enter a partitioned
-- table through the parent, and to lock its partitions too would wait for the vacuum of any of them.

CREATE OR REPLACE FUNCTION trust_ledger_cut(source text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    id_column text;
    last bigint;
BEGIN
    id_column := CASE
        WHEN source IN ('trust_decision', 'trust_verdict', 'trust_signingkey', 'trust_readiness', 'trust_outcomereport',
            'trust_decisionuse', 'trust_erasure') THEN 'id'
        WHEN EXISTS (
            SELECT 1 FROM pg_attribute
            WHERE attrelid = to_regclass(format('public.%I', source)) AND attname = 'pgh_id' AND NOT attisdropped
        ) THEN 'pgh_id'
    END;
    IF id_column IS NULL THEN
        RAISE EXCEPTION 'trust_ledger_cut: % is no table that the ledger seals', source;
    END IF;
    EXECUTE format('LOCK TABLE ONLY public.%I IN SHARE MODE', source);
    EXECUTE format('SELECT max(%I) FROM public.%I', id_column, source) INTO last;
    RETURN coalesce(last, 0);
END $$;

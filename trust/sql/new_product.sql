-- Every product has a row of its current verdict: unknown, and to be judged before it is shown.
--
-- The columns `basis` and `reason_codes` have defaults in the table.

CREATE OR REPLACE FUNCTION trust_new_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trust_currentverdict
        (product_id, verdict, raw_score, score, effective_score, grade, failing_gates, invalidated, body)
    VALUES (NEW.id, 'unknown', 0, 0, 0, 'F', '{}', true, '');
    RETURN NULL;
END $$;

CREATE TRIGGER trust_current_row AFTER INSERT ON catalog_dataproduct FOR EACH ROW EXECUTE FUNCTION trust_new_product();

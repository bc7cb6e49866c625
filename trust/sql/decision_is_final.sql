-- The log of answers is append-only: no row is changed or deleted, and the table is not truncated.

CREATE OR REPLACE FUNCTION trust_decision_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'pgtrigger: Cannot % rows from trust_decision table: what was answered is never changed', lower(TG_OP);
END $$;

CREATE TRIGGER decision_is_append_only BEFORE UPDATE OR DELETE ON trust_decision
    FOR EACH ROW EXECUTE FUNCTION trust_decision_is_final();
CREATE TRIGGER decision_is_kept BEFORE TRUNCATE ON trust_decision
    FOR EACH STATEMENT EXECUTE FUNCTION trust_decision_is_final();

-- A new trust policy marks every verdict as outdated.

CREATE OR REPLACE FUNCTION trust_policy_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(SELECT product_id FROM trust_currentverdict));
    RETURN NULL;
END $$;

CREATE TRIGGER trust_invalidates_policy AFTER INSERT OR UPDATE ON trust_trustpolicyversion FOR EACH STATEMENT
    EXECUTE FUNCTION trust_policy_changed();

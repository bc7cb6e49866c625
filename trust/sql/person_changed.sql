-- Closing, opening or renaming an account, or giving it another e-mail address, marks verdicts as outdated.
--
-- A judgement looks at accounts in four places: the owner of the product, its stewards, the owner of a waiver in force, and
-- who granted that waiver, who must not be the same person as an owner since. The owner of an input counts by the input's own
-- verdict, which is marked here and leads on to everything downstream.

CREATE OR REPLACE FUNCTION trust_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(
        SELECT id FROM catalog_dataproduct WHERE owner_id = NEW.id
        UNION
        SELECT dataproduct_id FROM catalog_dataproduct_stewards WHERE person_id = NEW.id
        UNION
        SELECT w.product_id FROM trust_waiver w
        WHERE w.status = 'granted' AND (NEW.id IN (w.owner_id, w.granted_by_id) OR EXISTS (
            SELECT 1 FROM catalog_owners_since(w.product_id, w.starts_at) o WHERE o = NEW.id))));
    RETURN NULL;
END $$;

CREATE TRIGGER trust_invalidates_active 
    AFTER UPDATE OF is_active, email, email_to_confirm, username, first_name, last_name ON catalog_person
    FOR EACH ROW
    WHEN ((NEW.is_active, NEW.email, NEW.email_to_confirm, NEW.username, NEW.first_name, NEW.last_name)
        IS DISTINCT FROM (OLD.is_active, OLD.email, OLD.email_to_confirm, OLD.username, OLD.first_name, OLD.last_name))
    EXECUTE FUNCTION trust_person_changed();

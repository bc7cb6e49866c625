-- Closing or opening an account marks the verdicts of its owner's products as outdated.

CREATE OR REPLACE FUNCTION trust_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(SELECT id FROM catalog_dataproduct WHERE owner_id = NEW.id));
    RETURN NULL;
END $$;

CREATE TRIGGER trust_invalidates_active AFTER UPDATE OF is_active ON catalog_person FOR EACH ROW
    WHEN (NEW.is_active IS DISTINCT FROM OLD.is_active) EXECUTE FUNCTION trust_person_changed();

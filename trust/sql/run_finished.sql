-- A finished run marks the verdict of its product as outdated.

CREATE OR REPLACE FUNCTION trust_run_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(SELECT product_id FROM catalog_outputport WHERE id = NEW.port_id));
    RETURN NULL;
END $$;

CREATE TRIGGER trust_invalidates_finished AFTER UPDATE OF status ON trust_run FOR EACH ROW
    WHEN (NEW.status IS DISTINCT FROM OLD.status AND NEW.status IN ('completed', 'failed'))
    EXECUTE FUNCTION trust_run_finished();
CREATE TRIGGER trust_invalidates_inserted AFTER INSERT ON trust_run FOR EACH ROW
    WHEN (NEW.status IN ('completed', 'failed')) EXECUTE FUNCTION trust_run_finished();
